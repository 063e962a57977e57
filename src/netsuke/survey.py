"""Every worthwhile schedule of a model for a board: planned, and then built, run and counted one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.codegen import Vector, make_project
from netsuke.errors import DoesNotFit, EmulationError
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.pipeline import BuildOptions, Progress, compile_for, read, silent
from netsuke.prove import Case, Target, expected_vectors, prove, random_inputs
from netsuke.report.points import point, survey_of
from netsuke.report.schedules import Counted, Point, Survey
from netsuke.schedule import Schedule, schedules
from netsuke.selection import Budget, budget_bytes
from netsuke.stream import Forms
from netsuke.tune import FLAGS, Tuner

PLANNED = 0.25
"""Share of the work that is done when the schedules are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyOptions:
    """`ram`: the budget whose point is marked. `push_rows`: the caller gives the input row by row.

    Without `measure` nothing is compiled and cycles are estimates.

    Each schedule is compared with the reference on `runs` random inputs from `seed`.
    """

    ram: Budget | None = None
    push_rows: bool = False
    measure: bool = True
    compiler: str | None = None
    runs: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        budget_bytes(self.ram)

    @property
    def build(self) -> BuildOptions:
        """How each schedule is built and proved."""
        return BuildOptions(
            compiler=self.compiler, targets=(Target.EMULATOR,), runs=self.runs, seed=self.seed
        )


def survey(
    model: Path | Graph,
    *,
    board: str | Board,
    options: SurveyOptions | None = None,
    progress: Progress = silent,
) -> Survey:
    """The schedules; nothing is left behind on the disk.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; that a schedule does not fit the board, or is not exact,
            is a point's problem and no error.
    """
    wanted = options or SurveyOptions()
    target = board if isinstance(board, Board) else find_board(board)
    target.require_supported()
    progress("import", 0.0)
    graph, _ = read(model)
    progress("lower", 0.02)
    program = Tuner(lower(graph).graph, target.core, wanted.compiler).program(wanted.build.optimize)
    progress("plan", 0.05)
    found = list(schedules(program, Forms(isa=target.core.isa), push=wanted.push_rows))
    points = [point(schedule) for schedule in found]
    compiler = ""
    if wanted.measure:
        progress("reference", PLANNED)
        vectors = expected_vectors(graph, random_inputs(graph, wanted.runs, wanted.seed))
        runner = Runner(graph=graph, board=target, options=wanted.build, vectors=vectors)
        points, compiler = measured(runner, found, points, progress)
    progress("done", 1.0)
    whole = survey_of(graph.name, target, found, points, budget_bytes(wanted.ram))
    return replace(whole, measured=wanted.measure, compiler=compiler)


def measured(
    runner: Runner, found: Sequence[Schedule], points: Sequence[Point], progress: Progress
) -> tuple[list[Point], str]:
    """Builds and runs them all; gives the points with their counts, and the compiler's name."""
    done: list[Point] = []
    compiler = ""
    for number, (schedule, planned) in enumerate(zip(found, points, strict=True)):
        progress(f"run {number + 1} of {len(found)}", PLANNED + (1 - PLANNED) * number / len(found))
        try:
            counted, compiler = runner.run(schedule, planned)
        except DoesNotFit as error:
            counted = replace(planned, problem=str(error))
        done.append(counted)
    return done, compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Builds a schedule's C for the board, runs it on the emulated core and compares it with the reference."""

    graph: Graph
    board: Board
    options: BuildOptions
    vectors: Sequence[Vector]

    def run(self, schedule: Schedule, planned: Point) -> tuple[Point, str]:
        """The point with its counts, and the compiler's name.

        Raises:
            DoesNotFit: when the image is too large for the board.
            EmulationError: when the core cannot be run or counted here.
        """
        project = make_project(schedule.plan, name=self.graph.name)
        with tempfile.TemporaryDirectory(prefix="netsuke-plan-") as name:
            folder = Path(name)
            project.write(folder)
            image = compile_for(project, folder, self.board, self.options)
            case = Case(
                project=project,
                folder=folder,
                image=image,
                board=self.board,
                vectors=self.vectors,
                compiler=self.options.compiler,
                flags=FLAGS[self.options.optimize],
            )
            verdict = prove(case, self.options.targets, lambda share: None)
        run = verdict.measured
        if run is None:
            raise EmulationError(
                f"{self.board.core.name} ran, but was not counted: QEMU without plugins, or no C compiler for one; "
                "--no-measure gives estimates"
            )
        counted = Counted(
            cycles=run.cycles,
            instructions=run.instructions,
            stack_bytes=run.stack_bytes,
            exact=verdict.exact,
        )
        shown = replace(
            planned,
            counted=counted,
            flash_bytes=image.flash_bytes,
            problem="" if verdict.exact else f"NOT exact: {verdict.difference}",
        )
        return shown, image.compiler
