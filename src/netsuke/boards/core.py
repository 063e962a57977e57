"""A processor core: what it executes, how to compile for it, what emulates it, what its instructions cost."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.boards.isa import Isa
from netsuke.boards.timing import TimingTable
from netsuke.errors import BoardError

ARCHITECTURES = ("arm", "riscv", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """`architecture` "other": netsuke knows the core but does not compile for it; no tools, no timing."""

    name: str
    title: str
    architecture: str
    isa: Isa = Isa.NONE
    gcc_flags: tuple[str, ...] = ()
    zig_target: str = ""
    zig_cpu: str = ""
    unicorn_model: str = ""  # a UC_CPU_* constant's name; empty where only QEMU emulates the core
    timing: TimingTable | None = None
    aligned_only: bool = False  # a word access to an odd address faults

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise BoardError(
                f"core {self.name!r}: got the architecture {self.architecture!r}, wanted one of "
                f"{ARCHITECTURES}; correct the core file"
            )
        missing = [
            field for field in ("gcc_flags", "zig_target", "zig_cpu", "timing") if not getattr(self, field)
        ]
        if self.compiled and missing:
            raise BoardError(
                f"core {self.name!r}: got no {', '.join(missing)}, wanted them for a core that netsuke "
                "compiles for; add them to the core file"
            )

    @property
    def compiled(self) -> bool:
        """Whether netsuke compiles for this core."""
        return self.architecture != "other"

    def has(self, needs: Isa) -> bool:
        """Whether the core executes everything in `needs`."""
        return needs in self.isa

    def timing_table(self) -> TimingTable:
        """The timing table, or an error for a core that has none."""
        if self.timing is None:
            raise BoardError(f"core {self.name!r} has no timing table: netsuke does not compile for it")
        return self.timing
