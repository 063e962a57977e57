"""Writes the measurements that come with netsuke: the layers of the bench's models on the bench's cores.

What the shipped files already hold, and is still asked for, is kept: after a change of a kernel only its own layers are
measured. A core that cannot be run here keeps its file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from netsuke import demo
from netsuke.bench.measure import BOARDS, PACKAGED, why_not
from netsuke.bench.models import BenchModel, named
from netsuke.boards import Core
from netsuke.boards import board as find_board
from netsuke.errors import InputError
from netsuke.exporters.tflite import write
from netsuke.importers.loading import load
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import Step
from netsuke.tune import FLAGS
from netsuke.tune.costs import Cost
from netsuke.tune.goals import MOST_CANDIDATES
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.measure import jobs_for, measure
from netsuke.tune.store import Costs, entries, shipped, shipped_name, shipped_text
from netsuke.tune.table import bound
from netsuke.tune.toolchain import Toolchain

WAKE_WORDS = "pymicro_wakeword"
"""A package with streaming models, which the tests install."""
DEMO = "digits_int8"
"""What `netsuke demo` builds: the first that a stranger sees, so that its kernels are chosen by counts too."""
EXTRA_CORE = "cortex-m4"
DATA = Path(__file__).resolve().parents[1] / "tune" / "data"
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One core's file: measurements kept, made now, and still missing; `why` when the core cannot be run here."""

    core: str
    kept: int
    made: int
    missing: int
    why: str | None = None

    def __str__(self) -> str:
        line = f"{self.core}: {self.kept + self.made} measurements, {self.made} of them new"
        line += f", {self.missing} missing" if self.missing else ""
        return line if self.why is None else f"{line} ({self.why})"


def wake_words() -> tuple[BenchModel, ...]:
    """The models of the package WAKE_WORDS, which are measured on EXTRA_CORE only; none where it is not installed."""
    found = find_spec(WAKE_WORDS)
    if found is None or found.origin is None:
        return ()
    return tuple(map(named, sorted((Path(found.origin).parent / "models").glob("*.tflite"))))


def demo_network(folder: Path) -> tuple[BenchModel, ...]:
    """The demo's int8 network as a file in `folder`, measured on EXTRA_CORE only; none without what a demo needs."""
    try:
        small = demo.in_integers(load(demo.model_file()), demo.load_digits())
    except InputError:
        return ()
    path = folder / f"{DEMO}.tflite"
    path.write_bytes(write(small))
    return (named(path),)


def cores(boards: Sequence[str]) -> dict[str, tuple[Core, str | None]]:
    """The boards' cores by name, each once, and why one cannot be run here.

    Raises:
        BoardError: for an unknown board.
    """
    found = [find_board(name).require_supported() for name in boards or BOARDS]
    return {board.core.name: (board.core, why_not(board)) for board in found}


def ship(
    models: Sequence[BenchModel],
    boards: Sequence[str],
    progress: Progress,
    *,
    write: bool,
    folder: Path = DATA,
) -> list[Shipment]:
    """Brings the files of the boards' cores up to date, or (without `write`) says what they lack.

    Raises:
        NetsukeError: for an unknown board, or a model that cannot be read.
    """
    words = wake_words()
    graphs = [(model in words or model.key == DEMO, lower(load(model.path)).graph) for model in models]
    chosen = cores(boards)
    done = []
    for number, (core, why) in enumerate(chosen.values()):
        here = [graph for is_extra, graph in graphs if not is_extra or core.name == EXTRA_CORE]
        layers = [(graph, some) for graph in here for some in bound(graph, core.isa).values()]

        def tick(what: str, share: float, number: int = number) -> None:
            """Share of one core → share of all."""
            progress(what, (number + share) / len(chosen))

        tick(core.name, 0.0)
        done.append(ship_core(core, layers, tick, folder, write=write, why=why))
    progress("done", 1.0)
    return done


def ship_core(
    core: Core,
    layers: Sequence[tuple[Graph, tuple[Step, ...]]],
    progress: Progress,
    folder: Path,
    *,
    write: bool,
    why: str | None,
) -> Shipment:
    """One core's file: of each layer with its candidates what is measured. Interrupted, it holds what was done."""
    flags = tuple(dict.fromkeys(FLAGS.values()))
    wanted = {
        Toolchain.find(core, PACKAGED, flag): [
            (g, step) for g, some in layers for step in some[: MOST_CANDIDATES[flag]]
        ]
        for flag in flags
    }
    file = folder / shipped_name(core)
    found = {toolchain: kept_costs(file, toolchain, steps) for toolchain, steps in wanted.items()}
    kept = sum(map(len, found.values()))
    for number, (toolchain, steps) in enumerate(wanted.items()):

        def tick(what: str, share: float, number: int = number) -> None:
            """Share of one flag → share of all."""
            progress(f"{core.name} {what}", (number + share) / len(flags))

        if write and why is None:
            try:
                measure_into(found[toolchain], toolchain, steps, tick)
            finally:
                file.write_text(shipped_text(found), encoding="utf-8", newline="\n")
                shipped.cache_clear()
    missing = sum(len(jobs_for(steps, known(t, found[t]))) for t, steps in wanted.items())
    made = sum(map(len, found.values())) - kept
    return Shipment(core=core.name, kept=kept, made=made, missing=missing, why=why)


def kept_costs(file: Path, toolchain: Toolchain, steps: Sequence[tuple[Graph, Step]]) -> dict[str, Cost]:
    """What the file holds of the layers."""
    wanted = {key for _, step in steps for key in (layer_key(step), kernel_key(step.kernel)) if not step.view}
    content = file.read_text(encoding="utf-8") if file.is_file() else ""
    return {k: c for (t, k), c in entries(content) if t == toolchain.key and k in wanted}


def known(toolchain: Toolchain, held: dict[str, Cost], file: Path = Path()) -> Costs:
    """A store that holds these and nothing else."""
    costs = Costs(toolchain, file=file, use_shipped=False)
    costs.known.update({(toolchain.key, key): cost for key, cost in held.items()})
    return costs


def measure_into(
    held: dict[str, Cost], toolchain: Toolchain, steps: Sequence[tuple[Graph, Step]], progress: Progress
) -> None:
    """Adds what is not held, also when interrupted."""
    with tempfile.TemporaryDirectory(prefix="netsuke-costs-") as name:
        costs = known(toolchain, held, Path(name) / "costs.jsonl")
        try:
            measure(jobs_for(steps, costs), costs, progress)
        finally:
            held.update({key: cost for (_, key), cost in costs.known.items()})
