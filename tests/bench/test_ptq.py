"""Float MLPerf Tiny models quantised by netsuke are at least as near to float as the reference int8 files."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.bench.models import default_folder
from netsuke.bench.ptq import KWS_AT_LEAST, RECIPES, TASKS, files_there, outcome, ptq_sheet
from netsuke.bench.ptq_data import keywords, machine_sounds, pictures
from netsuke.bench.sheet import markdown_table
from netsuke.compress import Recipe, quantize_by, quantize_inputs
from netsuke.compress.recipe import silent
from netsuke.exporters import write_tflite
from netsuke.ops.interpret import interpret
from netsuke.quantization import float_graph
from tests.compress.litert import litert_outputs

COUNTS = {"kws": 500, "vww": 24, "ic": 48, "ad": 64}
PLAIN, BETTER = (dict([pair]) for pair in RECIPES.items())


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.key)
def test_as_near_to_float_as_the_reference(task):
    if not files_there(default_folder()):
        pytest.skip("the shared folder with the MLPerf Tiny models is not beside this checkout")
    if task.key == "kws" and keywords(default_folder().parents[1]) is None:
        pytest.skip("the official keyword inputs are not beside this checkout")
    recipe = (
        PLAIN if task.key == "kws" else BETTER
    )  # few samples of the others: plain ranges win by half a decibel only
    found = outcome(task, COUNTS[task.key], recipe, silent)
    reference, ours = found.scores
    assert ours.mean_db >= reference.mean_db
    assert found.passed
    if task.key == "kws":
        assert found.samples == 500
        assert ours.accuracy >= KWS_AT_LEAST
    assert task.key in markdown_table(ptq_sheet([found]))


def test_made_up_inputs_are_the_same_each_time_and_differ_by_seed():
    for make in (lambda seed: pictures(3, 16, 255.0, seed), lambda seed: machine_sounds(9, seed)):
        (one,), (two,), (other,) = (make(seed).arrays for seed in (1, 1, 2))
        assert (one == two).all()
        assert (one != other).any()
        assert np.isfinite(one).all()
        assert one.dtype == np.float32


@pytest.mark.parametrize(
    "recipe", [Recipe(), Recipe(equalize=True, int16=("conv2d_2", "dense"))], ids=["int8", "mixed"]
)
def test_litert_gives_our_bytes(recipe):
    found = keywords(default_folder().parents[1])
    if found is None or not files_there(default_folder()):
        pytest.skip("the shared folder with the keyword model and inputs is not beside this checkout")
    graph = float_graph(default_folder() / "kws_ref_model_float32.tflite")
    done = quantize_by(graph, found.part(slice(0, None, 16)), recipe)
    stored = [quantize_inputs(done.graph, [x[None]])[0] for x in found.arrays[0][:40]]
    ours = np.stack([interpret(done.graph, [x]).outputs[0] for x in stored])
    assert (ours == litert_outputs(write_tflite(done.graph), stored)).all()
    assert len(np.unique(ours)) > 8
