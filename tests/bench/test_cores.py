"""What holds across cores and compilers: one image on M4, M7 and M33, gcc beside clang, RAM beside the live tensors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.bench.budgets import budget_file, read_budgets
from netsuke.bench.figures import BEHIND
from netsuke.bench.measure import SMALLEST_ON, measure, stimulus
from netsuke.bench.models import MLPERF_TINY, TASKS
from netsuke.boards import board, core
from netsuke.codegen import make_project
from netsuke.emulate import available_compilers, build_image, run_emulated
from netsuke.importers.loading import load
from netsuke.lower import lower
from netsuke.plan import make_plan
from netsuke.prove import model_io
from netsuke.tune import Tuner
from tests.models.places import INT8, mlperf

M4 = "nucleo-l4r5zi"
ALIKE = {"nucleo-f746zg": 1.01, "nucleo-u575zi-q": 1.0}
"""Board → the most of the M4's instructions that a build of its own may take: kernels are chosen by the core's own
cycles, and the compiler orders the C around their assembly for it."""
LIVE = {"kws": 16_000, "vww": 55_296, "ic": 49_152, "ad": 768, "sww": 6_656}
"""The most bytes of tensors that are live at once, none sharing any with another: what plain kernels need."""
CODE_BYTES = {"speed": 24_000, "size": 10_000}
LARGE = {"vww_96_int8", "pretrainedResnet_quant"}
"""Take longer to build with another compiler."""


@pytest.mark.parametrize("name", INT8)
def test_the_same_image_takes_as_many_instructions_on_an_m7_and_an_m33(name: str, tmp_path: Path) -> None:
    """The M4's own, with the kernels that its counts choose."""
    here = board(M4)
    graph = load(mlperf(name))
    project = make_project(make_plan(Tuner(lower(graph).graph, here.core).program("speed")), name=name)
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
    models = [model for name, model in held if name == M4 and (other, model) in held]
    assert len(models) >= 5
    for model in models:
        assert held[other, model] <= ALIKE[other] * held[M4, model], model


def test_no_board_needs_more_ram_than_the_live_tensors() -> None:
    held = {(entry.board, entry.model): entry.arena_bytes for entry in read_budgets(budget_file()).entries}
    known = {key: value for key, value in held.items() if key[1].split(",")[0] in LIVE}
    assert {model for _, model in known} >= set(LIVE)
    assert {key: value for key, value in known.items() if value > LIVE[key[1].split(",")[0]]} == {}


def test_code_is_held_at_both_goals() -> None:
    held = {
        entry.model: entry.flash_code_bytes
        for entry in read_budgets(budget_file()).entries
        if entry.board in SMALLEST_ON
    }
    for task in TASKS:
        assert held[task] <= CODE_BYTES["speed"]
        assert held[f"{task}, size"] <= CODE_BYTES["size"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in INT8]
)
def test_gcc_and_clang_are_not_far_apart(name: str) -> None:
    """On the M4; the packaged clang's cycles are those of the budgets, which a fresh build is held to elsewhere."""
    here = board(M4)
    if "gcc" not in available_compilers(here.core):
        pytest.skip("no gcc for the core is on the PATH")
    task = MLPERF_TINY[name]
    clang = next(e.cycles for e in read_budgets(budget_file()).entries if (e.board, e.model) == (M4, task))
    gcc = measure(task, load(mlperf(name)), here, "gcc").result.cycles
    assert gcc is not None
    assert max(gcc, clang) <= (1 + BEHIND) * min(gcc, clang)
