"""Graphs written as .onnx: onnxruntime computes them, and netsuke reads its own files back as the same graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from netsuke.errors import UnsupportedModel
from netsuke.exporters.onnx import write
from netsuke.importers.loading import load_onnx
from netsuke.importers.tflite import load as load_tflite
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret
from tests.models.places import INT8, mlperf, wake_word

FLOAT = ("ad01_fp32", "pretrainedResnet_float", "vww_96_float")


def loaded(name: str) -> Graph:
    return load_tflite(mlperf(name).read_bytes(), name)


def feed(graph: Graph, seed: int) -> Array:
    kind = graph.tensors[graph.inputs[0]]
    random = np.random.default_rng(seed)
    if kind.dtype.is_integer:
        return random.integers(-128, 128, kind.shape).astype(kind.dtype.numpy)
    return random.normal(size=kind.shape).astype(np.float32)


def run_onnx(data: bytes, graph: Graph, x: Array) -> Array:
    """In float32, node by node: fused into int8 products, onnxruntime saturates sums of pairs on some processors."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(data, options)
    found: Array = session.run(None, {graph.inputs[0]: x})[0]
    return found


@pytest.mark.parametrize("name", INT8)
def test_integers_come_back_exactly(name: str) -> None:
    graph = loaded(name)
    again = load_onnx(write(graph), Path(f"{name}.onnx"))
    for seed in range(2):
        x = feed(graph, seed)
        ours, theirs = interpret(graph, [x]).outputs[0], interpret(again, [x]).outputs[0]
        np.testing.assert_array_equal(ours, theirs.reshape(ours.shape))


@pytest.mark.parametrize("name", INT8)
def test_onnxruntime_is_a_few_steps_away_at_most(name: str) -> None:
    """It computes in float32. Behind a softmax one step of a logit becomes many: the logits are compared."""
    graph = loaded(name)
    *others, last = graph.nodes
    if last.op == "softmax":
        graph = graph.with_(nodes=tuple(others), outputs=(last.inputs[0],))
    data = write(graph)
    for seed in range(2):
        x = feed(graph, seed)
        ours, theirs = interpret(graph, [x]).outputs[0], run_onnx(data, graph, x)
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 6


@pytest.mark.parametrize("name", FLOAT)
def test_float_models_agree_with_onnxruntime(name: str) -> None:
    graph = loaded(name)
    x = feed(graph, 0)
    ours = interpret(graph, [x]).outputs[0]
    np.testing.assert_allclose(run_onnx(write(graph), graph, x), ours, rtol=1e-4, atol=1e-4)


def test_a_run_of_convolutions_has_no_transposes_inside() -> None:
    import onnx

    model = onnx.load_from_string(write(loaded("kws_ref_model")))
    assert sum(node.op_type == "Transpose" for node in model.graph.node) <= 2


def test_states_are_refused() -> None:
    graph = load_tflite(wake_word("okay_nabu").read_bytes(), "okay_nabu")
    with pytest.raises(UnsupportedModel, match=r"ONNX has no variables. Write \.tflite"):
        write(graph)
