"""What RAM the networks with random weights run in, with the recomputation that it takes, run and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from netsuke.bench.networks import mcunet, mobilenet_v2
from netsuke.bench.sheet import CROSS, Sheet
from netsuke.boards import board as find_board
from netsuke.errors import DoesNotFit
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.pipeline import BuildOptions
from netsuke.prove import Target, expected_vectors, random_inputs
from netsuke.report.points import point
from netsuke.report.schedules import Point
from netsuke.schedule import Schedule, parse_budget, pick, schedules
from netsuke.stream import Forms
from netsuke.survey import Runner
from netsuke.tune import Tuner

NETWORKS: Mapping[str, Callable[[], Graph]] = {
    "MobileNetV2 0.35, 144 grey": partial(mobilenet_v2, 144, 1),
    "MobileNetV2 0.35, 144 RGB": partial(mobilenet_v2, 144, 3),
    "MCUNet, 144 grey": partial(mcunet, 144, 1),
    "MCUNet, 144 RGB": partial(mcunet, 144, 3),
    "MCUNet, 176 grey": partial(mcunet, 176, 1),
    "MCUNet, 176 RGB": partial(mcunet, 176, 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How a network is built."""

    title: str
    ram: str | None = None
    push_rows: bool = False


MODES = (
    Mode(title="plain"),
    Mode(title="--ram 64k", ram="64k"),
    Mode(title="--ram 32k", ram="32k"),
    Mode(title="--ram min", ram="min"),
    Mode(title="--push-rows --ram 64k", ram="64k", push_rows=True),
    Mode(title="--push-rows --ram 32k", ram="32k", push_rows=True),
    Mode(title="--push-rows --ram min", ram="min", push_rows=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A network in a mode, built, run and compared; `point` is None where `problem` says why it does not fit.

    `recomputed`: MACs done for each MAC of the network.
    """

    network: str
    mode: Mode
    point: Point | None = None
    recomputed: float = 1.0
    problem: str = ""

    @property
    def exact(self) -> bool:
        """False when the core gave other bytes than the reference."""
        return self.point is None or self.point.counted is None or self.point.counted.exact


def runs(
    networks: Mapping[str, Callable[[], Graph]],
    modes: Sequence[Mode],
    board: str,
    progress: Callable[[str, float], None],
) -> list[Run]:
    """Builds, runs and compares each network in each mode.

    Raises:
        NetsukeError: when one cannot be built or run; that it does not fit is no error.
    """
    found: list[Run] = []
    total = len(networks) * len(modes)
    for name, make in networks.items():
        progress(f"{name}: schedules", len(found) / total)
        for run in network_runs(name, make(), modes, board):
            found.append(run)
            progress(f"{name} {run.mode.title}", len(found) / total)
    progress("done", 1.0)
    return found


def network_runs(name: str, graph: Graph, modes: Sequence[Mode], board: str) -> Iterator[Run]:
    """One random input on the emulated core in each mode; the schedules are found once for all budgets."""
    target = find_board(board)
    options = BuildOptions(targets=(Target.EMULATOR,), runs=1)
    program = Tuner(lower(graph).graph, target.core).program(options.optimize)
    vectors = expected_vectors(graph, random_inputs(graph, options.runs, options.seed))
    runner = Runner(graph=graph, board=target, options=options, vectors=vectors)
    known: dict[bool, list[Schedule]] = {}
    for mode in modes:
        if mode.push_rows not in known:
            forms = Forms(isa=target.core.isa)
            known[mode.push_rows] = list(schedules(program, forms, push=mode.push_rows))
        yield one_run(name, mode, known[mode.push_rows], runner)


def one_run(name: str, mode: Mode, found: Sequence[Schedule], runner: Runner) -> Run:
    """The fastest schedule within the mode's budget, or the first where it has none."""
    try:
        chosen = found[0] if mode.ram is None else pick(found, parse_budget(mode.ram))
        counted, _ = runner.run(chosen, point(chosen))
    except DoesNotFit as error:
        return Run(network=name, mode=mode, problem=str(error))
    return Run(network=name, mode=mode, point=counted, recomputed=recomputed(chosen))


def networks_sheet(found: Sequence[Run], board: str) -> Sheet:
    """A line a run."""
    plain = {run.network: run.point for run in found if run.mode.ram is None and run.point is not None}
    return Sheet(
        title=f"networks with random weights on {board}: the image is in RAM unless its rows are pushed",
        headings=("network", "mode", "RAM", "schedule", "recomputed", "cycles", "times plain"),
        left=frozenset({"network", "mode", "schedule"}),
        rows=tuple(line(run, plain.get(run.network)) for run in found),
    )


def line(run: Run, plain: Point | None) -> tuple[str, ...]:
    """The cells of a run."""
    made = run.point
    if made is None:
        return (run.network, run.mode.title, "does not fit", "", "", "", "")
    return (
        run.network,
        run.mode.title,
        f"{made.ram_bytes:,}" + ("" if run.exact else f" {CROSS}"),
        in_words(made),
        f"{run.recomputed:.4f}",
        f"{made.cycles:,}",
        f"{made.cycles / plain.cycles:.2f}" if plain is not None and plain.cycles else "–",
    )


def in_words(made: Point) -> str:
    """The streams and patches: how many layers, in what bands or tiles."""
    parts: list[str] = []
    for stream in made.streams:
        shape = f"{stream.grid[0]}x{stream.grid[1]} tiles" if stream.grid else f"bands of {stream.band}"
        words = f"{len(stream.layers)} in {shape}"
        if words not in parts[-1:]:
            parts.append(words)
    return ", ".join(parts) or "layer by layer"


def recomputed(schedule: Schedule) -> float:
    """MACs done for each MAC of the network: tiles compute what their neighbours need too."""
    steps = schedule.plan.steps
    needed = [sum(layer.macs for layer in step.inner) or step.macs for step in steps]
    more = [0.0 if step.patches is None else step.patches.recompute - 1 for step in steps]
    extra = sum(macs * share for macs, share in zip(needed, more, strict=True))
    return 1 + extra / sum(needed) if sum(needed) else 1.0
