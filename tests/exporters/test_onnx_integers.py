"""Integer graphs as .onnx files: the same operators come back, with the same bytes, and onnxruntime agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from netsuke.compress.recipe import Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.demo import load_digits, model_file
from netsuke.errors import UnsupportedModel
from netsuke.exporters.onnx import write
from netsuke.exporting import written
from netsuke.importers.loading import load as load_file
from netsuke.importers.onnx import load
from netsuke.ir import Array, DType, Graph
from netsuke.ops.float_tables import TABLES
from netsuke.ops.interpret import interpret
from netsuke.prove.stimuli import random_inputs
from tests.importers.onnx.models import model, ops, random, step
from tests.ops.case import Case
from tests.ops.grid import by_operator


def integer_cases(op: str, at_most: int = 24) -> list[Case]:
    """Of int8, spread over the grid."""
    graphs = [c for c in by_operator()[op] if c.graph.inputs]
    found = [c for c in graphs if c.graph.tensors[c.graph.inputs[0]].dtype is DType.INT8]
    return found[:: max(1, len(found) // at_most)]


def under_onnxruntime(graph: Graph, inputs: tuple[Array, ...]) -> list[Array]:
    """Every output, node by node in float32."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(write(graph), options)
    return list(session.run(None, dict(zip(graph.inputs, inputs, strict=True))))


RECURRENT = [
    c
    for op in ("gru", "lstm")
    for c in integer_cases(op, 60)
    if not getattr(c.graph.nodes[0].args, "cell_clip", 0)
]
STEEP = ("gain30", "gain1000", "states")
"""Cases whose gates leave the 16 bits, or read a state at once."""


@pytest.mark.parametrize("case", RECURRENT, ids=lambda case: case.id)
def test_recurrent_layers(case: Case) -> None:
    """Where gates are as steep as in these cases onnxruntime, whose state is float32, goes its own way behind the first
    step; networks are compared in test_recurrent_files.py."""
    inputs = random_inputs(case.graph, 3, seed=0)
    data, _ = written(case.graph, Path("m.onnx"), inputs)
    op = case.graph.nodes[0].op
    assert op.upper() in {node.op_type for node in onnx.load_from_string(data).graph.node}
    assert [o for o in ops(load(data, "again")) if o not in ("transpose", "reshape")] == [op]
    if any(words in case.id for words in STEEP):
        return
    for x in inputs:
        theirs, ours = under_onnxruntime(case.graph, x)[0], interpret(case.graph, x).outputs[0]
        assert np.abs(theirs[:, 0].astype(int) - ours[:, 0].astype(int)).max() <= 1


def test_a_clipped_cell_state_is_refused() -> None:
    case = next(c for c in integer_cases("lstm", 1000) if c.graph.nodes[0].args.cell_clip)  # type: ignore[attr-defined]
    with pytest.raises(UnsupportedModel, match="clips its cell state at"):
        write(case.graph)


@pytest.mark.parametrize("case", integer_cases("normalize"), ids=lambda case: case.id)
def test_normalisation(case: Case) -> None:
    inputs = random_inputs(case.graph, 3, seed=0)
    data, _ = written(case.graph, Path("m.onnx"), inputs)
    names = {node.op_type for node in onnx.load_from_string(data).graph.node}
    assert names & {"LayerNormalization", "RMSNormalization"}
    again = load(data, "again")
    assert set(ops(again)) <= {"normalize", "transpose", "reshape"}
    for x in inputs:
        (theirs,), ours = under_onnxruntime(case.graph, x), interpret(case.graph, x).outputs[0]
        assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= 1


@pytest.mark.parametrize("op", sorted(TABLES))
def test_functions_that_are_tables(op: str) -> None:
    for case in integer_cases(op, 6):
        inputs = random_inputs(case.graph, 3, seed=0)
        data, _ = written(case.graph, Path("m.onnx"), inputs)
        assert [o for o in ops(load(data, "again")) if o not in ("transpose", "reshape")] == [op], case.id
        for x in inputs:
            (theirs,), ours = under_onnxruntime(case.graph, x), interpret(case.graph, x).outputs[0]
            # What has no root and no logarithm is no number there, and 0 or the least one here.
            known = (
                x[0] > case.graph.tensors[case.graph.inputs[0]].zero_point if op in ("log", "sqrt") else True
            )
            assert np.abs(theirs.astype(int) - ours.astype(int)).max(where=known, initial=0) <= 1, case.id


@pytest.mark.parametrize("whole", [True, False])
def test_a_function_that_was_left_in_float_stays_so(whole: bool) -> None:
    """A DEQUANTIZE of the graph is told from one that is read as part of an integer operator."""
    steps = [step("Gemm", "x w", "h", transB=1), step("Gelu", "h", "g"), step("Gemm", "g w", "y", transB=1)]
    real = load(model(steps, {"x": (1, 6)}, {"w": random(6, 6, seed=1)}, opset=20), "net")
    recipe = Recipe() if whole else Recipe(float32=("gelu",))
    graph = quantize_by(real, ArraySamples(arrays=(random(16, 1, 6, seed=3),)), recipe).graph
    data, _ = written(graph, Path("net.onnx"), random_inputs(graph, 8, seed=2))
    again = load(data, "again")
    assert ops(again) == ops(graph)
    assert ("dequantize" in ops(again)) is not whole


WIDE = (
    *(
        "add",
        "average_pool_2d",
        "batch_matmul",
        "conv_2d",
        "depthwise_conv_2d",
        "fully_connected",
        "leaky_relu",
    ),
    *(
        "logistic",
        "max_pool_2d",
        "maximum",
        "mean",
        "mul",
        "relu",
        "resize_bilinear",
        "softmax",
        "sub",
        "tanh",
    ),
)
NOT_SAID = ("bias32", "pot1", "int8-int16", "beta")
"""Forms that ONNX cannot say: sums of 32 bits, scales that are powers of two, softmax by a table, or with a factor."""
OTHERS = {
    "mul-int16-scalar-scalar",
    "mean-int16-6-a-keep-q0.5,0to0.625,0",
    "depthwise_conv_2d-s16-5x4x1-o1-k3x3-s1x1-same",
}
"""Cases of one element, of no axes and of one channel, which come back as simpler ones."""
COARSE = {"resize_bilinear": 400, "softmax": 100, "tanh": 2}
"""Steps that LiteRT's int16 kernels may be off: weights of 10 bits; functions between 512 or 256 points."""


def wide_cases(op: str) -> list[Case]:
    """Of int16, a few of each operator."""
    graphs = [c for c in by_operator()[op] if c.graph.inputs and not any(words in c.id for words in NOT_SAID)]
    found = [c for c in graphs if c.graph.tensors[c.graph.outputs[0]].dtype is DType.INT16]
    return [c for c in found[:: max(1, len(found) // 6)] if c.id not in OTHERS]


@pytest.mark.parametrize("case", [c for op in WIDE for c in wide_cases(op)], ids=lambda case: case.id)
def test_int16(case: Case) -> None:
    inputs = random_inputs(case.graph, 2, seed=0)
    data, _ = written(case.graph, Path("m.onnx"), inputs)
    again, op = load(data, "again"), case.graph.nodes[0].op
    # A pool's clamp is a maximum and a minimum.
    assert [o for o in ops(again) if o not in ("transpose", "reshape")][:1] == [op]
    assert {again.tensors[n.outputs[0]].dtype for n in again.nodes} == {DType.INT16}
    for x in inputs:
        (theirs,), ours = under_onnxruntime(case.graph, x), interpret(case.graph, x).outputs[0]
        assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= COARSE.get(op, 1)


def test_sums_of_32_bits_beside_int16_are_refused() -> None:
    case = next(c for c in by_operator()["conv_2d"] if "s16-bias32" in c.id)
    with pytest.raises(UnsupportedModel, match=r"sums of 32 bits, which \.onnx cannot say; write \.tflite"):
        write(case.graph)


@pytest.mark.parametrize("wide", ["all", "depthwise", "classifier"])
def test_a_network_with_int16_in_places_comes_back_layer_by_layer(wide: str) -> None:
    digits = load_digits().calibration.images[:16]
    real = load_file(model_file())
    recipe = Recipe(int16=(wide,), weights_4=("deep",))
    graph = quantize_by(real, ArraySamples(arrays=(digits,)), recipe).graph
    data, _ = written(graph, Path("digits.onnx"), random_inputs(graph, 2, seed=1))
    again = load(data, "digits")
    layers = [[(n.op, g.tensors[n.outputs[0]].dtype) for n in g.nodes] for g in (graph, again)]
    assert layers[0] == layers[1]
    assert ("quantize", DType.INT16) in layers[0] or ("quantize", DType.INT8) in layers[0]
