"""Builds models for boards with every compiler that is found, runs them on the emulated cores, keeps the counts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.bench.models import BenchModel
from netsuke.boards import Board, Core, Isa
from netsuke.boards import board as find_board
from netsuke.emulate import available_compilers, find_qemu
from netsuke.errors import EmulationError, NetsukeError
from netsuke.importers.loading import load
from netsuke.ir import Array, DType, Graph, TensorType
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from netsuke.report.result import BuildResult

BOARDS = (
    "nucleo-l4r5zi",
    "nucleo-g0b1re",
    "mps2-an385",
    "nucleo-f746zg",
    "nucleo-u575zi-q",
    "esp32-c3",
    "mps3-an547",
)
"""One board for each core that netsuke has kernels for."""
COMPILERS = ("zig", "gcc")
SMALLEST_ON = ("nucleo-l4r5zi",)
"""Boards for which builds for the goal "size" have budgets too."""
PACKAGED = "zig"
"""The compiler that comes with netsuke: the same code for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One model, built by one compiler for a goal and run on one board's core. `compiler` is zig or gcc."""

    model: str
    board: Board
    compiler: str
    result: BuildResult
    goal: str = "speed"

    @property
    def share_of_bound(self) -> float | None:
        """Cycles that the multiply-accumulates alone would take / cycles; None without MACs or cycles."""
        return share_of_bound(self.board.core, self.result.macs, self.result.cycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What was not measured, and why. `error` is what a build or run failed with, None where it cannot be run here."""

    what: str
    why: str
    error: NetsukeError | None = None

    def __str__(self) -> str:
        return f"not measured: {self.what}: {self.why.splitlines()[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything of one run of the bench."""

    measurements: tuple[Measurement, ...]
    skipped: tuple[Skipped, ...]

    @property
    def exact(self) -> bool:
        """Every build gave the reference's bytes."""
        return all(one.result.exact for one in self.measurements)

    @property
    def failures(self) -> tuple[NetsukeError, ...]:
        """What builds and runs failed with."""
        return tuple(one.error for one in self.skipped if one.error is not None)


def macs_per_cycle(core: Core) -> int:
    """int8 multiply-accumulates that the core can start in a cycle.

    SMLAD does 2; Helium with two 32-bit beats a cycle (M55, M85) 8; anything else 1.
    """
    if core.has(Isa.MVE):
        return 8
    return 2 if core.has(Isa.DSP) else 1


def share_of_bound(core: Core, macs: int, cycles: int | None) -> float | None:
    """1.0 when every cycle did all the multiply-accumulates it can."""
    return macs / macs_per_cycle(core) / cycles if cycles and macs else None


def stimulus(kind: TensorType) -> Array:
    """The input of every measurement: element i is (i*31+7) mod 256 - 128; floats get it divided by 128."""
    values = (np.arange(int(np.prod(kind.shape)), dtype=np.int64) * 31 + 7) % 256 - 128
    typed = values.reshape(kind.shape).astype(kind.dtype.numpy)
    return typed / np.float32(128) if kind.dtype is DType.FLOAT32 else typed


def compilers_for(core: Core, wanted: Sequence[str]) -> tuple[str, ...]:
    """The compilers to build with: those that are wanted, or all of COMPILERS that are here."""
    return tuple(wanted) or tuple(c for c in available_compilers(core) if c in COMPILERS)


def measure(model: str, graph: Graph, board: Board, compiler: str, goal: str = "speed") -> Measurement:
    """One build and run.

    Raises:
        NetsukeError: when the model cannot be built for the board, or not run.
    """
    options = BuildOptions(
        name=graph.name,
        optimize=goal,
        compiler=compiler,
        targets=(Target.EMULATOR,),
        runs=0,
        inputs=(tuple(stimulus(graph.tensors[name]) for name in graph.inputs),),
    )
    with tempfile.TemporaryDirectory(prefix="netsuke-bench-") as folder:
        result = build(graph, board=board, out=Path(folder) / "out", options=options)
    if result.cycles is None:
        raise EmulationError(
            f"{board.core.name} ran, but was not counted: QEMU without plugins, or no C compiler for one"
        )
    return Measurement(model=model, board=board, compiler=compiler, result=result, goal=goal)


def why_not(board: Board) -> str | None:
    """Why a board's core cannot be run here, or None."""
    if board.core.unicorn_model or find_qemu() is not None:
        return None
    return f"{board.core.name} is emulated by QEMU only, and qemu-system-arm is not on the PATH"


def measure_all(
    models: Sequence[BenchModel],
    boards: Sequence[str],
    compilers: Sequence[str],
    progress: Callable[[str, float], None],
    smallest_on: Sequence[str] = (),
) -> Session:
    """Every model on every board with every compiler; what cannot be built is skipped and named.

    On the boards `smallest_on`, where they are among them, also with the goal "size".

    Raises:
        NetsukeError: for an unknown board, or a model that cannot be read.
    """
    targets = [find_board(name).require_supported() for name in boards]
    skipped = [Skipped(what=b.name, why=why) for b in targets if (why := why_not(b)) is not None]
    here = [b for b in targets if why_not(b) is None]
    builds = [
        (board, compiler, goal)
        for board in here
        for compiler in compilers_for(board.core, compilers)
        for goal in (("speed", "size") if board.name in smallest_on else ("speed",))
    ]
    found: list[Measurement] = []
    for number, model in enumerate(models):
        graph = load(model.path)
        for at, (board, compiler, goal) in enumerate(builds):
            what = f"{model.key} {board.name} {compiler}{' for size' if goal == 'size' else ''}"
            progress(what, (number + at / len(builds)) / len(models))
            try:
                found.append(measure(model.key, graph, board, compiler, goal))
            except NetsukeError as error:
                skipped.append(Skipped(what=what, why=str(error), error=error))
    progress("done", 1.0)
    return Session(measurements=tuple(found), skipped=tuple(skipped))
