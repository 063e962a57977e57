"""Whole models exported: read back to the byte, under LiteRT to the byte, under onnxruntime within one step a layer.

onnxruntime computes a QDQ model in float32 and rounds halves to even; our kernels (and TFLite's) multiply by 31-bit
fixed-point numbers and round halves away from zero. Over a whole model such differences add up, and behind a softmax
become many steps. So each layer is compared by itself: it gets the integers that our reference gives the layer, and
its result may be one step of the output's scale off. Float layers (between DequantizeLinear and QuantizeLinear) may be
off by what another order of float32 sums gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from netsuke.exporters import write_tflite
from netsuke.exporters.onnx import write as write_onnx
from netsuke.exporting import written
from netsuke.ir import Array, Graph, Node
from netsuke.ops.interpret import interpret
from netsuke.prove.stimuli import random_inputs
from tests.compress.litert import litert_outputs
from tests.exporters.graphs import MODELS, integer_model, real_network

ort.set_default_logger_severity(3)


@pytest.mark.parametrize("ending", [".tflite", ".onnx"])
@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_is_read_back_gives_our_bytes(name: str, ending: str) -> None:
    graph = integer_model(name)
    data, layers = written(graph, Path(f"m{ending}"), random_inputs(graph, 2, seed=3))
    assert len(data) > 1000
    assert layers >= len(graph.nodes) - 8


@pytest.mark.parametrize("name", ["mbconv_se", "transformer", "tcn"])
def test_float_networks_too(name: str) -> None:
    """Clamps that TFLite has no activation for, and normalisation, become several operators."""
    graph, samples = real_network(name)
    given = [(x.reshape(graph.tensors[graph.inputs[0]].shape),) for x in samples.arrays[0][:2]]
    for ending in (".tflite", ".onnx"):
        written(graph, Path(f"m{ending}"), given)


@pytest.mark.parametrize("name", MODELS)
def test_litert_gives_our_bytes(name: str) -> None:
    graph = integer_model(name)
    stored = [x[0] for x in random_inputs(graph, 6, seed=5)]
    ours = np.stack([interpret(graph, [x]).outputs[0] for x in stored])
    np.testing.assert_array_equal(ours, litert_outputs(write_tflite(graph), stored))


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_is_within_one_step_under_onnxruntime(name: str) -> None:
    graph = integer_model(name)
    values = interpret(graph, random_inputs(graph, 2, seed=5)[1]).tensors
    apart, elements = 0, 0
    for node in graph.nodes:
        for ours, theirs in layer_outputs(graph, node, values):
            if ours.dtype == np.float32:
                np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5, err_msg=node.name)
                continue
            steps = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
            assert steps.max() <= 1, f"{node.op} {node.name!r}: {steps.max()} steps"
            apart, elements = apart + int(steps.sum()), elements + steps.size
    assert apart <= 0.02 * elements, "only values near the middle between two steps may differ"


def layer_outputs(graph: Graph, node: Node, values: dict[str, Array]) -> Iterator[tuple[Array, Array]]:
    """(ours, onnxruntime's) for every output of one layer, each fed with our integers."""
    inputs = tuple(dict.fromkeys(n for n in node.inputs if n and graph.tensors[n].data is None))
    alone = Graph(
        name="layer", tensors=graph.tensors, nodes=(node,), inputs=inputs, outputs=node.outputs
    ).with_(nodes=(node,))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(write_onnx(alone), options, providers=["CPUExecutionProvider"])
    found = session.run(None, {n: values[n] for n in inputs})
    yield from zip([values[n] for n in node.outputs], found, strict=True)
