"""QDQ models against onnxruntime.

onnxruntime runs a QDQ model on real numbers and rounds quotients to even; TFLite's integer kernels multiply
by a 31-bit fixed-point number and round halves away from zero. A result near the middle between two steps may
so fall to either side: each layer may be off by 1, hardly any element is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from netsuke.compress import dequantize_outputs, quantize_inputs
from netsuke.demo import load_digits, model_file
from netsuke.errors import UnsupportedModel
from netsuke.importers.onnx import load
from netsuke.ir import DType
from tests.importers.onnx.models import (
    Step,
    channels_last,
    model,
    ops,
    random,
    run_onnx,
    run_ours,
    samples,
    step,
)


@dataclass(frozen=True)
class Coding:
    """Scale and zero point as constants of a model."""

    scale: float
    zero: np.ndarray


def s8(scale: float, zero: int = 0) -> Coding:
    return Coding(scale, np.int8(zero))


def u8(scale: float, zero: int = 128) -> Coding:
    return Coding(scale, np.uint8(zero))


class Quantized:
    """Collects a QDQ model."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.constants: dict[str, np.ndarray] = {}

    def qdq(self, name: str, coding: Coding) -> str:
        """Quantised and dequantised again."""
        self.constants[f"{name}_scale"] = np.float32(coding.scale)
        self.constants[f"{name}_zero"] = coding.zero
        self.steps.append(step("QuantizeLinear", f"{name} {name}_scale {name}_zero", f"{name}_q"))
        self.steps.append(step("DequantizeLinear", f"{name}_q {name}_scale {name}_zero", f"{name}_dq"))
        return f"{name}_dq"

    def dq(self, name: str) -> str:
        """What was quantised, dequantised for another reader."""
        return f"{name}_dq"

    def weights(self, name: str, shape: Sequence[int], channels: bool = True) -> str:
        """int8 weights with a scale for each index of axis 0, or one."""
        real = random(*shape, seed=11, scale=0.4)
        scale = (
            np.abs(real).max(axis=tuple(range(1, real.ndim))) / 127 if channels else np.abs(real).max() / 127
        )
        shaped = scale.reshape(-1, *[1] * (real.ndim - 1))
        self.constants[f"{name}_ints"] = np.rint(real / shaped).astype(np.int8)
        self.constants[f"{name}_scale"] = scale.astype(np.float32)
        self.constants[f"{name}_zero"] = np.zeros(scale.shape, np.int8)
        self.steps.append(
            step(
                "DequantizeLinear",
                f"{name}_ints {name}_scale {name}_zero",
                name,
                **({"axis": 0} if channels else {}),
            )
        )
        return name

    def add(self, op: str, inputs: str, output: str, **attributes: object) -> str:
        """One node."""
        self.steps.append(step(op, inputs, output, **attributes))
        return output

    def done(self, inputs: Mapping[str, Sequence[int]]) -> bytes:
        """The model's bytes; its output is that of the last node."""
        return model(self.steps, inputs, self.constants)


def check(data: bytes, *, off: int = 1, equal: float = 0.98, runs: int = 6, spread: int = 8) -> list[str]:
    """At most `off` steps away, and as many results equal as said; returns the operators."""
    graph = load(data, "m")
    (output,) = (graph.tensors[name] for name in graph.outputs)
    assert output.dtype is DType.INT8
    same = total = 0
    seen: set[int] = set()
    for seed in range(runs):
        inputs = samples(data, seed, scale=1.5)
        (wanted,) = run_onnx(data, inputs)
        given = quantize_inputs(graph, [channels_last(v) for v in inputs.values()])
        outputs = run_ours(graph, given)
        (got,) = dequantize_outputs(graph, outputs)
        steps = np.rint((got - channels_last(wanted)) / output.scale)
        assert np.abs(steps).max() <= off
        same, total = same + int((steps == 0).sum()), total + steps.size
        seen.update(outputs[0].reshape(-1).tolist())
    assert same >= equal * total
    assert len(seen) >= spread, "constant outputs prove nothing"
    return ops(graph)


IMAGE = {"x": (1, 4, 9, 8)}


@pytest.mark.parametrize("coding", [s8(0.04, -5), s8(0.04), u8(0.04, 120)])
@pytest.mark.parametrize("channels", [True, False])
@pytest.mark.parametrize("group", [1, 2, 4])
def test_conv(coding, channels, group):
    q = Quantized()
    x, w = q.qdq("x", coding), q.weights("w", (8, 4 // group, 3, 3), channels)
    q.constants["b"] = random(8, seed=2)
    q.add("Conv", f"{x} {w} b", "c", group=group, pads=[1, 1, 1, 1])
    q.qdq("c", s8(0.06, 4))
    assert check(q.done(IMAGE)) == ["depthwise_conv_2d" if group == 4 else "conv_2d"]


@pytest.mark.parametrize("op", ["Relu", "Clip"])
def test_an_activation_before_the_quantisation_becomes_a_clamp(op):
    q = Quantized()
    x, w = q.qdq("x", s8(0.04, -5)), q.weights("w", (8, 4, 3, 3))
    q.constants |= {"low": np.float32(0), "high": np.float32(2.5)}
    q.add("Conv", f"{x} {w}", "c")
    q.add(op, "c" if op == "Relu" else "c low high", "r")
    q.qdq("r", s8(0.03, -100))
    assert check(q.done(IMAGE)) == ["conv_2d"]


def test_an_activation_after_the_quantisation_is_a_layer():
    q = Quantized()
    x, w = q.qdq("x", s8(0.04, -5)), q.weights("w", (8, 4, 3, 3))
    q.add("Conv", f"{x} {w}", "c")
    q.add("Relu", q.qdq("c", s8(0.06, 4)), "r")
    q.qdq("r", s8(0.03, -128))
    # A step of the convolution is two of the activation.
    assert check(q.done(IMAGE), off=2) == ["conv_2d", "relu"]


def test_a_batch_normalisation_between_quantisations_runs_on_real_numbers():
    q = Quantized()
    q.constants |= {name: np.abs(random(4, seed=seed)) + 0.2 for seed, name in enumerate("gomv")}
    q.add("BatchNormalization", f"{q.qdq('x', s8(0.04, 3))} g o m v", "y")
    q.qdq("y", s8(0.05, 3))
    assert check(q.done(IMAGE)) == ["dequantize", "mul", "add", "quantize"]


def test_flatten_and_a_dense_layer():
    q = Quantized()
    x, w, u = q.qdq("x", s8(0.04, 3)), q.weights("w", (3, 4, 3, 3)), q.weights("u", (6, 3 * 7 * 6))
    q.add("Conv", f"{x} {w}", "c")
    q.add("Flatten", q.qdq("c", s8(0.06, 4)), "f")
    q.add("Gemm", f"{q.qdq('f', s8(0.06, 4))} {u}", "y", transB=1)
    q.qdq("y", s8(0.25, -7))
    assert check(q.done(IMAGE), equal=0.9) == ["conv_2d", "fully_connected"]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
def test_binary(op):
    q = Quantized()
    a, w = q.qdq("x", s8(0.04, 3)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{a} {w}", "c")
    q.add(op, f"{a} {q.qdq('c', s8(0.03, 9))}", "y")
    q.qdq("y", s8(0.07, -7))
    assert check(q.done(IMAGE), equal=0.95) == ["conv_2d", op.lower()]


def test_pools_move_integers_and_need_no_scale_of_their_own():
    q = Quantized()
    q.add("MaxPool", q.qdq("x", s8(0.04, 3)), "p", kernel_shape=[2, 2])
    q.add("AveragePool", q.qdq("p", s8(0.04, 3)), "a", kernel_shape=[2, 2])
    q.qdq("a", s8(0.04, 3))
    assert check(q.done(IMAGE), equal=0.6) == ["max_pool_2d", "average_pool_2d"]


def test_a_pool_with_another_scale_behind_it_is_requantised():
    q = Quantized()
    q.add("MaxPool", q.qdq("x", s8(0.04, 3)), "p", kernel_shape=[2, 2])
    q.qdq("p", s8(0.05, 3))
    assert check(q.done(IMAGE), equal=0.9) == ["max_pool_2d", "quantize"]


def test_global_average_and_concat_of_two_scales():
    q = Quantized()
    x, w = q.qdq("x", u8(0.04, 120)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{x} {w}", "c")
    q.add("Concat", f"{x} {q.qdq('c', s8(0.03, 9))}", "j", axis=1)
    q.add("GlobalAveragePool", q.qdq("j", s8(0.05, 1)), "y")
    q.qdq("y", s8(0.01, 0))
    assert check(q.done(IMAGE), equal=0.8) == ["conv_2d", "quantize", "quantize", "concatenation", "mean"]


@pytest.mark.parametrize(
    ("op", "scale", "zero"), [("Sigmoid", 1 / 256, -128), ("Tanh", 1 / 128, 0), ("Softmax", 1 / 256, -128)]
)
def test_functions_with_a_scale_of_their_own(op, scale, zero):
    q = Quantized()
    q.add(op, q.qdq("x", s8(0.04, 3)), "y")
    q.qdq("y", s8(scale, zero))
    assert check(q.done({"x": (1, 12)}), equal=0.8, runs=20) == [{"Sigmoid": "logistic"}.get(op, op.lower())]


def test_what_is_not_quantised_runs_on_real_numbers():
    q = Quantized()
    q.add("Sigmoid", q.qdq("x", s8(0.04, 3)), "s")
    q.add("HardSwish", "s", "y")
    data = q.done({"x": (1, 12)})
    graph = load(data, "m")
    assert ops(graph) == ["dequantize", "logistic", "hard_swish"]
    inputs = samples(data, 3)
    given = quantize_inputs(graph, list(inputs.values()))
    np.testing.assert_allclose(run_ours(graph, given)[0], run_onnx(data, inputs)[0], atol=1e-6)


def test_weights_with_a_zero_point_are_refused_unless_they_fit():
    q = Quantized()
    x, w = q.qdq("x", s8(0.04, 3)), q.weights("w", (4, 4, 1, 1), channels=False)
    q.constants["w_zero"] = np.int8(40)
    q.add("Conv", f"{x} {w}", "c")
    q.qdq("c", s8(0.06))
    with pytest.raises(UnsupportedModel, match="symmetrically"):
        load(q.done(IMAGE), "m")


class Digits(CalibrationDataReader):
    """Thirty digits of the calibration part for onnxruntime's quantiser."""

    def __init__(self) -> None:
        images = load_digits().calibration.images[:30].transpose(0, 3, 1, 2)
        self.rest = [{"image": image[np.newaxis]} for image in images]

    def get_next(self):
        return self.rest.pop() if self.rest else None


@pytest.mark.parametrize("activations", [QuantType.QInt8, QuantType.QUInt8])
def test_the_demo_model_quantised_by_onnxruntime(tmp_path, activations):
    folded, file = tmp_path / "folded.onnx", tmp_path / "digits_qdq.onnx"
    quant_pre_process(model_file(), folded, skip_symbolic_shape=True)
    quantize_static(
        folded, file, Digits(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=activations, weight_type=QuantType.QInt8,
    )  # fmt: skip
    data = file.read_bytes()
    graph = load(data, "digits")
    assert "dequantize" not in ops(graph)
    test = load_digits().test
    for image in test.images[:40]:
        (wanted,) = run_onnx(data, {"image": image[np.newaxis].transpose(0, 3, 1, 2)})
        given = quantize_inputs(graph, [image[np.newaxis]])
        (got,) = dequantize_outputs(graph, run_ours(graph, given))
        assert got.argmax() == wanted.argmax()
        assert np.abs(got - wanted).max() < 0.05


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_padding_of_stored_integers_is_of_a_stored_integer(kind):
    """Between QuantizeLinear and DequantizeLinear a Pad's value counts in steps; it was once read as a real number."""
    zero = 5 if kind is np.int8 else 133
    constants = {
        "s": np.float32(0.1), "z": np.array(zero, kind), "pads": np.array([0, 1, 0, 2], np.int64),
        "fill": np.array(zero + 7, kind),
    }  # fmt: skip
    steps = [
        step("QuantizeLinear", "x s z", "q"), step("Pad", "q pads fill", "p"),
        step("DequantizeLinear", "p s z", "y"),
    ]  # fmt: skip
    data = model(steps, {"x": (1, 3)}, constants)
    x = np.array([[-1.0, 0.27, 2.0]], np.float32)
    graph = load(data, "padded")
    ours = dequantize_outputs(graph, run_ours(graph, quantize_inputs(graph, [x])))[0]
    np.testing.assert_allclose(ours, run_onnx(data, {"x": x})[0], atol=1e-6)
