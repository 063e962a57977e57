"""The demo's model changed at random: refused, or computed as onnxruntime computes it."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime.capi import onnxruntime_pybind11_state as state

from netsuke.demo import model_file
from netsuke.errors import NetsukeError, UnsupportedModel
from netsuke.exporters.onnx import write
from netsuke.importers.onnx import load
from tests.importers.onnx.models import channels_last, run_onnx, run_ours, samples
from tests.ops.grid import by_operator

OTHER_OPS = [
    "Add",
    "Cast",
    "Clip",
    "Concat",
    "Conv",
    "Div",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalMaxPool",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Pad",
    "PRelu",
    "ReduceMean",
    "Relu",
    "Shape",
    "Slice",
    "Softmax",
    "Split",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
]
ATTRIBUTES = (
    "axis",
    "axes",
    "perm",
    "pads",
    "group",
    "strides",
    "keepdims",
    "auto_pad",
    "ceil_mode",
    "transB",
)
VALUES = (0, 1, -1, 3, 2.5, "SAME_UPPER", [0, 1], [1, 1], [1, 1, 1, 1], [0, 2, 3, 1])
REFUSALS = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.NotImplemented,
    state.RuntimeException,
)
SIZES = (-1, 0, 1, 2, 3, 7, 1 << 20, 1 << 40)


def change(model: onnx.ModelProto, chance: random.Random) -> None:
    """One change of one kind."""
    graph, node = model.graph, chance.choice(model.graph.node)
    kind = chance.randrange(7)
    if kind == 0:
        node.op_type = chance.choice(OTHER_OPS)
    elif kind == 1 and node.input:
        names = [t.name for t in graph.initializer] + [name for n in graph.node for name in n.output] + [""]
        node.input[chance.randrange(len(node.input))] = chance.choice(names)
    elif kind == 2:
        node.attribute.append(helper.make_attribute(chance.choice(ATTRIBUTES), chance.choice(VALUES)))
    elif kind == 3 and node.attribute and chance.choice(node.attribute).ints:
        ints = next(a.ints for a in node.attribute if a.ints)
        ints[chance.randrange(len(ints))] = chance.choice(SIZES)
    elif kind == 4:
        tensor = chance.choice(graph.initializer)
        tensor.dims[chance.randrange(len(tensor.dims))] = chance.choice(SIZES)
    elif kind == 5:
        graph.input[0].type.tensor_type.shape.dim[chance.randrange(4)].dim_value = chance.choice(SIZES[:6])
    elif kind == 6 and node.input:
        del node.input[chance.randrange(len(node.input))]


def outcome(data: bytes) -> str:
    """'refused', 'agrees' with onnxruntime, or 'alone' when that refuses what we take."""
    try:
        graph = load(data, "m")
    except NetsukeError:
        return "refused"
    inputs = samples(data)
    try:
        wanted = run_onnx(data, inputs)
    except REFUSALS:
        return "alone"
    given = [channels_last(v) for v in inputs.values()]
    with np.errstate(all="ignore"):
        results = run_ours(graph, given)
    for got, value in zip(results, wanted, strict=True):
        expected = channels_last(value) if got.ndim >= 3 else value
        np.testing.assert_allclose(got.reshape(-1), expected.reshape(-1), rtol=1e-3, atol=1e-4)
    return "agrees"


@pytest.mark.parametrize("seed", range(4))
def test_changed_models_are_refused_or_agree(seed):
    chance, seen = random.Random(seed), Counter()
    for _ in range(150):
        model = onnx.load(model_file())
        for _ in range(chance.randint(1, 2)):
            change(model, chance)
        seen[outcome(model.SerializeToString())] += 1
    assert seen["refused"] > 60
    assert seen["agrees"] > 10


QUANTISED = (
    ("gru", "int8-1x3x4-4"),
    ("lstm", "states"),
    ("normalize", "int8"),
    ("conv_2d", "s16"),
    ("add", "int16"),
)


@pytest.mark.parametrize(("op", "words"), QUANTISED)
def test_changed_files_of_integer_operators_are_refused_or_imported(op, words):
    case = next(c for c in by_operator()[op] if words in c.id)
    data, chance, seen = write(case.graph), random.Random(7), Counter()
    for _ in range(60):
        model = onnx.load_from_string(data)
        try:
            change(model, chance)
        except (IndexError, ValueError):  # there is nothing of the kind to change
            continue
        try:
            load(model.SerializeToString(), "m")
            seen["imported"] += 1
        except NetsukeError:
            seen["refused"] += 1
    assert min(seen["refused"], seen["imported"]) > 3


def test_an_attribute_that_the_layout_of_an_input_asks_for():
    """The error of a node that is looked at before its turn is an error of the model too."""
    case = next(c for c in by_operator()["conv_2d"] if "s8" in c.id)
    model = onnx.load_from_string(write(case.graph))
    turn = next(n for n in model.graph.node if n.op_type == "Transpose")
    del turn.attribute[:]
    turn.attribute.append(helper.make_attribute("perm", 3))
    with pytest.raises(UnsupportedModel, match="attribute perm is int"):
        load(model.SerializeToString(), "m")
