"""Several models in one image, from the files to the report: one arena, kernels once, states apart.

Each is proved by itself, and all in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.codegen import Vector
from netsuke.codegen.bundle import LIBRARY, Bundle, make_bundle, make_prefixes
from netsuke.comparison import Chosen, with_choice
from netsuke.emulate import Image, build_image
from netsuke.errors import DoesNotFit, InputError, UnsupportedModel
from netsuke.fitting import Fitted, check_flash, fitted, given_up
from netsuke.ir import Graph
from netsuke.lower import Lowered, lower
from netsuke.ops.program import Program
from netsuke.pipeline import SHIPPED_VECTORS, BuildOptions, Progress, read, silent
from netsuke.plan import Plan, make_plan
from netsuke.prove import Case, Target, Verdict, expected_vectors, prove, random_inputs
from netsuke.prove.turns import prove_turns
from netsuke.report.assemble import Findings, assemble, constant_bytes
from netsuke.report.bundle import BundleResult
from netsuke.report.bundle_write import write_bundle_reports
from netsuke.report.goals import GivenUp
from netsuke.report.result import BuildResult
from netsuke.report.schedules import Survey
from netsuke.schedule import SMALLEST
from netsuke.selection import budget_bytes, flash_bytes, planned
from netsuke.staging import staged_folder
from netsuke.tune import FLAGS, Tuner
from netsuke.tune.together import Together, own_name, programs_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A model of the image on its way; `goal` is what its kernels were chosen for."""

    graph: Graph
    sha256: str
    lowered: Lowered
    tuner: Tuner
    prefix: str
    goal: str
    program: Program
    plan: Plan
    survey: Survey | None = None
    lean: bool = False
    """It gives up fast kernels for flash: so do its streams, and no faster program is taken where RAM allows one."""
    given_up: GivenUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Members with their plans, their C and the linked image."""

    members: list[Member]
    bundle: Bundle
    image: Image


def build_bundle(
    models: Sequence[Path | Graph],
    *,
    board: str | Board,
    out: Path,
    names: Sequence[str] = (),
    options: BuildOptions | None = None,
    progress: Progress = silent,
) -> BundleResult:
    """Builds several models into one image for a board, in folder `out`, and compares every byte with the reference.

    Args:
        models: two or more, in the order of the report.
        board: its name, its file, or the board.
        out: the folder; it appears only when the build came to its end.
        names: prefixes of the models' C names, one for each; by default the files' names, equal ones with a number.
        options: `flash` is for the image, `ram` for the arena and the states of all; `push_rows` for each model (only
            one may be in the middle of its rows at a time); `inputs` and `name` are for one model only.
        progress: told what is being done.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`, each with its message; nothing is then written.
    """
    wanted = options or BuildOptions()
    check_together(models, names, wanted)
    target = board if isinstance(board, Board) else find_board(board)
    target.require_supported()
    progress("import", 0.0)
    begun = members_of(models, names, target, wanted, progress)
    first = planned_members(begun, target, wanted)
    progress("reference", 0.1)
    vectors = [expected_vectors(m.graph, random_inputs(m.graph, wanted.runs, wanted.seed)) for m in first]
    with staged_folder(out, replace=wanted.replace) as folder:
        progress("compile", 0.2)

        def make(programs: tuple[Program, ...], lean: bool) -> Made:
            members = planned_members(conceding(begun, programs), target, wanted) if lean else first
            return made(members, folder, target, wanted, vectors)

        tuners = Together([member.tuner for member in begun])
        fit = fitted(tuners, wanted.optimize, make, tuple(member.program for member in begun))
        members = with_given_up(fit, flash_bytes(wanted.flash))
        bundle, image = fit.made.bundle, fit.made.image
        cases = [
            Case(
                project=project,
                folder=folder,
                image=image,
                board=target,
                vectors=some,
                compiler=wanted.compiler,
                flags=FLAGS[wanted.optimize],
                shared_arena=bundle.arena_bytes,
            )
            for project, some in zip(bundle.models, vectors, strict=True)
        ]
        result = proved(bundle, members, cases, wanted, out, progress)
        progress("report", 0.95)
        write_bundle_reports(result, folder)
    progress("done", 1.0)
    return result


def check_together(models: Sequence[Path | Graph], names: Sequence[str], options: BuildOptions) -> None:
    """Refuses what goes with one model only.

    Raises:
        InputError: which says what.
    """
    if len(models) < 2:
        raise InputError(
            f"got {len(models)} models; two or more go into one image, `build` takes a single one"
        )
    files = [model.resolve() for model in models if isinstance(model, Path)]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise InputError(
            f"{twice.name} is given twice; give it once: one copy of a model serves any number of streams, "
            "each with a state block of its own"
        )
    if names and len(names) != len(models):
        raise InputError(
            f"got {len(names)} names for {len(models)} models; give one for each, in their order"
        )
    if options.name is not None:
        raise InputError(f"got the name {options.name!r} for {len(models)} models; give one for each")
    if len(set(names)) != len(names):
        raise InputError(f"got the names {', '.join(names)}; give each model another one")
    if options.inputs:
        raise InputError("inputs go with one model; compare them in a build of that model by itself")
    if options.place is not None:
        raise InputError(
            "places go with one model; models of one image share an arena in the board's first RAM, and their weights "
            "are in its flash"
        )


def members_of(
    models: Sequence[Path | Graph],
    names: Sequence[str],
    board: Board,
    options: BuildOptions,
    progress: Progress,
) -> list[Member]:
    """The models read and lowered, with the kernels that the goal wants."""
    loaded = [read(model) for model in models]
    prefixes = make_prefixes([*names] or [graph.name for graph, _ in loaded])
    progress("lower", 0.05)
    lowered = [lower(graph) for graph, _ in loaded]
    tuners = [Tuner(one.graph, board.core, options.compiler) for one in lowered]
    goal = options.optimize
    if options.measure:
        for tuner in tuners:
            tuner.measure(goal, progress)
    programs = programs_together(tuners, goal)
    return [
        Member(
            graph=graph,
            sha256=digest,
            lowered=low,
            tuner=tuner,
            prefix=prefix,
            goal=goal,
            program=program,
            plan=make_plan(program),
        )
        for (graph, digest), low, tuner, prefix, program in zip(
            loaded, lowered, tuners, prefixes, programs, strict=True
        )
    ]


def planned_members(members: Sequence[Member], board: Board, options: BuildOptions) -> list[Member]:
    """The members with plans that keep the budget.

    The arena is one for all, so that a byte more for one costs nothing while another needs more: where the smallest is
    wanted, the model that needs most is made as small as it goes, and the others take the fastest schedule that fits
    the arena of that one.
    """
    small = options.optimize == "ram" and options.ram is None
    budget = SMALLEST if small else budget_bytes(options.ram)
    push = options.push_rows
    if budget is None:
        return [scheduled(member, board, None, push=push) for member in members] if push else list(members)
    if budget != SMALLEST:
        states = sum(member.plan.state_bytes for member in members)
        return [within_arena(member, board, budget - states, budget, push=push) for member in members]
    least = [scheduled(member, board, SMALLEST, push=push) for member in members]
    most = max(member.plan.arena_bytes for member in least)
    return [m if m.plan.arena_bytes == most else fastest_within(m, board, most, push=push) for m in least]


def conceding(members: Sequence[Member], programs: Sequence[Program]) -> list[Member]:
    """The members with programs that take less flash."""
    return [
        replace(member, program=program, plan=make_plan(program), lean=True)
        for member, program in zip(members, programs, strict=True)
    ]


def with_given_up(fit: Fitted[Made, tuple[Program, ...]], limit: int | None) -> list[Member]:
    """The members that were made, each with what its layers gave up; `limit` in bytes of flash, if there is one."""
    whole = given_up(fit, limit)
    found = []
    for number, member in enumerate(fit.made.members):
        own = tuple(
            replace(one, layer=own_name(one.layer)[1])
            for one in whole.concessions
            if own_name(one.layer)[0] == number
        )
        found.append(replace(member, given_up=replace(whole, concessions=own)))
    return found


def scheduled(member: Member, board: Board, budget: int | None, *, push: bool) -> Member:
    """The member with its fastest schedule of at most `budget` bytes of arena and its own state.

    Raises:
        DoesNotFit: by how many bytes it does not.
        UnsupportedModel: when its rows cannot be pushed, with its name.
    """
    try:
        small = member.lean or member.goal == "size"
        plan, survey = planned(member.program, board, budget, small=small, push=push)
    except UnsupportedModel as error:
        raise UnsupportedModel(f"{member.prefix}: {error}") from None
    return replace(member, plan=plan, survey=survey)


def within_arena(member: Member, board: Board, arena: int, budget: int, *, push: bool) -> Member:
    """The member with its fastest schedule of at most `arena` bytes; `budget` is what the user named for all.

    Raises:
        DoesNotFit: by how many bytes it does not, and which layer is the wall.
    """
    try:
        if arena < 1:
            raise DoesNotFit(f"the states of all models take {budget - arena:,} bytes")
        return scheduled(member, board, arena + member.plan.state_bytes, push=push)
    except DoesNotFit as error:
        raise DoesNotFit(
            f"the budget of {budget:,} bytes leaves {max(arena, 0):,} for the common arena; {member.prefix}: {error}"
        ) from None


def fastest_within(member: Member, board: Board, arena: int, *, push: bool) -> Member:
    """The member as fast as an arena of this size allows; what it has now fits."""
    fast = member.tuner.program("speed") if member.goal == "ram" and not member.lean else member.program
    if not push:
        whole = make_plan(fast)
        if whole.arena_bytes <= arena:
            goal = "speed" if member.goal == "ram" else member.goal
            return replace(member, goal=goal, program=fast, plan=whole, survey=None)
    return within_arena(member, board, arena, arena, push=push)


def made(
    members: list[Member],
    folder: Path,
    board: Board,
    options: BuildOptions,
    vectors: Sequence[Sequence[Vector]],
) -> Made:
    """Writes the C of all into the folder, over what an earlier try left there, and compiles it.

    Raises:
        DoesNotFit: when the board, or the options, do not have so much flash or RAM.
    """
    bundle = make_bundle(
        [m.plan for m in members],
        prefixes=[m.prefix for m in members],
        vectors=[some[:SHIPPED_VECTORS] for some in vectors],
    )
    bundle.write(folder)
    return Made(members=members, bundle=bundle, image=compiled(bundle, folder, board, options))


def compiled(bundle: Bundle, folder: Path, board: Board, options: BuildOptions) -> Image:
    """The image a product would link: all models, one arena, start-up code, no test vectors.

    Raises:
        DoesNotFit: when all together are too big for the board; it says what each model's weights take.
    """
    prefixes = [model.api.prefix for model in bundle.models]
    try:
        image = build_image(
            [folder / name for name in bundle.sources],
            board=board,
            out=folder / "build" / f"{LIBRARY}.elf",
            include=(folder,),
            defines={"NK_NO_VECTORS": ""},
            optimize=FLAGS[options.optimize],
            compiler=options.compiler,
            keep=[f"nk_{what}_{prefix}" for prefix in prefixes for what in ("run", "reset", "state")],
        )
        check_flash(image, flash_bytes(options.flash))
        return image
    except DoesNotFit as error:
        arenas = ", ".join(f"{m.api.prefix} {m.plan.arena_bytes:,}" for m in bundle.models)
        weights = ", ".join(f"{m.api.prefix} {constant_bytes(m):,}" for m in bundle.models)
        raise DoesNotFit(
            f"{error}. Weights: {weights}; arenas, of which the largest counts: {arenas}",
            flash_short=error.flash_short,
        ) from None


def proved(
    bundle: Bundle,
    members: Sequence[Member],
    cases: Sequence[Case],
    options: BuildOptions,
    out: Path,
    progress: Progress,
) -> BundleResult:
    """Runs all in turn and each by itself, and puts together what was found.

    On the host the turns are enough, one program for all; where they differ, each model is looked at there too.
    """
    turns_on, difference = prove_turns(cases, options.targets)
    told = difference is None and Target.HOST in options.targets
    targets = [one for one in options.targets if not (told and one is Target.HOST)]
    results = []
    for number, (member, case) in enumerate(zip(members, cases, strict=True)):
        start, width = 0.4 + 0.5 * number / len(cases), 0.5 / len(cases)
        verdict = prove(
            case,
            targets,
            lambda share, start=start, width=width: progress("run", start + width * share),  # type: ignore[misc]
        )
        if told:
            verdict = replace(verdict, ran_on=("host", *verdict.ran_on))
        results.append(member_result(member, case, verdict, options, out))
    failed = next((f"{r.model}: {r.first_difference}" for r in results if not r.exact), None)
    return together(bundle, cases, results, options, out, turns_on, failed or difference)


def member_result(
    member: Member, case: Case, verdict: Verdict, options: BuildOptions, out: Path
) -> BuildResult:
    """What one model found: its own arena, state, weights and code; what is in common is left out."""
    found = Findings(
        graph=member.graph,
        sha256=member.sha256,
        lowered=member.lowered,
        case=case,
        verdict=verdict,
        optimize=options.optimize,
        schedules=member.survey,
        given_up=member.given_up,
    )
    result = replace(
        assemble(found, out),
        model=member.prefix,
        static_bytes=0,
        flash_code_bytes=own_code_bytes(case),
    )
    return with_choice(
        result, case, member.tuner, Chosen(goal=member.goal, program=member.program), compare=False
    )


def own_code_bytes(case: Case) -> int:
    """Bytes of the functions that only this model has."""
    project = case.project
    symbols = {layer.symbol for top in project.layers for layer in top.every}
    symbols |= {project.api.invoke, f"{project.api.prefix}_init"}
    return sum(one.size for one in case.image.functions if one.name.split(".")[0] in symbols)


def together(
    bundle: Bundle,
    cases: Sequence[Case],
    results: Sequence[BuildResult],
    options: BuildOptions,
    out: Path,
    turns_on: tuple[str, ...],
    difference: str | None,
) -> BundleResult:
    """The totals."""
    image, board = cases[0].image, cases[0].board
    weights = sum(result.flash_weights_bytes for result in results)
    # Inputs of the test program, where rows are pushed: a product has none.
    given = sum(image.objects.get(case.io.input_object, 0) for case in cases if case.io.pushed)
    stacks = [result.stack_bytes for result in results if result.stack_bytes is not None]
    return BundleResult(
        models=tuple(results),
        board=board.name,
        board_title=board.title,
        core=board.core.name,
        clock_hz=board.clock_hz,
        exact=difference is None,
        turns_on=turns_on,
        first_difference=difference,
        arena_bytes=bundle.arena_bytes,
        state_bytes=bundle.state_bytes,
        static_bytes=image.ram_bytes - bundle.arena_bytes - bundle.state_bytes - given,
        stack_bytes=max(stacks, default=None),
        ram_available=board.ram_bytes,
        flash_code_bytes=image.flash_bytes - weights,
        flash_weights_bytes=weights,
        flash_available=board.flash_bytes,
        compiler=image.compiler,
        optimize=options.optimize,
        project=out,
    )
