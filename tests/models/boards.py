"""Boards that do not exist: an M7 with two RAMs, neither of which holds an arena."""

from __future__ import annotations

from netsuke.boards import Access, Board, Memory, MemoryKind, core

SLOW = Access(read=10, write=1, line=32, cache=1024, ways=2, source="made up", model=True)
FAST = Access(source="made up")


def two_banks(fast: int, slow: int, *, flash: int = 1 << 20, cpu: str = "cortex-m7") -> Board:
    """FAST, SLOW and a flash without wait states; sizes in KiB but for the flash."""
    return Board(
        name="two-banks",
        title="two banks",
        chip="none",
        core=core(cpu),
        clock_hz=280_000_000,
        memories=(
            Memory(name="FLASH", kind=MemoryKind.FLASH, origin=0x0800_0000, size=flash, access=FAST),
            Memory(name="SLOW", kind=MemoryKind.RAM, origin=0x2400_0000, size=slow * 1024, access=SLOW),
            Memory(name="FAST", kind=MemoryKind.RAM, origin=0x2000_0000, size=fast * 1024, access=FAST),
        ),
        source="made up",
    )
