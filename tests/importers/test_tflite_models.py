"""Real models: imported, and our references equal LiteRT's reference kernels tensor by tensor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from netsuke.exporters.tflite import write
from netsuke.importers.tflite import load
from netsuke.ir import Array, DType, Graph
from netsuke.ops.interpret import initial_states, interpret
from tests.importers.models import MLPERF_MODELS, MLPERF_TINY, WAKE_WORDS, LiteRt, blocky, wake_word_folder

INPUTS = 20
needs_mlperf = pytest.mark.skipif(
    not MLPERF_TINY.is_dir(),
    reason="the MLPerf Tiny models lie in ../shared beside a development checkout only",
)

FLOAT_TOLERANCE = 1e-5
"""Relative to the largest output: exp in softmax is another libm's."""
HYBRID_TOLERANCE = 0.1
"""kws_ref_model_float32 holds int8 weights: LiteRT also rounds the activations, we do not."""


def mlperf(name: str) -> tuple[bytes, Graph]:
    data = (MLPERF_TINY / f"{name}.tflite").read_bytes()
    return data, load(data, name)


@needs_mlperf
@pytest.mark.parametrize("name", [n for n in MLPERF_MODELS if "fp32" not in n and "float" not in n])
def test_int8_model_equals_litert(name: str) -> None:
    data, graph = mlperf(name)
    litert, rng = LiteRt(data), np.random.default_rng(1)
    seen = set()
    for step in range(INPUTS):
        x = blocky(graph.tensors[graph.inputs[0]], rng, grain=(1, 2, 5, 12)[step % 4])
        (theirs,) = litert.run(x)
        values = interpret(graph, [x])
        np.testing.assert_array_equal(values.outputs[0], theirs)
        compare_all(values.tensors, litert)
        seen.add(values.tensors[logits_of(graph)].tobytes())
    assert len(seen) >= INPUTS // 2, "the last layer's outputs do not spread: equality would prove little"


def logits_of(graph: Graph) -> str:
    """The tensor before the softmax or sigmoid, which presses most outputs to 0 or 1."""
    return [node.outputs[0] for node in graph.nodes if node.op in ("fully_connected", "conv_2d")][-1]


@needs_mlperf
@pytest.mark.parametrize("name", [n for n in MLPERF_MODELS if "fp32" in n or "float" in n])
def test_float_model_is_close_to_litert(name: str) -> None:
    data, graph = mlperf(name)
    litert, rng = LiteRt(data), np.random.default_rng(2)
    tolerance = HYBRID_TOLERANCE if name == "kws_ref_model_float32" else FLOAT_TOLERANCE
    seen = set()
    for step in range(INPUTS):
        x = blocky(graph.tensors[graph.inputs[0]], rng, grain=(1, 2, 5, 12)[step % 4])
        (theirs,) = litert.run(x)
        (ours,) = interpret(graph, [x]).outputs
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * float(np.abs(theirs).max()))
        seen.add(theirs.tobytes())
    assert len(seen) >= INPUTS // 2


@pytest.mark.parametrize("name", WAKE_WORDS)
def test_streaming_model_equals_litert_step_by_step(name: str) -> None:
    data = (wake_word_folder() / f"{name}.tflite").read_bytes()
    graph = load(data, name)
    assert len(graph.states) == 6
    litert, rng, states = LiteRt(data), np.random.default_rng(5), initial_states(graph)
    kind = graph.tensors[graph.inputs[0]]
    frames = np.repeat(np.repeat(rng.normal(size=(16, 4)), 15, 0), 10, 1) * 90 - 30
    frames = np.clip(np.round(frames + rng.normal(size=frames.shape) * 15), -128, 127).astype(np.int8)
    logits = set()
    for x in frames[: len(frames) // kind.shape[1] * kind.shape[1]].reshape(-1, *kind.shape):
        (theirs,) = litert.run(x)
        values = interpret(graph, [x], states)
        np.testing.assert_array_equal(values.outputs[0], theirs)
        compared = compare_all(values.tensors, litert)
        assert compared > 25
        logits.add(values.tensors[logits_of(graph)].tobytes())
    assert len(logits) > 10, "the last layer's outputs do not spread"


def compare_all(ours: Mapping[str, Array], litert: LiteRt) -> int:
    """Every tensor of that name in both, to the bit; how many there were."""
    theirs = litert.tensors(ours)
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    return len(theirs)


@needs_mlperf
def test_names_are_short_and_the_layers_own() -> None:
    _, graph = mlperf("kws_ref_model")
    assert [node.name for node in graph.nodes] == [
        "conv2d", "depthwise_conv2d", "conv2d_1", "depthwise_conv2d_1", "conv2d_2", "depthwise_conv2d_2",
        "conv2d_3", "depthwise_conv2d_3", "conv2d_4", "average_pooling2d", "flatten", "dense", "softmax",
    ]  # fmt: skip


@needs_mlperf
def test_dynamic_range_model_equals_its_float_export() -> None:
    _, graph = mlperf("kws_ref_model_float32")
    litert, rng = LiteRt(write(graph)), np.random.default_rng(3)
    for grain in (1, 2, 5, 12):
        x = blocky(graph.tensors[graph.inputs[0]], rng, grain)
        (theirs,) = litert.run(x)
        np.testing.assert_allclose(interpret(graph, [x]).outputs[0], theirs, rtol=0, atol=FLOAT_TOLERANCE)


@needs_mlperf
def test_dynamic_range_weights_become_float() -> None:
    _, graph = mlperf("kws_ref_model_float32")
    node = graph.nodes[0]
    weights = graph.tensors[node.inputs[1]]
    assert weights.dtype is DType.FLOAT32
    assert weights.quantization is None


def test_streaming_states_have_names_and_initial_values() -> None:
    graph = load((wake_word_folder() / "okay_nabu.tflite").read_bytes(), "okay_nabu")
    by_name = {state.name: state for state in graph.states}
    assert set(by_name) == {f"stream_{i}/states" for i in range(6, 12)}
    assert by_name["stream_9/states"].type.shape == (1, 12, 1, 64)
    read = next(node for node in graph.nodes if node.op == "read_variable")
    zero_point = graph.tensors[read.outputs[0]].zero_point
    assert (by_name["stream_10/states"].initial == zero_point).all()
