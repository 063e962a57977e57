"""RAM as a contract: planned == linked == the highest byte touched, for every model in every mode, and exact.

Two witnesses: the watched run that every build ends with, and memory painted with two patterns here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from netsuke import pipeline
from netsuke.emulate import Machine
from netsuke.emulate.run import run_one
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Case, Target, Verdict, prove
from netsuke.prove.verdict import raw_inputs
from netsuke.report import BuildResult
from tests.models.places import INT8, mlperf

ONE = BuildOptions(runs=1, targets=(Target.EMULATOR,))
MODES = {
    "speed": ONE,
    "size": replace(ONE, optimize="size"),
    "ram": replace(ONE, optimize="ram"),
    "min": replace(ONE, ram="min"),
}
PATTERNS = (0x5A, 0xA5)
"""Every byte of one differs from the other's: a byte that is written with one of them differs from the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A build, what was proved of it, and its image."""

    result: BuildResult
    case: Case
    verdict: Verdict


def built(name: str, board: str, options: BuildOptions, out: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    seen: list[tuple[Case, Verdict]] = []

    def spy(case: Case, targets: tuple[Target, ...], progress: pipeline.Progress) -> Verdict:
        verdict = prove(case, targets, progress)  # type: ignore[arg-type]
        seen.append((case, verdict))
        return verdict

    monkeypatch.setattr(pipeline, "prove", spy)
    result = build(mlperf(name), board=board, out=out, options=options)
    ((case, verdict),) = seen
    return Built(result=result, case=case, verdict=verdict)


def painted(case: Case) -> tuple[int, int]:
    """(bytes of arena, bytes of stack) that a run changes, seen from the start of the one and the top of the other."""
    image, board = case.image, case.board
    arena, size = image.symbol("nk_arena"), image.objects["nk_arena"]
    low, top = image.symbol("nk_bss_end"), board.ram.end
    (given,) = raw_inputs(case.vectors)
    touched, deep = 0, 0
    for pattern in PATTERNS:
        with Machine(image, board) as machine:
            machine.write(arena, bytes([pattern]) * size)
            machine.write(low, bytes([pattern]) * (top - low))
            outputs = run_one(machine, case.io, given, reset=True)
            assert outputs == tuple(y.tobytes() for y in case.vectors[0].outputs)
            left = machine.read(arena, size).rstrip(bytes([pattern]))
            stack = machine.read(low, top - low).lstrip(bytes([pattern]))
        touched, deep = max(touched, len(left)), max(deep, len(stack))
    return touched, deep


def hold(made: Built, *, pushed: int = 0) -> None:
    """The contract. pushed: bytes of an input whose rows are pushed: the test's own, beside the model's memory."""
    assert made.result.exact, made.result.first_difference
    run, plan, image = made.verdict.measured, made.case.project.plan, made.case.image
    assert run is not None
    planned = plan.arena_bytes
    assert planned == made.result.arena_bytes == max(buffer.end for buffer in plan.buffers)
    assert planned == image.objects["nk_arena"] == run.arena_bytes
    assert planned == run.arena_touched_bytes
    assert run.stray_writes == ()
    touched, stack = painted(made.case)
    # An output's last bytes, or an input's, may be what pads the arena to a whole word: four at most.
    assert planned - 4 < touched <= planned
    assert made.result.stack_bytes is not None
    assert made.result.stack_bytes - 64 <= stack <= made.result.stack_bytes
    assert made.result.ram_bytes == image.ram_bytes - pushed + made.result.stack_bytes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", INT8)
def test_every_model_in_every_mode(
    name: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(built(name, "nucleo-l4r5zi", MODES[mode], tmp_path / "out", monkeypatch))


@pytest.mark.parametrize("board", ["nucleo-g0b1re", "esp32-c3"])
@pytest.mark.parametrize("name", INT8)
def test_every_model_on_cores_without_simd(
    name: str, board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(built(name, board, ONE, tmp_path / "out", monkeypatch))
