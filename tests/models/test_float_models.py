"""The float32 MLPerf Tiny models: within a few ulp of LiteRT's reference, and our own forms equal to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netsuke.exporters.tflite import write
from netsuke.importers.loading import load
from netsuke.ops import interpret
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from tests.models.oracle import Oracle, spread_inputs
from tests.models.places import FLOAT, mlperf

ULP = 8
"""SOFTMAX may differ by this, by its exponential, relative to the largest output; all sums are equal to the bit."""


@pytest.mark.parametrize("name", FLOAT)
def test_reference_is_litert_but_for_the_exponential(name: str, tmp_path: Path) -> None:
    """kws_ref_model_float32 stores int8 weights with float activations. LiteRT quantises its activations on the fly,
    netsuke computes in float32 with the weights' real values: it is compared with LiteRT on those, exported."""
    graph, path = load(mlperf(name)), mlperf(name)
    if name == "kws_ref_model_float32":
        path = tmp_path / "exported.tflite"
        path.write_bytes(write(graph))
    oracle = Oracle(path)
    for x in spread_inputs(graph, oracle, 8, candidates=40):
        got, wanted = interpret(graph, x).outputs[0], oracle(x)[0]
        if name == "ad01_fp32":
            np.testing.assert_array_equal(got, wanted)
        else:
            np.testing.assert_allclose(got, wanted, rtol=0, atol=ULP * np.spacing(np.float32(wanted.max())))


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "nucleo-h7a3zi-q"])
@pytest.mark.parametrize("name", ["kws_ref_model_float32", "ad01_fp32"])
def test_c_is_exact(name: str, board: str, tmp_path: Path) -> None:
    graph = load(mlperf(name))
    result = build(
        graph, board=board, out=tmp_path / "out", options=BuildOptions(targets=(Target.HOST, Target.EMULATOR))
    )
    assert result.exact, result.first_difference
