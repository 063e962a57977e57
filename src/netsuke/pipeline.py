"""The whole story of a build, top to bottom: model file → graph → integer graph → plan → C → board → proof → report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.boards import Board, Placement, home, parse_wishes
from netsuke.boards import board as find_board
from netsuke.codegen import Project, Vector, make_project
from netsuke.comparison import Chosen, with_choice
from netsuke.emulate import Image, build_image
from netsuke.errors import InputError
from netsuke.fitting import check_flash, fitted, given_up
from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.lower import lower
from netsuke.ops.program import Program
from netsuke.plan import Plan, placed
from netsuke.prove import Case, Target, expected_vectors, prove, random_inputs
from netsuke.report import write_reports
from netsuke.report.assemble import Findings, assemble
from netsuke.report.result import BuildResult
from netsuke.report.schedules import Survey
from netsuke.schedule import SMALLEST
from netsuke.selection import Budget, budget_bytes, flash_bytes, planned
from netsuke.staging import staged_folder
from netsuke.tune import FLAGS, Tuner, check_goal

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of it is done (0..1)."""

SHIPPED_VECTORS = 4
"""Test vectors that go into the project; all inputs are compared, only so many are shipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build and what to prove it with.

    `runs` random invocations from `seed`, after the given `inputs` (one tuple of arrays an invocation; a model with
    states takes the invocations as one sequence of steps).
    """

    name: str | None = None
    optimize: str = "speed"
    """speed: the fewest cycles; size: the least flash; ram: the smallest arena."""
    measure: bool = False
    """Count the layers whose kernels were never counted on this core, and keep the counts. Without it they get the
    kernels that the operators prefer."""
    compare: bool = False
    """Build for the other two goals too, and report all three."""
    compiler: str | None = None
    targets: tuple[Target, ...] = (Target.HOST, Target.EMULATOR)
    runs: int = 3
    seed: int = 0
    inputs: Sequence[tuple[Array, ...]] = ()
    ram: Budget | None = None
    """Bytes of arena and states that the fastest schedule may take: a number, or a text such as '16k' or 'min'."""
    flash: Budget | None = None
    """Bytes that code, weights and other constants may take: a number, or a text such as '256k'."""
    push_rows: bool = False
    """The caller gives the input row by row, and the model never holds it: the C has begin, push_row and finish."""
    place: str | None = None
    """Which memory of the board holds what: 'arena=DTCM+SRAM1,state=SRAM2,stack=DTCM,weights=QSPI'; what is not named,
    or 'auto', goes to the fastest that holds it, weights to flash."""
    replace: bool = False
    """Overwrite an output folder that netsuke did not write."""

    def __post_init__(self) -> None:
        check_goal(self.optimize)
        budget_bytes(self.ram)
        flash_bytes(self.flash)
        parse_wishes(self.place)
        if self.runs < 0 or (self.runs == 0 and not self.inputs):
            raise InputError(f"got {self.runs} runs; give at least one random run or an input to compare")


def silent(what: str, share: float) -> None:
    """Shows no progress."""
    del what, share


def build(
    model: Path | Graph,
    *,
    board: str | Board,
    out: Path,
    options: BuildOptions | None = None,
    progress: Progress = silent,
) -> BuildResult:
    """Builds a model for a board into folder `out`, runs it and compares every byte with the reference.

    The folder appears only when the build came to its end; a result that is not exact is still reported.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`, each with its message; nothing is then written.
    """
    wanted = options or BuildOptions()
    target = board if isinstance(board, Board) else find_board(board)
    target.require_supported()
    progress("import", 0.0)
    graph, digest = read(model)
    progress("lower", 0.05)
    lowered = lower(graph)
    goal = wanted.optimize
    tuner = Tuner(lowered.graph, target.core, wanted.compiler)
    if wanted.measure:
        for one in FLAGS if wanted.compare else (goal,):
            tuner.measure(one, progress)
    program = tuner.program(goal)
    first = laid_out(program, target, wanted)
    progress("reference", 0.1)
    invocations = [*wanted.inputs, *random_inputs(graph, wanted.runs, wanted.seed)]
    vectors = expected_vectors(graph, invocations)
    with staged_folder(out, replace=wanted.replace) as folder:
        progress("compile", 0.2)

        def make(chosen: Program, lean: bool) -> Made:
            kept = chosen is program and not lean
            layout = first if kept else laid_out(chosen, target, wanted, lean=lean)
            return made(layout, graph, folder, target, wanted, vectors)

        fit = fitted(tuner, goal, make, program)
        project, image, placement = fit.made.project, fit.made.image, fit.made.layout.placement
        case = Case(
            project=project,
            folder=folder,
            image=image,
            board=target,
            vectors=vectors,
            compiler=wanted.compiler,
            flags=FLAGS[wanted.optimize],
            placement=placement,
            traffic=True,
        )
        verdict = prove(case, wanted.targets, lambda share: progress("run", 0.3 + 0.6 * share))
        progress("report", 0.95)
        result = assemble(
            Findings(
                graph=graph,
                sha256=digest,
                lowered=lowered,
                case=case,
                verdict=verdict,
                optimize=wanted.optimize,
                schedules=fit.made.layout.survey,
                given_up=given_up(fit, flash_bytes(wanted.flash)),
            ),
            out,
        )
        alike = placement.together and wanted.place is None  # the others are built for one memory
        compare = wanted.compare and alike and wanted.ram is None and not wanted.push_rows
        chosen = Chosen(goal=goal, program=fit.program, flash=flash_bytes(wanted.flash))
        result = with_choice(result, case, tuner, chosen, compare=compare)
        write_reports(result, folder)
    progress("done", 1.0)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A plan, the memories it is for, and the schedules that it was chosen from."""

    plan: Plan
    placement: Placement
    survey: Survey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A layout's C and its linked image."""

    layout: Layout
    project: Project
    image: Image


def laid_out(program: Program, board: Board, options: BuildOptions, *, lean: bool = False) -> Layout:
    """The memory that the options ask for. `lean`: streams pass over kernels that spend flash.

    Raises:
        DoesNotFit: where it is more RAM than there is.
    """
    goal = options.optimize
    budget = SMALLEST if goal == "ram" and options.ram is None else budget_bytes(options.ram)
    whole, survey = planned(program, board, budget, small=lean or goal == "size", push=options.push_rows)
    plan, placement = placed(whole, board, parse_wishes(options.place))
    return Layout(plan=plan, placement=placement, survey=survey)


def made(
    layout: Layout,
    graph: Graph,
    folder: Path,
    board: Board,
    options: BuildOptions,
    vectors: Sequence[Vector],
) -> Made:
    """Writes the C into the folder, over what an earlier try left there, and compiles it.

    Raises:
        DoesNotFit: when the board, or the options, do not have so much flash or RAM.
    """
    placement = layout.placement
    project = make_project(
        layout.plan,
        name=options.name or graph.name,
        vectors=vectors[:SHIPPED_VECTORS],
        placement=None if placement == home(board) else placement,
    )
    project.write(folder)
    image = compile_for(project, folder, board, options, placement)
    check_flash(image, flash_bytes(options.flash))
    return Made(layout=layout, project=project, image=image)


def read(model: Path | Graph) -> tuple[Graph, str]:
    """The graph and its file's SHA-256 ('' for one from memory)."""
    if isinstance(model, Graph):
        return model, ""
    graph = load(model)
    return graph, hashlib.sha256(model.read_bytes()).hexdigest()


def compile_for(
    project: Project,
    folder: Path,
    board: Board,
    options: BuildOptions,
    placement: Placement | None = None,
) -> Image:
    """The image a product would link: the model, its arena, start-up code, no test vectors."""
    return build_image(
        [folder / name for name in project.sources],
        board=board,
        out=folder / "build" / f"{project.api.prefix}.elf",
        include=(folder,),
        defines={"NK_NO_VECTORS": ""},
        optimize=FLAGS[options.optimize],
        compiler=options.compiler,
        placement=placement,
    )
