"""LSTM and GRU as one operator, and unrolled where a file is to be written that has no such operator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netsuke.importers.loading import load, load_for_file
from netsuke.ops.interpret import interpret

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def saved(folder: Path, op: str, **attributes: object) -> Path:
    """One layer of 5 cells over 7 steps of 3 features."""
    random = np.random.default_rng(0)
    rows = GATES[op] * 5
    given = {"w": (1, rows, 3), "r": (1, rows, 5), "b": (1, 2 * rows)}
    constants = [
        numpy_helper.from_array(random.normal(0, 0.5, s).astype(np.float32), n) for n, s in given.items()
    ]
    node = helper.make_node(op, ["x", *given], ["y"], hidden_size=5, **attributes)
    ports = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        for n, s in (("x", (7, 1, 3)), ("y", (7, 1, 1, 5)))
    ]
    graph = helper.make_graph([node], "layer", ports[:1], ports[1:], constants)
    path = folder / f"{op}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


KINDS = {
    "lstm": ("LSTM", {}, True),
    "gru": ("GRU", {"linear_before_reset": 1}, True),
    "gru before": ("GRU", {}, False),
    "lstm clip": ("LSTM", {"clip": 2.0}, False),
    "rnn": ("RNN", {}, False),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_becomes_one_operator(name: str, tmp_path: Path) -> None:
    op, attributes, whole = KINDS[name]
    path = saved(tmp_path, op, **attributes)
    graph, steps = load(path), load(path, unrolled=True)
    assert [n.op for n in graph.nodes if n.op == op.lower()] == [op.lower()] * whole
    assert not any(n.op == op.lower() for n in steps.nodes)
    x = np.random.default_rng(1).normal(size=(7, 1, 3)).astype(np.float32)
    found = [interpret(g, [x.reshape(g.tensors[g.inputs[0]].shape)]).outputs[0] for g in (graph, steps)]
    np.testing.assert_allclose(*found, atol=2e-6)


def test_tflite_has_no_gru(tmp_path: Path) -> None:
    for op, whole in (("GRU", (False, False, True)), ("LSTM", (True, True, True))):
        path = saved(tmp_path, op, **({"linear_before_reset": 1} if op == "GRU" else {}))
        for out, kept in zip((None, Path("a.tflite"), Path("a.onnx")), whole, strict=True):
            assert any(n.op == op.lower() for n in load_for_file(path, out).nodes) is kept
