"""One image on three cores: Cortex-M7 and M33 execute exactly what the M4 does, to the instruction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.bench.budgets import budget_file, read_budgets
from netsuke.bench.measure import stimulus
from netsuke.boards import board, core
from netsuke.codegen import make_project
from netsuke.emulate import build_image, run_emulated
from netsuke.importers.loading import load
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import make_plan
from netsuke.prove import model_io
from tests.models.places import mlperf

M4 = "nucleo-l4r5zi"
ALIKE = {"nucleo-f746zg": 1.01, "nucleo-u575zi-q": 1.0}
"""Board → the most of the M4's instructions that a build of its own may take: kernels are chosen by the core's own
cycles, and the compiler orders the C around their assembly for it."""


@pytest.mark.parametrize("name", ["kws_ref_model", "ad01_int8"])
def test_the_same_image_takes_as_many_instructions_on_an_m7_and_an_m33(name: str, tmp_path: Path) -> None:
    here = board(M4)
    graph = load(mlperf(name))
    project = make_project(make_plan(bind(lower(graph).graph, here.core.isa)), name=name)
    project.write(tmp_path)
    sources = [tmp_path / source for source in project.sources]
    image = build_image(
        sources, board=here, out=tmp_path / "m.elf", include=(tmp_path,), defines={"NK_NO_VECTORS": ""}
    )
    inputs = [[stimulus(graph.tensors[tensor]).tobytes() for tensor in graph.inputs]]
    runs = [
        run_emulated(image, replace(here, core=core(other)), model_io(project), inputs)
        for other in ("cortex-m4", "cortex-m7", "cortex-m33")
    ]
    assert len({run.instructions for run in runs}) == 1
    assert len({run.outputs for run in runs}) == 1


@pytest.mark.parametrize("other", sorted(ALIKE))
def test_builds_for_m7_and_m33_take_as_many_instructions_as_for_the_m4(other: str) -> None:
    held = {(entry.board, entry.model): entry.instructions for entry in read_budgets(budget_file()).entries}
    models = [model for name, model in held if name == M4]
    assert len(models) >= 5
    for model in models:
        assert held[other, model] <= ALIKE[other] * held[M4, model], model
