"""QDQ models with int16 activations against onnxruntime: they become TFLite's 16x8 operators.

onnxruntime computes them in float32. A step of int16 is 1/256 of int8's; both round differently, and no result is more
than one of these steps off.
"""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from netsuke.compress import dequantize_outputs, quantize_inputs
from netsuke.demo import load_digits, model_file
from netsuke.errors import UnsupportedModel
from netsuke.importers.onnx import load
from netsuke.ir import DType
from tests.importers.onnx.models import channels_last, model, ops, random, run_onnx, run_ours, samples
from tests.importers.onnx.test_qdq import Coding, Digits, Quantized, s8

IMAGE = {"x": (1, 4, 9, 8)}
OPSET = 21
"""The first whose QuantizeLinear has int16."""


def s16(scale: float, zero: int = 0) -> Coding:
    return Coding(scale, np.int16(zero))


class Wide(Quantized):
    """Collects a QDQ model with int16."""

    def done(self, inputs) -> bytes:
        return model(self.steps, inputs, self.constants, opset=OPSET)


def check(data: bytes, *, runs: int = 4) -> list[str]:
    """At most one step away, and seldom; returns the operators."""
    graph = load(data, "m")
    (output,) = (graph.tensors[name] for name in graph.outputs)
    assert output.dtype is DType.INT16
    total: list[float] = []
    for seed in range(runs):
        inputs = samples(data, seed, scale=1.5)
        (wanted,) = run_onnx(data, inputs)
        given = quantize_inputs(graph, [channels_last(v) for v in inputs.values()])
        (got,) = dequantize_outputs(graph, run_ours(graph, given))
        assert np.ptp(wanted) > 100 * output.scale, "constant outputs prove nothing"
        steps = np.abs(np.rint((got - channels_last(wanted)) / output.scale))
        assert steps.max() <= 1
        total.append(float(steps.mean()))
    assert np.mean(total) <= 0.6
    return ops(graph)


@pytest.mark.parametrize("channels", [True, False])
@pytest.mark.parametrize("group", [1, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_conv(channels, group, bias):
    q = Wide()
    x, w = q.qdq("x", s16(1e-4)), q.weights("w", (8, 4 // group, 3, 3), channels)
    q.constants["b"] = random(8, seed=2)
    q.add("Conv", f"{x} {w} b" if bias else f"{x} {w}", "c", group=group, pads=[1, 1, 1, 1])
    q.qdq("c", s16(3e-4))
    data = q.done(IMAGE)
    assert check(data) == ["depthwise_conv_2d" if group == 4 else "conv_2d"]
    graph = load(data, "m")
    assert [graph.tensors[n].dtype for n in graph.nodes[0].inputs[2:]] == [DType.INT64] * bias


def test_a_clamp_and_a_dense_layer():
    q = Wide()
    x, w, u = q.qdq("x", s16(1e-4)), q.weights("w", (3, 4, 3, 3)), q.weights("u", (6, 3 * 7 * 6))
    q.constants |= {"low": np.float32(-0.5), "high": np.float32(2.5)}
    q.add("Conv", f"{x} {w}", "c")
    q.add("Clip", "c low high", "r")
    q.add("Flatten", q.qdq("r", s16(1e-4)), "f")
    q.add("Gemm", f"{q.qdq('f', s16(1e-4))} {u}", "y", transB=1)
    q.qdq("y", s16(1e-3))
    assert check(q.done(IMAGE)) == ["conv_2d", "fully_connected"]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Max"])
def test_binary(op):
    q = Wide()
    a, w = q.qdq("x", s16(1e-4)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{a} {w}", "c")
    q.add(op, f"{a} {q.qdq('c', s16(2e-4))}", "y")
    q.qdq("y", s16(4e-4))
    assert check(q.done(IMAGE))[-1] == {"Max": "maximum"}.get(op, op.lower())


@pytest.mark.parametrize(
    ("op", "attributes", "found"),
    [
        ("Sigmoid", {}, ["logistic", "quantize"]),
        ("Tanh", {}, ["tanh", "quantize"]),
        ("Softmax", {}, ["softmax", "quantize"]),
        ("LeakyRelu", {"alpha": 0.1}, ["leaky_relu"]),
        ("Relu", {}, ["relu"]),
        ("ReduceMean", {"axes": [1], "keepdims": 1}, ["mean"]),
    ],
)
def test_functions(op, attributes, found):
    q = Wide()
    axes = attributes.pop("axes", None)
    if axes is not None:
        q.constants["axes"] = np.asarray(axes, np.int64)
    q.add(op, f"{q.qdq('x', s16(2e-4))}{' axes' if axes else ''}", "y", **attributes)
    q.qdq("y", s16(1e-4))
    assert check(q.done({"x": (3, 12)})) == found


def test_pools_and_a_concatenation():
    q = Wide()
    x = q.qdq("x", s16(1e-4))
    q.add("MaxPool", x, "p", kernel_shape=[2, 2])
    q.add("AveragePool", q.qdq("p", s16(1e-4)), "a", kernel_shape=[2, 2])
    q.add("Concat", f"{q.qdq('a', s16(1e-4))} {q.dq('a')}", "j", axis=1)
    q.qdq("j", s16(1e-4))
    assert check(q.done(IMAGE)) == ["max_pool_2d", "average_pool_2d", "concatenation"]


def test_int8_beside_int16_widens():
    """An int8 input of an int16 layer, and an int8 operand of an int16 sum: exact at 1/128 of the scale."""
    q = Wide()
    x, w = q.qdq("x", s8(0.04, 5)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{x} {w}", "c")
    q.add("Add", f"{x} {q.qdq('c', s16(2e-4))}", "y")
    q.qdq("y", s16(4e-4))
    assert check(q.done(IMAGE)) == ["quantize", "conv_2d", "quantize", "add"]


def test_int16_into_int8_is_computed_in_int16():
    q = Wide()
    x, w = q.qdq("x", s16(1e-4)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{x} {w}", "c")
    q.qdq("c", s8(0.05, -3))
    data = q.done(IMAGE)
    graph = load(data, "m")
    assert ops(graph) == ["conv_2d", "quantize"]
    assert [graph.tensors[n.outputs[0]].dtype for n in graph.nodes] == [DType.INT16, DType.INT8]
    inputs = samples(data, 0, scale=1.5)
    given = quantize_inputs(graph, [channels_last(v) for v in inputs.values()])
    (got,), (wanted,) = dequantize_outputs(graph, run_ours(graph, given)), run_onnx(data, inputs)
    assert np.abs(got - channels_last(wanted)).max() < 0.0501


@pytest.mark.parametrize(("op", "constants"), [("HardSwish", ""), ("PRelu", " slope")])
def test_operators_without_an_int16_form_are_one_error(op, constants):
    q = Wide()
    q.constants["slope"] = np.float32([0.25])
    q.add(op, f"{q.qdq('x', s16(1e-4))}{constants}", "y")
    q.qdq("y", s16(1e-4))
    with pytest.raises(
        UnsupportedModel, match=rf"uses 1 operator .*\n.*{op}.*compiled for int8 and float32 only"
    ):
        load(q.done({"x": (1, 12)}), "m")


def test_functions_without_an_int16_form_run_on_real_numbers():
    q = Wide()
    q.add("Erf", q.qdq("x", s16(1e-4)), "y")
    q.qdq("y", s16(1e-4))
    assert check(q.done({"x": (1, 12)})) == ["dequantize", "erf", "quantize"]


def test_a_zero_point_of_int16_is_refused():
    q = Wide()
    q.add("Relu", q.qdq("x", s16(1e-4, 7)), "y")
    q.qdq("y", s16(1e-4))
    with pytest.raises(UnsupportedModel, match="int16 that is 0"):
        load(q.done({"x": (1, 12)}), "m")


def test_the_demo_model_quantised_by_onnxruntime(tmp_path):
    folded, file = tmp_path / "folded.onnx", tmp_path / "digits_qdq.onnx"
    quant_pre_process(model_file(), folded, skip_symbolic_shape=True)
    quantize_static(
        folded, file, Digits(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QInt16, weight_type=QuantType.QInt8,
        extra_options={"ActivationSymmetric": True},
    )  # fmt: skip
    data = file.read_bytes()
    graph = load(data, "digits")
    assert "dequantize" not in ops(graph)
    assert DType.INT8 not in {graph.tensors[n.outputs[0]].dtype for n in graph.nodes}
    for image in load_digits().test.images[:40]:
        (wanted,) = run_onnx(data, {"image": image[np.newaxis].transpose(0, 3, 1, 2)})
        (got,) = dequantize_outputs(graph, run_ours(graph, quantize_inputs(graph, [image[np.newaxis]])))
        assert got.argmax() == wanted.argmax()
        assert np.abs(got - wanted).max() < 2e-3


def test_constants_are_quantised_as_quantizelinear_does_it():
    """Halves go to the even step: in a Clip's bound, a Pad's value and a constant operand."""
    q = Wide()
    q.constants |= {"low": np.float32(-2.5 / 64), "high": np.float32(4.5 / 64)}
    x, w = q.qdq("x", s8(1 / 64)), q.weights("w", (4, 4, 1, 1))
    q.add("Conv", f"{x} {w}", "c")
    q.add("Clip", "c low high", "r")
    q.qdq("r", s8(1 / 64))
    graph = load(q.done(IMAGE), "m")
    assert graph.nodes[0].args.clamp == (-2, 4)
