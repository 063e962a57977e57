"""A memory as the core sees it: where, how large, and what it costs to read and write it."""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass

from netsuke.errors import BoardError

_PAGE = 4096  # emulators map whole pages
WORD = 4
"""Bytes of a word: the costs of a memory without a cache in front of it are for one."""


class MemoryKind(enum.Enum):
    FLASH = "flash"
    RAM = "ram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What data accesses cost beyond those of memory without wait states, in core cycles at the board's clock.

    A read that misses brings `line` bytes and costs `read` cycles; one that hits costs nothing more. `cache` bytes of
    cache (of data) are in front of the memory, in sets of `ways` lines, replaced least recently used first; memories
    that name the same `shared` cache compete for it. Without a cache only the last line that was read is at hand.
    A written word costs `write` cycles; where there is a cache, a line that is written first comes into it, and costs
    `write` a word when it leaves again.
    """

    read: float = 0.0
    write: float = 0.0
    line: int = WORD
    cache: int = 0
    ways: int = 1
    shared: str = ""
    source: str = ""
    """Where the figures come from; required when there are any."""
    model: bool = False
    """True when a figure is worked out from bus widths and clocks, not stated by a source or measured."""

    def __post_init__(self) -> None:
        numbers = (self.read, self.write)
        if any(isinstance(n, bool) or not isinstance(n, int | float) or not 0 <= n < 1e6 for n in numbers):
            raise BoardError(
                f"access: got read={self.read!r} and write={self.write!r}, wanted cycles from 0 on; correct the "
                "board file"
            )
        if any(not isinstance(n, int) or n < 0 for n in (self.line, self.cache, self.ways)):
            raise BoardError(
                f"access: got line={self.line!r}, cache={self.cache!r} and ways={self.ways!r}, wanted whole numbers; "
                "correct the board file"
            )
        if self.line < WORD or self.line & (self.line - 1) or self.line > 4096:
            raise BoardError(
                f"access: got line={self.line}, wanted a power of two from 4 to 4096; correct the board file"
            )
        if self.cache and (not 1 <= self.ways <= self.cache // self.line or self.sets & (self.sets - 1)):
            raise BoardError(
                f"access: got a cache of {self.cache} bytes with lines of {self.line} in {self.ways} ways, wanted a "
                "power of two of sets; correct the board file"
            )
        if (self.read or self.write) and not self.source:
            raise BoardError("access: got cycles without a source, wanted where they come from; add `source`")

    @property
    def sets(self) -> int:
        """Sets of the cache, 1 without one: then the last line is the only one kept."""
        return self.cache // (self.line * self.ways) if self.cache else 1

    @property
    def per_word(self) -> float:
        """Extra cycles a word when everything is read once, in order: what memories are compared by."""
        return self.read * WORD / self.line

    def bytes_per_second(self, clock_hz: int) -> float:
        """How fast lines come that are not in the cache; infinite for memory without wait states."""
        return self.line * clock_hz / self.read if self.read else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One memory as the core sees it. `reserved` bytes at its start belong to a bootloader.

    `parts` are stretches of it with names of their own, such as banks that are adjacent: what lies across two of them
    is fine, and what is put into one lies in it alone.
    """

    name: str
    kind: MemoryKind
    origin: int
    size: int
    reserved: int = 0
    note: str = ""
    access: Access | None = None
    """None: nothing is known of its costs."""
    external: bool = False
    """Outside the chip: it needs set-up code before it can be used, and is used only when it is named."""
    auto: bool = True
    """False: only used when it is named, such as memory meant for code, or a cache's."""
    parts: tuple[Memory, ...] = ()

    def __post_init__(self) -> None:
        if self.size <= 0 or self.size % 1024 or self.origin % _PAGE:
            raise BoardError(
                f"memory {self.name!r}: got origin {self.origin:#x} and size {self.size}, wanted a size in "
                f"whole KiB and an origin on a {_PAGE} byte page; correct the board file"
            )
        if not 0 <= self.reserved < self.size or self.end > 1 << 32:
            raise BoardError(
                f"memory {self.name!r}: got reserved={self.reserved} and end {self.end:#x}, wanted reserved "
                "below the size and the end within 32 bits; correct the board file"
            )
        self._check_parts()

    def _check_parts(self) -> None:
        ordered = sorted(self.parts, key=lambda part: part.origin)
        for part in self.parts:
            if part.kind is not self.kind or part.parts or part.reserved:
                raise BoardError(
                    f"memory {self.name!r}: its part {part.name!r} must be of the same kind, without parts or reserved "
                    "bytes of its own; correct the board file"
                )
            if part.origin < self.origin or part.end > self.end:
                raise BoardError(
                    f"memory {self.name!r}: its part {part.name!r} lies at {part.origin:#x}..{part.end:#x}, outside "
                    f"{self.origin:#x}..{self.end:#x}; correct the board file"
                )
        for low, high in itertools.pairwise(ordered):
            if low.end > high.origin:
                raise BoardError(
                    f"memory {self.name!r}: its part {low.name} ends at {low.end:#x}, inside {high.name}; correct the "
                    "board file"
                )

    @property
    def start(self) -> int:
        """The first address that an image may use."""
        return self.origin + self.reserved

    @property
    def usable(self) -> int:
        """Bytes that an image may use."""
        return self.size - self.reserved

    @property
    def end(self) -> int:
        return self.origin + self.size

    def holds(self, address: int) -> bool:
        return self.origin <= address < self.end

    @property
    def costs(self) -> tuple[Memory, ...]:
        """Stretches of one cost each: the parts, or the memory itself."""
        return self.parts or (self,)

    @property
    def speed(self) -> tuple[float, float]:
        """(extra cycles a word read in order, a word written) of the slowest part; what is not known counts as 0."""
        known = [one.access for one in self.costs if one.access is not None]
        return (
            max((access.per_word for access in known), default=0.0),
            max((access.write for access in known), default=0.0),
        )
