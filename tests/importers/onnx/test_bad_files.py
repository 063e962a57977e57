"""Files that are damaged, hostile or beyond us: one clear error each, never another exception."""

from __future__ import annotations

import contextlib
import sys

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from netsuke.demo import model_file
from netsuke.errors import ImportModelError, InputError, NetsukeError
from netsuke.importers.onnx import load
from netsuke.importers.onnx.read import MAX_ELEMENTS
from tests.importers.onnx.models import model, random, run_ours, step

IMAGE = {"x": (1, 3, 9, 8)}
WEIGHTS = {"w": random(4, 3, 3, 3)}
GOOD = model([step("Conv", "x w", "c"), step("Relu", "c", "y")], IMAGE, WEIGHTS)


def refused(data: bytes, match: str) -> None:
    with pytest.raises(ImportModelError, match=match) as caught:
        load(data, "m")
    assert len(str(caught.value)) < 600


def changed(change) -> bytes:
    """The good model after `change` worked on its proto."""
    proto = onnx.load_model_from_string(GOOD)
    change(proto)
    return bytes(proto.SerializeToString())


def test_the_good_model_is_good():
    assert [node.op for node in load(GOOD, "m").nodes] == ["conv_2d"]


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"not a model at all", b"\xff" * 40])
def test_not_a_model(data):
    refused(data, "no ONNX graph|not an ONNX model")


def test_cut_anywhere():
    for end in range(0, len(GOOD), 7):
        with pytest.raises(NetsukeError):
            load(GOOD[:end], "m")


def test_a_cycle():
    def change(proto):
        proto.graph.node[0].input[0] = "y"

    refused(changed(change), "cycle")


def test_a_value_from_nowhere():
    def change(proto):
        proto.graph.node[1].input[0] = "ghost"

    refused(changed(change), "'ghost' which nothing writes")


def test_a_value_written_twice():
    def change(proto):
        proto.graph.node[1].output[0] = "c"

    refused(changed(change), "there already")


def test_an_output_from_nowhere():
    def change(proto):
        proto.graph.output[0].name = "ghost"

    refused(changed(change), "output 'ghost'")


@pytest.mark.parametrize("location", ["../../etc/passwd", "/etc/passwd", "weights.bin"])
def test_weights_in_another_file_are_never_opened(location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.bin").write_bytes(WEIGHTS["w"].tobytes())

    def change(proto):
        tensor = proto.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    refused(changed(change), "another file")


@pytest.mark.parametrize("dims", [[-1], [1 << 40, 1 << 40], [MAX_ELEMENTS + 1], [1] * 9])
def test_absurd_weights(dims):
    def change(proto):
        del proto.graph.initializer[0].dims[:]
        proto.graph.initializer[0].dims.extend(dims)

    refused(changed(change), "says shape")


def test_weights_that_are_shorter_than_they_say():
    def change(proto):
        proto.graph.initializer[0].raw_data = proto.graph.initializer[0].raw_data[:-4]

    refused(changed(change), "cannot be decoded")


def test_weights_that_are_not_numbers():
    weights = WEIGHTS["w"].copy()
    weights[0, 0, 0, 0] = np.nan
    refused(model([step("Conv", "x w", "y")], IMAGE, {"w": weights}), "NaN")


@pytest.mark.parametrize(
    ("shape", "match"),
    [
        ((1, 3, "height", 8), "dimension 2 is 'height'"),
        ((1, 3, 0, 8), "dimension 2"),
        ((1, 3, 1 << 20, 1 << 20), "too large"),
    ],
)
def test_inputs_without_one_size(shape, match):
    refused(model([step("Conv", "x w", "y")], {"x": shape}, WEIGHTS), match)


def test_a_fixed_batch_is_kept():
    graph = load(model([step("Conv", "x w", "y")], {"x": (4, 3, 9, 8)}, WEIGHTS), "m")
    assert graph.tensors[graph.outputs[0]].shape == (4, 7, 6, 4)


def test_an_input_of_a_strange_type():
    proto = onnx.load_model_from_string(GOOD)
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT64
    refused(bytes(proto.SerializeToString()), "is uint64; float32")


def test_whole_numbers_where_real_ones_are_wanted():
    proto = onnx.load_model_from_string(GOOD)
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    refused(bytes(proto.SerializeToString()), "int32")


def test_a_name_that_is_not_utf8():
    data = GOOD.replace(b"Conv_0", b"Con\xff_0")
    assert data != GOOD
    assert [node.op for node in load(data, "m").nodes] == ["conv_2d"]


def test_an_old_opset():
    refused(model([step("Add", "x x", "y")], IMAGE, {}, opset=6), "opset 6, where Add is another operator")
    load(model([step("Conv", "x w", "y")], IMAGE, WEIGHTS, opset=6), "conv")  # Conv never changed


UNFIT = {
    "weights of another depth": ([step("Conv", "x w", "y")], {"w": random(4, 5, 3, 3)}, "do not fit weights"),
    "weights of another rank": (
        [step("Conv", "x w", "y")],
        {"w": random(4, 3)},
        "has 4 dimensions and the weights 2",
    ),
    "a kernel larger than the image": (
        [step("Conv", "x w", "y")],
        {"w": random(4, 3, 12, 3)},
        "does not fit",
    ),
    "negative pads": ([step("Conv", "x w", "y", pads=[-1, 0, 0, 0])], WEIGHTS, "pads is"),
    "a stride of 0": ([step("Conv", "x w", "y", strides=[0, 1])], WEIGHTS, "strides is"),
    "a huge stride": ([step("Conv", "x w", "y", strides=[1 << 40, 1])], WEIGHTS, "strides is"),
    "groups of 0": ([step("Conv", "x w", "y", group=0)], WEIGHTS, "0 groups"),
    "computed weights": ([step("Relu", "x", "r"), step("Conv", "x r", "y")], {}, "a constant was wanted"),
    "shapes that do not broadcast": ([step("Add", "x b", "y")], {"b": random(7)}, "."),
    "a bias of another length": ([step("Conv", "x w b", "y")], {**WEIGHTS, "b": random(3)}, "bias has 3"),
    "a reshape that loses elements": (
        [step("Reshape", "x s", "y")],
        {"s": np.array([5, 5])},
        "same number of elements",
    ),
    "an axis outside": ([step("Concat", "x x", "y", axis=9)], {}, "axes \\[9\\]"),
    "a permutation that is none": ([step("Transpose", "x", "y", perm=[0, 0, 1, 2])], {}, "perm"),
    "a division by 0": ([step("Div", "x c", "y")], {"c": np.zeros(1, np.float32)}, "divides by a constant"),
    "a dense layer of another depth": (
        [step("Flatten", "x", "f"), step("Gemm", "f w", "y")],
        {"w": random(5, 2)},
        "weights of depth 5",
    ),
    "a huge constant": (
        [step("ConstantOfShape", "s", "c"), step("Add", "x c", "y")],
        {"s": np.array([1 << 20, 1 << 20])},
        "too large",
    ),
    "pads that make it huge": (
        [step("Pad", "x p", "y")],
        {"p": np.array([0, 0, 1 << 19, 1 << 19, 0, 0, 0, 0])},
        "fits a chip|too large",
    ),
    "a slope that would stretch its input": (
        [step("PRelu", "x s", "y")],
        {"s": random(1 << 20, 1, 1, 1)},
        "beyond any microcontroller",
    ),
    "a batch normalisation of three constants": (
        [step("Conv", "x w", "c"), step("BatchNormalization", "c a a a", "y")],
        {**WEIGHTS, "a": random(4)},
        "input 4 is missing",
    ),
    "a product of nothing": ([step("MatMul", "x -", "y")], {}, "input 1 is missing"),
    "a zero variance": (
        [step("BatchNormalization", "x a a a z", "y", epsilon=0.0)],
        {"a": random(3), "z": np.zeros(3, np.float32)},
        "variance",
    ),
    "an attribute of another type": (
        [step("Conv", "x w", "y", group=1.5)],
        WEIGHTS,
        "attribute group is float",
    ),
    "an input left out": ([step("Conv", "x", "y")], {}, "input 1 is missing"),
    "another domain": (
        [step("Relu", "x", "r"), step("FusedConv", "r w", "y", domain="com.microsoft")],
        WEIGHTS,
        "com.microsoft.FusedConv",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_nodes_that_do_not_fit(name):
    steps, constants, match = UNFIT[name]
    refused(model(steps, IMAGE, constants), match)


def test_a_constant_output_is_copied():
    graph = load(model([step("Identity", "w", "y")], IMAGE, WEIGHTS), "m")
    (found,) = run_ours(graph, [np.zeros(graph.tensors[name].shape, np.float32) for name in graph.inputs])
    np.testing.assert_array_equal(found.reshape(-1), WEIGHTS["w"].reshape(-1))


def test_a_subgraph_is_an_unsupported_operator():
    inner = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "then", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    proto = onnx.load_model_from_string(GOOD)
    del proto.graph.node[:]
    proto.graph.node.append(node)
    refused(bytes(proto.SerializeToString()), "If \\(node 0")


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"pip install 'netsuke\[onnx\]'"):
        load(GOOD, "m")


DIGITS = model_file().read_bytes()


def survives(data: bytes) -> None:
    """Either a graph or one of our errors."""
    with contextlib.suppress(NetsukeError):
        load(data, "m")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bytes_of_a_small_model(flips):
    data = bytearray(GOOD)
    for at, value in flips:
        data[at] ^= value
    survives(bytes(data))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, len(DIGITS) - 1), st.integers(0, 7), st.sampled_from(["flip", "cut", "drop", "double"]))
def test_a_damaged_demo_model(at, bit, damage):
    if damage == "flip":
        data = bytearray(DIGITS)
        data[at] ^= 1 << bit
    elif damage == "cut":
        data = bytearray(DIGITS[:at])
    elif damage == "drop":
        data = bytearray(DIGITS[:at] + DIGITS[at + bit + 1 :])
    else:
        data = bytearray(DIGITS[:at] + DIGITS[at : at + 40] + DIGITS[at:])
    survives(bytes(data))
