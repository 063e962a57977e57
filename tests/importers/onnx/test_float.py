"""Float models: operator by operator and put together, against onnxruntime within 2e-5 (absolute and
relative)."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.errors import UnsupportedModel
from netsuke.importers.onnx import load
from tests.importers.onnx.models import compare, model, ops, random, step

IMAGE = {"x": (1, 3, 9, 8)}


def conv(attributes, weights=(4, 3, 3, 3), inputs=None, bias=True):
    constants = {"w": random(*weights, scale=0.4)}
    if bias:
        constants["b"] = random(weights[0], seed=3)
    return model([step("Conv", "x w b" if bias else "x w", "y", **attributes)], inputs or IMAGE, constants)


CONVS = {
    "valid": conv({}),
    "without bias": conv({}, bias=False),
    "same": conv({"pads": [1, 1, 1, 1]}),
    "odd pads": conv({"pads": [0, 2, 1, 3]}),
    "strides": conv({"strides": [2, 3], "pads": [1, 1, 1, 1]}),
    "dilations": conv({"dilations": [2, 3]}),
    "same upper": conv({"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "same lower": conv({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, weights=(4, 3, 4, 4)),
    "auto valid": conv({"auto_pad": "VALID"}),
    "pointwise": conv({}, weights=(5, 3, 1, 1)),
    "depthwise": conv({"group": 3, "pads": [1, 1, 1, 1]}, weights=(3, 1, 3, 3)),
    "depthwise multiplier": conv({"group": 3}, weights=(6, 1, 3, 2)),
    "grouped": conv({"group": 2}, weights=(6, 2, 3, 3), inputs={"x": (1, 4, 6, 6)}),
    "one channel": conv({}, weights=(4, 1, 3, 3), inputs={"x": (1, 1, 8, 8)}),
    "signal": conv({"pads": [2, 2], "strides": [2]}, weights=(4, 3, 5), inputs={"x": (1, 3, 20)}),
    "signal dilated depthwise": conv(
        {"group": 3, "dilations": [3]}, weights=(3, 1, 5), inputs={"x": (1, 3, 20)}
    ),
    "dynamic batch": conv({}, inputs={"x": ("batch", 3, 9, 8)}),
}


@pytest.mark.parametrize("name", CONVS)
def test_conv(name):
    graph = compare(CONVS[name])
    assert ops(graph) == ["depthwise_conv_2d" if "depthwise" in name else "conv_2d"]


POOLS = {
    "max": ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "max padded": ("MaxPool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "max ceil": ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    "average": ("AveragePool", {"kernel_shape": [3, 2]}),
    "average padded": ("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "average that counts pads": (
        "AveragePool", {"kernel_shape": [3, 3], "pads": [1, 0, 1, 2], "count_include_pad": 1}
    ),
    "average ceil": ("AveragePool", {"kernel_shape": [2, 3], "strides": [2, 2], "ceil_mode": 1}),
    "global average": ("GlobalAveragePool", {}),
    "global max": ("GlobalMaxPool", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_pool(name):
    op, attributes = POOLS[name]
    compare(model([step(op, "x", "y", **attributes)], IMAGE))


def test_pool_of_a_signal():
    compare(model([step("MaxPool", "x", "y", kernel_shape=[3], strides=[2])], {"x": (1, 5, 17)}))


UNARY = {
    "Relu": {}, "Sigmoid": {}, "Tanh": {}, "HardSwish": {}, "LeakyRelu": {"alpha": 0.2},
    "Softmax": {"axis": 1}, "Identity": {}, "Dropout": {},
}  # fmt: skip


@pytest.mark.parametrize("op", UNARY)
def test_unary_keeps_the_layout(op):
    graph = compare(
        model([step("MaxPool", "x", "p", kernel_shape=[2, 2]), step(op, "p", "y", **UNARY[op])], IMAGE),
        scale=3,
    )
    assert "transpose" not in ops(graph)


@pytest.mark.parametrize("bounds", [(0.0, 6.0), (-0.5, 0.75), (-np.inf, 0.5), (0.25, np.inf)])
@pytest.mark.parametrize("after", ["Conv", "Sigmoid"])
def test_clip(bounds, after):
    constants = {
        "low": np.float32(bounds[0]),
        "high": np.float32(bounds[1]),
        "w": random(4, 3, 1, 1),
        "three": np.float32(3),
    }
    first = step("Conv", "x w", "c") if after == "Conv" else step("Sigmoid", "x", "c")
    last = after == "Conv"
    graph = compare(
        model([first, step("Clip", "c low high", "y")], IMAGE, constants), last_in=last, last_out=last
    )
    assert (ops(graph) == ["conv_2d"]) == (after == "Conv")


def test_clip_with_its_bounds_as_attributes():
    compare(
        model(
            [step("Conv", "x w", "c"), step("Clip", "c", "y", min=-0.5, max=0.5)],
            IMAGE,
            {"w": random(4, 3, 1, 1)},
            opset=9,
        )
    )


FORMS = [(op, first) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min") for first in (False, True)]
FORMS.remove(("Div", True))  # a constant divided by a tensor has no kernel


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 3, 1, 1), (8,), (9, 8), (1, 3, 9, 8), ()])
@pytest.mark.parametrize(("op", "first"), FORMS)
def test_binary_with_a_constant(op, first, shape):
    constants = {"c": random(*shape, seed=4) + np.float32(0 if op in ("Max", "Min") else 3)}
    steps = [step("MaxPool", "x", "p", kernel_shape=[1, 1]), step(op, "c p" if first else "p c", "y")]
    graph = compare(model(steps, IMAGE, constants))
    assert "transpose" not in ops(graph)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Max", "Min"])
def test_binary_of_two_layers_and_their_activation(op):
    steps = [
        step("Conv", "x w", "a", pads=[1, 1, 1, 1]),
        step("MaxPool", "x", "b", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        step(op, "a b", "s"),
        step("Relu", "s", "y"),
    ]
    graph = compare(model(steps, IMAGE, {"w": random(3, 3, 3, 3)}))
    assert "transpose" not in ops(graph)


def test_squeeze_and_excite_broadcasts_two_computed_values():
    steps = [
        step("Conv", "x w", "a"),
        step("GlobalAveragePool", "a", "g"),
        step("Conv", "g w2", "e"),
        step("Sigmoid", "e", "s"),
        step("Mul", "a s", "y"),
    ]
    graph = compare(model(steps, IMAGE, {"w": random(4, 3, 3, 3), "w2": random(4, 4, 1, 1)}))
    assert "transpose" not in ops(graph)
    assert "reshape" not in ops(graph)


@pytest.mark.parametrize("slope", [(3, 1, 1), (1,), (3,)])
def test_prelu(slope):
    # onnxruntime broadcasts [3] from the right, along the width: a width of 3 is the same in both readings.
    inputs = {"x": (1, 3, 5, 4)} if slope != (3,) else {"x": (1, 3)}
    compare(model([step("PRelu", "x s", "y")], inputs, {"s": random(*slope, seed=5)}))


BATCH_NORM = {
    "g": random(4, seed=1),
    "o": random(4, seed=2),
    "m": random(4, seed=3),
    "v": np.abs(random(4, seed=4)) + 0.1,
}


def test_batch_normalisation_goes_into_the_convolution():
    steps = [step("Conv", "x w b", "c"), step("BatchNormalization", "c g o m v", "n"), step("Relu", "n", "y")]
    graph = compare(model(steps, IMAGE, {"w": random(4, 3, 3, 3), "b": random(4, seed=6), **BATCH_NORM}))
    assert ops(graph) == ["conv_2d"]


def test_batch_normalisation_goes_into_a_depthwise_and_a_dense_layer():
    steps = [
        step("Conv", "x w", "c", group=4),
        step("BatchNormalization", "c g o m v", "n"),
        step("Flatten", "n", "f"),
        step("Gemm", "f u", "d"),
        step("BatchNormalization", "d g o m v", "y"),
    ]
    constants = {"w": random(4, 1, 3, 3), "u": random(4 * 7 * 6, 4, scale=0.2), **BATCH_NORM}
    graph = compare(model(steps, {"x": (1, 4, 9, 8)}, constants))
    assert ops(graph) == ["depthwise_conv_2d", "fully_connected"]


def test_batch_normalisation_that_stands_alone():
    steps = [step("BatchNormalization", "x g o m v", "n"), step("Relu", "n", "r"), step("Conv", "r w", "y")]
    graph = compare(model(steps, {"x": (1, 4, 6, 5)}, {"w": random(2, 4, 3, 3), **BATCH_NORM}))
    assert ops(graph) == ["mul", "add", "conv_2d"]


def test_a_value_with_two_readers_is_not_fused_away():
    steps = [
        step("Conv", "x w", "c"),
        step("BatchNormalization", "c g o m v", "n"),
        step("Relu", "c", "r"),
        step("Add", "n r", "y"),
    ]
    graph = compare(model(steps, IMAGE, {"w": random(4, 3, 3, 3), **BATCH_NORM}))
    assert ops(graph) == ["conv_2d", "mul", "add", "relu", "add"]


@pytest.mark.parametrize("attributes", [{}, {"transB": 1}, {"transB": 1, "alpha": 0.5, "beta": 2.0}])
def test_gemm(attributes):
    weights = random(6, 10) if attributes else random(10, 6)
    data = model(
        [step("Gemm", "x w b", "y", **attributes)], {"x": (1, 10)}, {"w": weights, "b": random(6, seed=9)}
    )
    assert ops(compare(data)) == ["fully_connected"]


@pytest.mark.parametrize("bias", [(6,), (1, 6)])
def test_matmul_with_its_bias_and_activation(bias):
    steps = [step("MatMul", "x w", "m"), step("Add", "m b", "a"), step("Relu", "a", "y")]
    data = model(steps, {"x": (1, 10)}, {"w": random(10, 6), "b": random(*bias, seed=2)})
    assert ops(compare(data)) == ["fully_connected"]


def test_matmul_over_rows():
    data = model(
        [step("MatMul", "x w", "m"), step("Tanh", "m", "y")], {"x": (1, 5, 10)}, {"w": random(10, 6)}
    )
    compare(data, last_in=False, last_out=False)


def test_matmul_of_two_computed_values():
    data = model([step("MatMul", "a b", "y")], {"a": (1, 4, 6), "b": (1, 6, 5)})
    assert ops(compare(data, last_in=False, last_out=False)) == ["batch_matmul"]


@pytest.mark.parametrize("kind", ["Flatten", "Reshape", "pool and flatten"])
def test_flatten_after_a_convolution_moves_the_weights_and_not_the_data(kind):
    constants = {"w": random(4, 3, 3, 3), "u": random(5, 4 * 7 * 6, scale=0.3), "shape": np.array([1, -1])}
    steps = [step("Conv", "x w", "c"), step("Flatten", "c", "f")]
    if kind == "Reshape":
        steps[1] = step("Reshape", "c shape", "f")
    if kind == "pool and flatten":
        constants["u"] = random(5, 4 * 3 * 3, scale=0.3)
        steps = [
            steps[0],
            step("AveragePool", "c", "p", kernel_shape=[2, 2], strides=[2, 2]),
            step("Flatten", "p", "f"),
        ]
    graph = compare(
        model([*steps, step("Relu", "f", "r"), step("Gemm", "r u", "y", transB=1)], IMAGE, constants)
    )
    assert "transpose" not in ops(graph)
    assert "reshape" not in ops(graph)


def test_a_flatten_that_is_the_output_is_in_onnx_order():
    graph = compare(
        model([step("Conv", "x w", "c"), step("Flatten", "c", "y")], IMAGE, {"w": random(4, 3, 3, 3)})
    )
    assert ops(graph).count("transpose") == 1


def test_a_reshape_back_to_an_image_costs_nothing():
    constants = {
        "w": random(4, 3, 3, 3),
        "flat": np.array([1, -1]),
        "image": np.array([0, 4, 7, 6]),
        "v": random(2, 4, 1, 1),
    }
    steps = [
        step("Conv", "x w", "c"),
        step("Reshape", "c flat", "f"),
        step("Sigmoid", "f", "s"),
        step("Reshape", "s image", "i"),
        step("Conv", "i v", "y"),
    ]
    assert set(ops(compare(model(steps, IMAGE, constants)))) == {"conv_2d", "logistic"}


def test_transposes_cancel_through_elementwise_operators():
    steps = [
        step("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        step("Conv", "t w", "c"),
        step("Transpose", "c", "u", perm=[0, 2, 3, 1]),
        step("Add", "u b", "a"),
        step("Relu", "a", "r"),
        step("Transpose", "r", "v", perm=[0, 3, 1, 2]),
        step("MaxPool", "v", "p", kernel_shape=[2, 2]),
        step("Transpose", "p", "y", perm=[0, 2, 3, 1]),
    ]
    constants = {"w": random(4, 3, 3, 3), "b": random(4, seed=8)}
    graph = compare(model(steps, {"x": (1, 9, 8, 3)}, constants), last_in=False, last_out=False)
    assert ops(graph) == ["conv_2d", "add", "max_pool_2d"]


def test_a_transpose_that_is_needed_stays():
    data = model([step("Transpose", "x", "y", perm=[0, 2, 1])], {"x": (1, 4, 5)})
    assert ops(compare(data, last_in=False, last_out=False)) == ["transpose"]


@pytest.mark.parametrize("axis", [1, 2, 3, -3])
def test_concat(axis):
    steps = [
        step("MaxPool", "x", "a", kernel_shape=[1, 1]),
        step("Sigmoid", "a", "b"),
        step("Concat", "a b c", "y", axis=axis),
    ]
    graph = compare(model(steps, IMAGE, {"c": random(1, 3, 9, 8, seed=7)}))
    assert "transpose" not in ops(graph)


def test_concat_of_a_flat_image_and_a_vector():
    steps = [
        step("Conv", "x w", "c"),
        step("Flatten", "c", "f"),
        step("Concat", "f v", "j", axis=1),
        step("Gemm", "j u", "y"),
    ]
    constants = {"w": random(2, 3, 3, 3), "u": random(2 * 7 * 6 + 3, 4, scale=0.2)}
    compare(model(steps, {**IMAGE, "v": (1, 3)}, constants))


@pytest.mark.parametrize("value", [0.0, -1.5])
def test_pad(value):
    constants = {"pads": np.array([0, 1, 2, 0, 0, 0, 1, 3]), "v": np.float32(value), "w": random(4, 4, 3, 3)}
    steps = [step("Pad", "x pads v", "p"), step("Conv", "p w", "y")]
    compare(model(steps, IMAGE, constants))


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceMax"])
@pytest.mark.parametrize("axes", [[2, 3], [1], [-1], [1, 3]])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions(op, axes, keepdims):
    steps = [step("MaxPool", "x", "a", kernel_shape=[2, 2]), step(op, "a", "y", axes=axes, keepdims=keepdims)]
    last = keepdims == 1
    data = model(steps, IMAGE)
    compare(data, last_out=last)


def test_mean_with_axes_as_an_input_and_a_dense_layer():
    steps = [step("ReduceMean", "x axes", "m", keepdims=0), step("Gemm", "m w", "y")]
    compare(
        model(steps, {"x": (1, 3, 20)}, {"axes": np.array([-1]), "w": random(3, 4)}, opset=18), last_in=False
    )


def test_softmax_over_width_is_brought_to_the_end():
    compare(
        model(
            [step("Conv", "x w", "c"), step("Softmax", "c", "y", axis=3)], IMAGE, {"w": random(4, 3, 3, 3)}
        ),
        last_out=False,
    )


def test_squeeze_unsqueeze_slice_split_shape():
    constants = {
        "w": random(4, 3, 3, 3),
        "ax": np.array([2, 3]),
        "st": np.array([1]),
        "en": np.array([4]),
        "a1": np.array([1]),
        "u": random(3, 5),
        "two": np.array([2]),
        "zero": np.array(0),
        "tail": np.array([-1]),
    }
    steps = [
        step("Conv", "x w", "c"),
        step("GlobalAveragePool", "c", "g"),
        step("Squeeze", "g ax", "q"),
        step("Slice", "q st en a1", "s"),
        step("Shape", "s", "sh"),
        step("Gather", "sh zero", "n"),
        step("Unsqueeze", "n a0", "n1"),
        step("Concat", "n1 tail", "to", axis=0),
        step("Reshape", "s to", "r"),
        step("Gemm", "r u", "y"),
    ]
    compare(model(steps, IMAGE, {**constants, "a0": np.array([0])}))


def test_every_unsupported_operator_is_listed_at_once():
    steps = [
        step("Conv", "x w", "c"),
        step("GridSample", "c", "e"),
        step("Relu", "e", "r"),
        step("LSTM", "x w w", "l"),
        step("MaxPool", "x", "p", kernel_shape=[2, 2], dilations=[2, 2]),
    ]
    with pytest.raises(UnsupportedModel) as caught:
        load(model(steps, IMAGE, {"w": random(4, 3, 3, 3)}), "m")
    found = caught.value.operators
    assert [u.op for u in found] == ["GridSample", "LSTM", "MaxPool"]
    assert "dilations [2, 2]" in found[2].hint
    assert "node 4, 'MaxPool_4'" in str(caught.value)
