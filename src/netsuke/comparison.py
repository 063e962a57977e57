"""The same model built for each goal, run on the emulated core: what the others would have cost."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.codegen import Vector, make_project
from netsuke.emulate import build_image
from netsuke.errors import DoesNotFit
from netsuke.fitting import check_flash, fitted
from netsuke.ops.program import Program
from netsuke.plan import Plan
from netsuke.prove import Case, Target, prove
from netsuke.report.assemble import weight_bytes
from netsuke.report.goals import CandidateResult, GoalResult, LayerCandidates
from netsuke.report.result import BuildResult
from netsuke.schedule import SMALLEST
from netsuke.selection import planned
from netsuke.tune import FLAGS, Tuner


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was built: the goal, and the program that was chosen for it."""

    goal: str
    program: Program
    flash: int | None = None
    """Bytes of flash that the image may take, where they were limited; the other goals are held to it too."""


def with_choice(
    result: BuildResult, built: Case, tuner: Tuner, chosen: Chosen, *, compare: bool
) -> BuildResult:
    """The result with the candidates of every layer and, to `compare`, the builds for all goals."""
    goals = compare_goals(built, result, tuner, chosen) if compare else ()
    candidates = layer_candidates(tuner, chosen.program, chosen.goal)
    return replace(result, goals=goals, candidates=candidates)


def compare_goals(built: Case, result: BuildResult, tuner: Tuner, chosen: Chosen) -> tuple[GoalResult, ...]:
    """The build at hand and one for each other goal; those that do not fit the board are left out.

    None at all where the build at hand was not run on the emulated core.
    """
    if result.cycles is None:
        return ()
    found = []
    for other in FLAGS:
        one = (
            own_result(result, other)
            if other == chosen.goal
            else built_for(built, tuner, other, chosen.flash)
        )
        if one is not None:
            found.append(one)
    return tuple(found)


def own_result(result: BuildResult, goal: str) -> GoalResult | None:
    """The build at hand; None when its cycles were not counted."""
    if result.cycles is None:
        return None
    return GoalResult(
        goal=goal,
        chosen=True,
        ram_bytes=result.ram_bytes,
        arena_bytes=result.arena_bytes,
        flash_code_bytes=result.flash_code_bytes,
        flash_weights_bytes=result.flash_weights_bytes,
        cycles=result.cycles,
        exact=result.exact,
    )


def built_for(built: Case, tuner: Tuner, goal: str, flash: int | None) -> GoalResult | None:
    """One more build, run on the first input; None when it does not fit the board or could not be counted."""
    with tempfile.TemporaryDirectory(prefix="netsuke-goal-") as name:
        try:
            case = fitted(
                tuner, goal, lambda program, lean: goal_case(built, goal, program, lean, flash, Path(name))
            ).made
            verdict = prove(case, (Target.EMULATOR,), lambda share: None)
        except DoesNotFit:
            return None
        run = verdict.measured
        if run is None:
            return None
        weights = weight_bytes(case)
        return GoalResult(
            goal=goal,
            chosen=False,
            ram_bytes=run.ram_bytes,
            arena_bytes=case.project.plan.arena_bytes,
            flash_code_bytes=case.image.flash_bytes - weights,
            flash_weights_bytes=weights,
            cycles=run.cycles,
            exact=verdict.exact,
        )


def goal_case(built: Case, goal: str, program: Program, lean: bool, flash: int | None, folder: Path) -> Case:
    """The model of `built` as a build for the goal would make it of the program. `lean`: see `netsuke.fitting`."""
    budget = SMALLEST if goal == "ram" else None
    plan = planned(program, built.board, budget, small=lean or goal == "size", push=False)[0]
    case = case_of(built, plan, FLAGS[goal], folder)
    check_flash(case.image, flash)
    return case


def case_of(built: Case, plan: Plan, flag: str, folder: Path) -> Case:
    """The model of `built` with another plan, in a folder of its own."""
    vectors: tuple[Vector, ...] = tuple(built.vectors[:1])
    project = make_project(plan, name=built.project.api.prefix, vectors=vectors)
    project.write(folder)
    image = build_image(
        [folder / name for name in project.sources],
        board=built.board,
        out=folder / "build" / f"{project.api.prefix}.elf",
        include=(folder,),
        defines={"NK_NO_VECTORS": ""},
        optimize=flag,
        compiler=built.compiler,
    )
    return Case(
        project=project,
        folder=folder,
        image=image,
        board=built.board,
        vectors=vectors,
        compiler=built.compiler,
        flags=flag,
    )


def layer_candidates(tuner: Tuner, program: Program, goal: str) -> tuple[LayerCandidates, ...]:
    """For every layer the kernels that it was chosen from."""
    kernels = {step.node.name: step.kernel.name for step in program.steps}
    return tuple(
        LayerCandidates(
            layer=row.name,
            expanded=row.name in program.expanded,
            candidates=tuple(
                CandidateResult(
                    kernel=one.kernel,
                    chosen=one.kernel == kernels[row.name],
                    cycles=None if one.cost is None else one.cost.cycles,
                    instructions=None if one.cost is None else one.cost.instructions,
                    code_bytes=None if one.cost is None else one.cost.code + sum(one.cost.helpers.values()),
                    constant_bytes=one.constant_bytes,
                    scratch_bytes=one.step.scratch_bytes,
                )
                for one in row.candidates
            ),
        )
        for row in tuner.table(goal).rows
    )
