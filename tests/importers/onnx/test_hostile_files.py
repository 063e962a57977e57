"""Files made to hurt: one clear error each, in a short time."""

from __future__ import annotations

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netsuke.errors import ImportModelError, NetsukeError, UnsupportedModel
from netsuke.importers.onnx import load
from tests.importers.onnx.models import model, random, run_ours, step

LONGEST_S = 20.0
"""Far above what each takes; a file must not be able to keep us busy."""


def refused(data: bytes, match: str) -> None:
    began = time.monotonic()
    with pytest.raises(ImportModelError, match=match) as caught:
        load(data, "m")
    assert time.monotonic() - began < LONGEST_S
    assert len(str(caught.value)) < 4000


def chain(length: int, name: str = "", reads: str = "x") -> bytes:
    """Relu after Relu; every node has the same name."""
    nodes = []
    for i in range(length):
        nodes.append(helper.make_node("Relu", [reads], [f"v{i}"], name=name))
        reads = f"v{i}"
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(reads, TensorProto.FLOAT, None)],
    )
    return bytes(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        ).SerializeToString()
    )


@pytest.mark.parametrize(
    "location", ["../weights.bin", "/etc/passwd", "a/../../b", "..\\w", "\x00", "w" * (1 << 20)]
)
def test_weights_elsewhere_are_never_opened(location):
    proto = onnx.load_model_from_string(
        model([step("Conv", "x w", "y")], {"x": (1, 3, 9, 8)}, {"w": random(4, 3, 3, 3)})
    )
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    refused(bytes(proto.SerializeToString()), "another file")


def test_a_long_chain_is_imported():
    began = time.monotonic()
    graph = load(chain(10_000), "m")
    assert time.monotonic() - began < LONGEST_S
    assert len(graph.nodes) == 10_000


def test_a_long_chain_of_nodes_of_one_name():
    began = time.monotonic()
    assert len(load(chain(5_000, name="same"), "m").nodes) == 5_000
    assert time.monotonic() - began < LONGEST_S


def test_a_long_cycle():
    data = onnx.load_model_from_string(chain(10_000))
    data.graph.node[0].input[0] = "v9999"
    refused(bytes(data.SerializeToString()), "cycle")


def test_a_node_that_reads_itself():
    data = onnx.load_model_from_string(chain(1))
    data.graph.node[0].input[0] = "v0"
    refused(bytes(data.SerializeToString()), "cycle")


@pytest.mark.parametrize("length", [1 << 20])
def test_names_of_a_megabyte(length):
    name = "n" * length
    steps = [step("Relu", "x", name), step("Sigmoid", name, "y")]
    graph = load(model(steps, {"x": (1, 4)}), "m")
    assert all(len(n) < 2000 for n in graph.tensors)
    np.testing.assert_allclose(run_ours(graph, [np.zeros((1, 4), np.float32)])[0], 0.5)


def test_an_operator_of_a_long_name():
    refused(model([step("Q" * (1 << 20), "x", "y")], {"x": (1, 4)}), "cannot run")


def test_dimensions_that_say_more_than_there_is():
    proto = onnx.load_model_from_string(model([step("Add", "x w", "y")], {"x": (1, 4)}, {"w": random(4)}))
    proto.graph.initializer[0].dims[0] = 1 << 40
    refused(bytes(proto.SerializeToString()), "says shape")


HUGE = {
    "Tile": ([step("Tile", "x n", "y")], {"n": np.array([1 << 30, 1 << 30])}),
    "Expand": ([step("Expand", "x n", "y")], {"n": np.array([1 << 40, 4])}),
    "Resize": ([step("Resize", "x - s", "y", mode="nearest")], {"s": np.array([1e9, 1e9], np.float32)}),
    "Range": ([step("Range", "a b c", "r"), step("Add", "x r", "y")],
              {"a": np.int64(0), "b": np.int64(1 << 60), "c": np.int64(1)}),
    "Pad reflect": ([step("Pad", "x p", "y", mode="reflect")], {"p": np.array([0, 0, 0, 99])}),
    "Pad edge": ([step("Pad", "x p", "y", mode="edge")], {"p": np.array([0, 0, 0, 1 << 50])}),
    "Gather": ([step("Gather", "x i", "y", axis=1)], {"i": np.array([4])}),
    "Gather below": ([step("Gather", "x i", "y", axis=1)], {"i": np.array([-5])}),
    "Split": ([step("Split", "x s", "y", axis=1)], {"s": np.array([-1])}),
    "CumSum": ([step("CumSum", "x a", "y")], {"a": np.int64(7)}),
    "GroupNormalization": ([step("GroupNormalization", "x w w", "y", num_groups=0)], {"w": random(4)}),
    "LayerNormalization": ([step("LayerNormalization", "x w", "y", axis=9)], {"w": random(4)}),
    "InstanceNormalization": ([step("InstanceNormalization", "x w w", "y")], {"w": random(4)}),
    "ConvTranspose": ([step("ConvTranspose", "x w", "y")], {"w": random(4)}),
    "DepthToSpace": ([step("DepthToSpace", "x", "y", blocksize=0)], {}),
    "LSTM": ([step("LSTM", "x w r", "y", hidden_size=3)], {"w": random(1, 12, 4), "r": random(1, 12, 3)}),
    "GRU": ([step("GRU", "x w r", "y")], {"w": random(2), "r": random(3)}),
    "Trilu": ([step("Reshape", "x s", "v"), step("Trilu", "v", "y")], {"s": np.array([4])}),
    "Gemm": ([step("Gemm", "x w", "y", transA=1)], {"w": random(7, 2)}),
    "MatMul": ([step("MatMul", "x w", "y")], {"w": random(2, 5, 3)}),
    "Where": ([step("Where", "x x x", "y")], {}),
    "Cast": ([step("Cast", "x", "y", to=99)], {}),
    "Pow": ([step("Pow", "x p", "y")], {"p": random(3)}),
    "ArgMax": ([step("ArgMax", "x", "y", axis=5)], {}),
    "QLinearConv": ([step("QLinearConv", "x x x x x x x x", "y")], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_operands_that_do_not_fit(name):
    steps, constants = HUGE[name]
    began = time.monotonic()
    with pytest.raises(NetsukeError) as caught:
        load(model(steps, {"x": (1, 4)}, constants, opset=18), "m")
    assert time.monotonic() - began < LONGEST_S
    assert steps[-1].op in str(caught.value) or steps[0].op in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_a_tree_ensemble_says_that_it_comes_later():
    data = model([step("TreeEnsembleRegressor", "x", "y", domain="ai.onnx.ml")], {"x": (1, 4)})
    with pytest.raises(UnsupportedModel, match="come later"):
        load(data, "m")


def test_control_flow_says_what_to_do():
    body = helper.make_graph([], "b", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(random(1), "unused")],
    )
    data = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    with pytest.raises(UnsupportedModel, match="control flow"):
        load(bytes(data), "m")
