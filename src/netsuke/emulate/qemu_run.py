"""Run a built project under QEMU on any inputs, for the cores that the built-in emulator lacks (Helium).

The project is linked a second time, with a driver that reads the inputs from a file and writes the outputs to
another, for a QEMU board with ample memory: code and layers are the same, only their addresses differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from netsuke.boards import Board, Core, Memory, MemoryKind, Placement
from netsuke.emulate.build import build_image
from netsuke.emulate.compiler import RUNTIME
from netsuke.emulate.counter import BlockCount
from netsuke.emulate.image import Image
from netsuke.emulate.linker import check_fits
from netsuke.emulate.qemu import require_qemu, run_qemu
from netsuke.emulate.qemu_plugin import QemuCounts, with_plugin
from netsuke.emulate.result import ModelIo, RunResult, Spread
from netsuke.emulate.run import check_inputs, count_plan, function_counts, layer_counts
from netsuke.emulate.timing import CycleModel
from netsuke.errors import EmulationError

MACHINE = "mps3-an547"
MEASURED_RUNS = 2
"""The driver runs the first input so often to see what it touches, before the runs that count."""
_MIB = 1 << 20
_FAILED = 98


@dataclass(frozen=True, slots=True, kw_only=True)
class QemuRun:
    """Outputs of every input; the measures, where QEMU takes plugins and one could be built."""

    outputs: tuple[tuple[bytes, ...], ...]
    emulator: str
    measured: RunResult | None


@cache
def qemu_bench(core: Core) -> Board:
    """The memories of QEMU's Corstone-300 around a core: code in ITCM, constants and data in its 2 GiB of DDR."""
    return Board(
        name=f"qemu-{core.name}",
        title=f"QEMU test bench ({core.title})",
        chip="none",
        core=core,
        clock_hz=32_000_000,
        memories=(
            Memory(name="ITCM", kind=MemoryKind.FLASH, origin=0x0000_0000, size=_MIB // 2),
            Memory(name="CONSTANTS", kind=MemoryKind.FLASH, origin=0x6000_0000, size=32 * _MIB),
            Memory(name="RAM", kind=MemoryKind.RAM, origin=0x6800_0000, size=16 * _MIB),
        ),
        constants="CONSTANTS",
        qemu_machine=MACHINE,
        source="synthetic",
    )


def run_project(
    sources: Sequence[Path],
    image: Image,
    board: Board,
    io: ModelIo,
    inputs: Sequence[Sequence[bytes]],
    *,
    out: Path,
    include: Sequence[Path] = (),
    optimize: str = "-O2",
    compiler: str | None = None,
    reset_each: bool = True,
    progress: Callable[[int], None] | None = None,
    placement: Placement | None = None,
) -> QemuRun:
    """Run all inputs. `image` is the one linked for `board`, as `placement` says: its sizes are reported.

    Raises:
        EmulationError: when QEMU is not there, or the program fails.
        DoesNotFit: when the stack needs more RAM than the board has left.
    """
    check_inputs(io, inputs)
    require_qemu(board.core)
    bench = qemu_bench(board.core)
    driver = build_image(
        [*sources, RUNTIME / "qemu_driver.c", RUNTIME / "semihost_files.c"],
        board=bench,
        out=out,
        include=include,
        defines={
            "NK_NO_VECTORS": "",
            "main": "nk_project_main",
            **io.defines,
            **({"NK_QEMU_RESET": ""} if io.state_bytes else {}),
        },
        optimize=optimize,
        compiler=compiler,
    )
    with tempfile.TemporaryDirectory(prefix="netsuke-qemu-") as name:
        folder = Path(name)
        (folder / "inputs").write_bytes(encoded(io, inputs, reset_each=reset_each))
        plan = count_plan(driver, io)
        emulator, counts = with_plugin(
            plan, folder, MEASURED_RUNS, lambda extra: _run(driver, bench, folder, extra)
        )
        raw = (folder / "outputs").read_bytes()
    outputs, stack, touched = decoded(raw, io, len(inputs))
    check_fits(image, board, stack, placement)
    if progress is not None:
        progress(len(inputs))
    if counts is None:
        return QemuRun(outputs=outputs, emulator=emulator, measured=None)
    found = _result(image, driver, board, io, outputs, counts, emulator, stack, touched)
    return QemuRun(outputs=outputs, emulator=emulator, measured=found)


def _run(driver: Image, bench: Board, folder: Path, extra: Sequence[str]) -> str:
    ran = run_qemu(driver, bench, folder=folder, extra=extra)
    if ran.exit_code:
        raise EmulationError(
            f"{ran.emulator}: the model failed with code {ran.exit_code}; it said: {ran.text.strip()[:500]}"
        )
    return ran.emulator


def encoded(io: ModelIo, inputs: Sequence[Sequence[bytes]], *, reset_each: bool) -> bytes:
    """The driver's file of inputs (see runtime/qemu_driver.c)."""
    words = [int(reset_each), len(inputs), *io.arena_sizes]
    for table in (io.placed_inputs, io.placed_outputs):
        words += [len(table), *(number for pair in table for number in pair)]
    return np.array(words, "<u4").tobytes() + b"".join(data for given in inputs for data in given)


def decoded(raw: bytes, io: ModelIo, runs: int) -> tuple[tuple[tuple[bytes, ...], ...], int, tuple[int, ...]]:
    """(outputs of every run, stack bytes, bytes touched of each part of the arena), from the file of outputs."""
    each, head = sum(size for _, size in io.outputs), 4 * (1 + len(io.arenas))
    if len(raw) != head + runs * each:
        raise EmulationError(
            f"the program under QEMU wrote {len(raw):,} bytes, wanted {head + runs * each:,}; build it again"
        )
    stack, *touched = (int(word) for word in np.frombuffer(raw[:head], "<u4"))
    outputs, at = [], head
    for _ in range(runs):
        run = []
        for _, size in io.outputs:
            run.append(raw[at : at + size])
            at += size
        outputs.append(tuple(run))
    return tuple(outputs), stack, tuple(touched)


def _result(
    image: Image,
    driver: Image,
    board: Board,
    io: ModelIo,
    outputs: tuple[tuple[bytes, ...], ...],
    counts: QemuCounts,
    emulator: str,
    stack: int,
    touched: tuple[int, ...],
) -> RunResult:
    model = CycleModel(driver, board.core)
    blocks: Sequence[BlockCount] = counts.blocks
    arenas = tuple(
        (image.objects.get(name, planned), max([reached, *io.ends_in(number)]))
        for number, (name, planned, reached) in enumerate(
            zip(io.arenas, io.arena_sizes, touched, strict=True)
        )
    )
    spread = Spread(least=min(counts.runs), most=max(counts.runs))
    return RunResult(
        outputs=outputs,
        board=board.name,
        core=board.core.name,
        clock_hz=board.clock_hz,
        compiler=image.compiler,
        emulator=emulator,
        timing_source=board.core.timing_table().source,
        instructions=counts.runs[0],
        cycles=sum(map(model.cycles, blocks)),
        instructions_spread=spread,
        cycles_spread=spread,
        runs_counted=len(counts.runs),
        layers=layer_counts(io, blocks, model),
        functions=function_counts(driver, blocks, model),
        flash_code_bytes=image.flash_code_bytes,
        flash_weights_bytes=image.flash_rodata_bytes,
        flash_data_bytes=image.data_bytes,
        static_bytes=image.ram_bytes - image.objects.get("nk_input", 0),
        stack_bytes=stack,
        arena_bytes=sum(linked for linked, _ in arenas),
        arena_touched_bytes=sum(reached for _, reached in arenas),
        arenas=arenas,
        stray_writes=(),
    )
