"""QLinear operators, the standard's and onnxruntime's: the same integers within one step."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from netsuke.importers.onnx import load
from tests.importers.onnx.models import Step, channels_last, model, ops, run_onnx, run_ours, step


def quantised(steps: list[Step], shape: tuple[int, ...], constants: dict[str, np.ndarray]) -> bytes:
    """A model with uint8 in and out."""
    proto = onnx.load_model_from_string(model(steps, {"x": shape}, constants))
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.elem_type = TensorProto.UINT8
    proto.opset_import.add(domain="com.microsoft", version=1)
    return bytes(proto.SerializeToString())


CODES = {"s": np.float32(0.03), "z": np.uint8(120), "t": np.float32(0.06), "u": np.uint8(131)}
WEIGHTS = np.random.default_rng(1).integers(-60, 61, (4, 3, 3, 3)).astype(np.int8)
"""Of 7 bits: onnxruntime's x86 kernels saturate sums of two larger products."""
CASES = {
    "conv": (
        [step("QLinearConv", "x s z w ws wz t u b", "y")],
        (1, 3, 7, 6),
        {"w": WEIGHTS, "ws": np.float32(0.01), "wz": np.int8(0), "b": np.array([5, -70, 900, 0], np.int32)},
        "conv_2d",
    ),
    "conv a channel": (
        [step("QLinearConv", "x s z w ws wz t u", "y", pads=[1, 1, 1, 1])],
        (1, 3, 7, 6),
        {"w": WEIGHTS, "ws": np.array([0.01, 0.02, 0.003, 0.015], np.float32), "wz": np.zeros(4, np.int8)},
        "conv_2d",
    ),
    "matmul": (
        [step("QLinearMatMul", "x s z w ws wz t u", "y")],
        (1, 8),
        {"w": WEIGHTS.reshape(-1)[:40].reshape(8, 5), "ws": np.float32(0.01), "wz": np.int8(0)},
        "fully_connected",
    ),
    "sigmoid": ([step("QLinearSigmoid", "x s z t u", "y", domain="com.microsoft")], (1, 40), {}, "logistic"),
    "add": ([step("QLinearAdd", "x s z x s z t u", "y", domain="com.microsoft")], (1, 40), {}, "add"),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_onnxruntime(name: str) -> None:
    steps, shape, constants, op = CASES[name]
    data = quantised(steps, shape, {**CODES, **constants})
    graph = load(data, "m")
    assert op in ops(graph)
    x = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    (wanted,) = run_onnx(data, {"x": x})
    given = (channels_last(x).astype(np.int16) - 128).astype(np.int8)
    (got,) = run_ours(graph, [given])
    apart = np.abs(got.astype(np.int16) + 128 - channels_last(wanted).astype(np.int16))
    assert np.ptp(wanted) > 10
    assert apart.max() <= 1
    assert (apart == 0).mean() > 0.9
