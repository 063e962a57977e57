"""A board that does not exist: one core with plenty of memory, for conformance tests and measurements."""

from __future__ import annotations

import functools

from netsuke.boards.board import Board
from netsuke.boards.core import Core
from netsuke.boards.load import core as find_core
from netsuke.boards.memory import Memory, MemoryKind

_MIB = 1 << 20


@functools.cache
def testbench_board(core: str | Core) -> Board:
    """16 MiB of flash and 16 MiB of RAM around `core`, at 100 MHz."""
    found = find_core(core) if isinstance(core, str) else core
    return Board(
        name=f"testbench-{found.name}",
        title=f"test bench ({found.title})",
        chip="none",
        core=found,
        clock_hz=100_000_000,
        memories=(
            Memory(name="FLASH", kind=MemoryKind.FLASH, origin=0x0000_0000, size=16 * _MIB),
            Memory(name="RAM", kind=MemoryKind.RAM, origin=0x2000_0000, size=16 * _MIB),
        ),
        source="synthetic",
    )


# pytest would take the name for a test.
testbench_board.__test__ = False  # type: ignore[attr-defined]
