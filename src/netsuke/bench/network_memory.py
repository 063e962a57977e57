"""What RAM the networks with random weights run in, with the recomputation that it takes, run and compared."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from netsuke.bench.networks import mcunet, mobilenet_v2
from netsuke.bench.sheet import CROSS, Sheet
from netsuke.errors import DoesNotFit, UnsupportedModel
from netsuke.ir import Graph
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from netsuke.report.result import BuildResult

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
    """A network in a mode; `result` is None where `problem` says why it does not fit."""

    network: str
    mode: Mode
    result: BuildResult | None
    problem: str = ""


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
    found = []
    pairs = [(name, mode) for name in networks for mode in modes]
    for number, (name, mode) in enumerate(pairs):
        progress(f"{name} {mode.title}", number / len(pairs))
        found.append(built(name, networks[name](), mode, board))
    progress("done", 1.0)
    return found


def built(name: str, graph: Graph, mode: Mode, board: str) -> Run:
    """One image of one random input, on the emulated core."""
    options = BuildOptions(ram=mode.ram, push_rows=mode.push_rows, targets=(Target.EMULATOR,), runs=1)
    with tempfile.TemporaryDirectory(prefix="netsuke-networks-") as folder:
        try:
            return Run(
                network=name,
                mode=mode,
                result=build(graph, board=board, out=Path(folder) / "out", options=options),
            )
        except (DoesNotFit, UnsupportedModel) as error:
            return Run(network=name, mode=mode, result=None, problem=str(error))


def networks_sheet(found: Sequence[Run], board: str) -> Sheet:
    """A line a run."""
    plain = {run.network: run.result for run in found if run.mode.ram is None and run.result is not None}
    return Sheet(
        title=f"networks with random weights on {board}: the image is in RAM unless its rows are pushed",
        headings=("network", "mode", "RAM", "schedule", "recomputed", "cycles", "times plain"),
        left=frozenset({"network", "mode", "schedule"}),
        rows=tuple(line(run, plain.get(run.network)) for run in found),
    )


def line(run: Run, plain: BuildResult | None) -> tuple[str, ...]:
    """The cells of a run. `recomputed`: MACs done for each MAC of the network."""
    result = run.result
    if result is None:
        return (run.network, run.mode.title, "does not fit", "", "", "", "")
    cycles = result.cycles or 0
    times = f"{cycles / plain.cycles:.2f}" if plain is not None and plain.cycles else "–"
    return (
        run.network,
        run.mode.title,
        f"{result.arena_bytes + result.state_bytes:,}" + ("" if result.exact else f" {CROSS}"),
        schedule(result),
        f"{recomputed(result):.4f}",
        f"{cycles:,}",
        times,
    )


def schedule(result: BuildResult) -> str:
    """The streams and patches in words: how many layers, in what bands or tiles."""
    parts: list[str] = []
    for layer in result.layers:
        stream = layer.stream
        if stream is None:
            continue
        shape = f"{stream.grid[0]}x{stream.grid[1]} tiles" if stream.grid else f"bands of {stream.band}"
        words = f"{len(stream.layers)} in {shape}"
        if words not in parts[-1:]:
            parts.append(words)
    return ", ".join(parts) or "layer by layer"


def recomputed(result: BuildResult) -> float:
    """MACs done for each MAC of the network."""
    macs = sum(layer.macs for layer in result.layers)
    more = {layer.index: layer.stream.recompute - 1 for layer in result.layers if layer.stream is not None}
    inside = [layer for layer in result.layers if layer.inside is not None]
    extra = sum(more.get(layer.inside, 0.0) * layer.macs for layer in inside if layer.inside is not None)
    return 1 + extra / macs if macs else 1.0
