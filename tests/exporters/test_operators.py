"""Every operator alone, in forms of the conformance grid, written and read back: the same bytes or a clear refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.errors import UnsupportedModel
from netsuke.exporters.onnx.write import ENCODERS
from netsuke.exporters.tflite.write import encoders
from netsuke.exporting import written
from netsuke.ops.registry import operators
from netsuke.prove.stimuli import random_inputs
from tests.ops.case import Case
from tests.ops.grid import by_operator

AT_MOST = 14
"""Cases of an operator, spread over its grid."""
VARIABLES = {"assign_variable", "read_variable"}
REFUSED_TFLITE = ("TFLite has no other amounts", "normalisation of integers", "hidden states only", "state")
REFUSED_ONNX = (
    "sums of 32 bits, which .onnx cannot say",
    "clips its cell state",
    "one of int16 that is 0",
    "is a constant; cut it from the model",
    "not numbers (NaN)",
)
OTHERWISE = "computes something else"
"""Some integer forms ONNX cannot say (a root that is cut, say): read back they differ, and nothing is written."""
CONSTANT_CASES = {"div", "hard_swish", "log", "pow", "rsqrt", "sqrt"}
"""Operators whose cases all have constant operands, which ONNX's importer folds, or are such integers."""


def cases_of(op: str) -> tuple[Case, ...]:
    found = [c for c in by_operator().get(op, ()) if "int64" not in c.id or op == "arg_max"]
    return tuple(found[:: max(1, len(found) // AT_MOST)])


@pytest.mark.parametrize("op", sorted(set(operators()) & {*encoders(), *VARIABLES}))
def test_tflite(op: str) -> None:
    assert tried(op, ".tflite", REFUSED_TFLITE)


@pytest.mark.parametrize("op", sorted(set(operators()) & set(ENCODERS)))
def test_onnx(op: str) -> None:
    assert tried(op, ".onnx", REFUSED_ONNX) or op in CONSTANT_CASES


def tried(op: str, ending: str, refusals: tuple[str, ...]) -> int:
    """How many cases were written."""
    count = 0
    for case in cases_of(op):
        try:
            written(case.graph, Path(f"m{ending}"), random_inputs(case.graph, 2, seed=0))
        except UnsupportedModel as error:
            whole = any(t.quantization is not None for t in case.graph.tensors.values())
            # ONNX does not say what a Cast of a number beyond the integers gives.
            differs = ending == ".onnx" and (whole or case.id == "cast-beyond")
            known = (*refusals, OTHERWISE) if differs else refusals
            if not any(words in str(error) for words in known):
                raise AssertionError(case.id) from error
        else:
            count += 1
    return count


@pytest.mark.parametrize(
    ("op", "ending", "words"),
    [
        ("erf", ".tflite", "cannot be written to .tflite; these can"),
        ("read_variable", ".onnx", "ONNX has no variables. Write .tflite"),
    ],
)
def test_what_a_format_cannot_hold(op: str, ending: str, words: str) -> None:
    graph = cases_of(op)[0].graph
    with pytest.raises(UnsupportedModel, match=words):
        written(graph, Path(f"m{ending}"), random_inputs(graph, 1, seed=0))
