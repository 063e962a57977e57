"""The whole story of a build, top to bottom: model file → graph → integer graph → plan → C → board → proof → report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.codegen import Project, make_project
from netsuke.comparison import Chosen, with_choice
from netsuke.emulate import Image, build_image
from netsuke.errors import InputError
from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.lower import lower
from netsuke.prove import Case, Target, expected_vectors, prove, random_inputs
from netsuke.report import write_reports
from netsuke.report.assemble import Findings, assemble
from netsuke.report.result import BuildResult
from netsuke.schedule import SMALLEST
from netsuke.selection import Budget, budget_bytes, planned
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
    push_rows: bool = False
    """The caller gives the input row by row, and the model never holds it: the C has begin, push_row and finish."""
    replace: bool = False
    """Overwrite an output folder that netsuke did not write."""

    def __post_init__(self) -> None:
        check_goal(self.optimize)
        budget_bytes(self.ram)
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
    budget = SMALLEST if goal == "ram" and wanted.ram is None else budget_bytes(wanted.ram)
    tuner = Tuner(lowered.graph, target.core, wanted.compiler)
    if wanted.measure:
        for one in FLAGS if wanted.compare else (goal,):
            tuner.measure(one, progress)
    program = tuner.program(goal)
    plan, found = planned(program, target, budget, small=goal == "size", push=wanted.push_rows)
    progress("reference", 0.1)
    invocations = [*wanted.inputs, *random_inputs(graph, wanted.runs, wanted.seed)]
    vectors = expected_vectors(graph, invocations)
    project = make_project(plan, name=wanted.name or graph.name, vectors=vectors[:SHIPPED_VECTORS])
    with staged_folder(out, replace=wanted.replace) as folder:
        project.write(folder)
        progress("compile", 0.2)
        image = compile_for(project, folder, target, wanted)
        case = Case(
            project=project,
            folder=folder,
            image=image,
            board=target,
            vectors=vectors,
            compiler=wanted.compiler,
            flags=FLAGS[wanted.optimize],
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
                schedules=found,
            ),
            out,
        )
        compare = wanted.compare and wanted.ram is None and not wanted.push_rows
        result = with_choice(result, case, tuner, Chosen(goal=goal, program=program), compare=compare)
        write_reports(result, folder)
    progress("done", 1.0)
    return result


def read(model: Path | Graph) -> tuple[Graph, str]:
    """The graph and its file's SHA-256 ('' for one from memory)."""
    if isinstance(model, Graph):
        return model, ""
    graph = load(model)
    return graph, hashlib.sha256(model.read_bytes()).hexdigest()


def compile_for(project: Project, folder: Path, board: Board, options: BuildOptions) -> Image:
    """The image a product would link: the model, its arena, start-up code, no test vectors."""
    return build_image(
        [folder / name for name in project.sources],
        board=board,
        out=folder / "build" / f"{project.api.prefix}.elf",
        include=(folder,),
        defines={"NK_NO_VECTORS": ""},
        optimize=FLAGS[options.optimize],
        compiler=options.compiler,
    )
