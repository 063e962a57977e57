"""A board: a chip's memories, clock and core, each number as the datasheet gives it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from netsuke.boards.core import Core
from netsuke.boards.memory import Memory, MemoryKind
from netsuke.errors import BoardError, InputError

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Run current as a source gives it: `microamp_per_mhz` at `volts`, the core running from flash."""

    microamp_per_mhz: float
    volts: float
    source: str

    def __post_init__(self) -> None:
        if self.microamp_per_mhz <= 0 or self.volts <= 0 or not self.source:
            raise BoardError(
                f"power: got {self.microamp_per_mhz} µA/MHz at {self.volts} V from {self.source!r}, wanted "
                "positive numbers and a source; correct the board file"
            )

    def microjoules(self, cycles: int) -> float:
        """Energy of `cycles` core cycles, in µJ."""
        # µA/MHz is pC a cycle; times volts is pJ a cycle.
        return self.microamp_per_mhz * self.volts * cycles * 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board. Its first flash holds code and constants, its first RAM holds data, arena and stack."""

    name: str
    title: str
    chip: str
    core: Core
    clock_hz: int
    memories: tuple[Memory, ...]
    source: str
    aliases: tuple[str, ...] = ()
    constants: str = ""  # the memory that constants are read through, when not the code's
    flash_wait_states: int | None = None  # at clock_hz
    power: Power | None = None
    qemu_machine: str = ""
    note: str = ""
    supported: bool = True
    why_not: str = ""

    def __post_init__(self) -> None:
        for name in (self.name, *self.aliases):
            if not _SLUG.fullmatch(name):
                raise BoardError(
                    f"board {self.name!r}: got the name or alias {name!r}, wanted lower case letters, digits "
                    "and single hyphens; correct the board file"
                )
        if self.clock_hz <= 0:
            raise BoardError(f"board {self.name!r}: got clock_hz={self.clock_hz}, wanted more than 0")
        if self.supported == bool(self.why_not) or self.supported != self.core.compiled:
            raise BoardError(
                f"board {self.name!r}: got supported={self.supported}, why_not={self.why_not!r} and the core "
                f"{self.core.name!r}; wanted a reason exactly when netsuke does not compile for the core"
            )
        self._check_memories()

    def _check_memories(self) -> None:
        ordered = sorted(self.memories, key=lambda memory: memory.origin)
        for low, high in itertools.pairwise(ordered):
            if low.end > high.origin:
                raise BoardError(
                    f"board {self.name!r}: memory {low.name} ends at {low.end:#x}, inside {high.name} at "
                    f"{high.origin:#x}; correct origin or size in the board file"
                )
        if len({memory.name.lower() for memory in self.regions}) != len(self.regions):
            raise BoardError(f"board {self.name!r}: two memories have one name; rename one in the board file")
        if self.supported:
            _ = (self.flash, self.ram, self.constants_memory)

    @property
    def regions(self) -> tuple[Memory, ...]:
        """Everything that has a name: the memories, each followed by its parts."""
        return tuple(one for memory in self.memories for one in (memory, *memory.parts))

    def region(self, name: str) -> Memory:
        """The memory or part of that name, in any case.

        Raises:
            InputError: for a name that the board does not have.
        """
        for one in self.regions:
            if one.name.lower() == name.strip().lower():
                return one
        known = ", ".join(f"{one.name} ({one.usable:,} bytes)" for one in self.regions)
        raise InputError(f"{self.name} has no memory {name.strip()!r}; it has {known}")

    def _first(self, kind: MemoryKind) -> Memory:
        for memory in self.memories:
            if memory.kind is kind:
                return memory
        raise BoardError(
            f"board {self.name!r}: got no memory of kind {kind.value!r}, wanted one; add a [[memories]] table"
        )

    @property
    def flash(self) -> Memory:
        """Where code (and, but for `constants`, constants) go."""
        return self._first(MemoryKind.FLASH)

    @property
    def ram(self) -> Memory:
        """Where data, arena and stack go."""
        return self._first(MemoryKind.RAM)

    @property
    def constants_memory(self) -> Memory:
        """The window that constants are read through; the flash itself on most chips."""
        if not self.constants:
            return self.flash
        for memory in self.memories:
            if memory.name == self.constants and memory.kind is MemoryKind.FLASH:
                return memory
        raise BoardError(
            f"board {self.name!r}: got constants={self.constants!r}, wanted the name of one of its flash "
            "memories"
        )

    @property
    def flash_bytes(self) -> int:
        """Flash bytes that an image may use."""
        return self.flash.usable

    @property
    def ram_bytes(self) -> int:
        """Bytes of the RAM that an image may use."""
        return self.ram.usable

    def milliseconds(self, cycles: int) -> float:
        """Time of `cycles` core cycles at the board's clock, in ms."""
        return 1e3 * cycles / self.clock_hz

    def require_supported(self) -> Board:
        """Itself, or an error that says why netsuke does not compile for it."""
        if not self.supported:
            raise BoardError(
                f"board {self.name!r} ({self.title}) is known but netsuke does not compile for it: "
                f"{self.why_not}"
            )
        return self
