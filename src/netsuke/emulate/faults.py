"""What went wrong inside the emulated core, told so that somebody can find it in the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from unicorn import unicorn_const

from netsuke.boards import Board, Core
from netsuke.emulate.image import Image

_ACCESS = {
    unicorn_const.UC_MEM_READ_UNMAPPED: "read where no memory is",
    unicorn_const.UC_MEM_WRITE_UNMAPPED: "write where no memory is",
    unicorn_const.UC_MEM_FETCH_UNMAPPED: "instruction fetch where no memory is",
    unicorn_const.UC_MEM_READ_PROT: "read of protected memory",
    unicorn_const.UC_MEM_WRITE_PROT: "write to read-only memory (flash)",
    unicorn_const.UC_MEM_FETCH_PROT: "instruction fetch from memory that holds no code",
}
_ARM_DATA_ABORT = 4
_EXCEPTIONS = {
    "arm": {
        1: "undefined instruction",
        2: "SVC instruction",
        3: "instruction fetch fault",
        4: "data access fault",
        7: "breakpoint",
        8: "exception return",
        17: "FPU used while it is off",
        18: "invalid processor state (unaligned, or not Thumb)",
    },
    "riscv": {
        0: "misaligned jump",
        1: "instruction fetch fault",
        2: "undefined instruction",
        3: "breakpoint",
        4: "misaligned load",
        5: "load fault",
        6: "misaligned store",
        7: "store fault",
        11: "ECALL instruction",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`address` and `size` are those of the access, when the fault is one."""

    kind: str
    pc: int
    address: int | None = None
    size: int = 0

    @classmethod
    def of_access(cls, access: int, address: int, size: int, pc: int) -> Self:
        return cls(kind=_ACCESS.get(access, f"memory fault {access}"), pc=pc, address=address, size=size)

    @classmethod
    def of_exception(cls, core: Core, number: int, pc: int) -> Self:
        kind = _EXCEPTIONS[core.architecture].get(number, f"exception {number}")
        if core.aligned_only and number == _ARM_DATA_ABORT:
            kind += " (an unaligned access, which this core refuses)"
        return cls(kind=kind, pc=pc)


def describe(fault: Fault, image: Image, board: Board, registers: Mapping[str, int]) -> str:
    """The fault, where it happened, what was accessed, and all registers."""
    where = (
        f"{fault.kind} at pc {fault.pc:#010x} ({image.where(fault.pc)}) on {board.core.name}, {board.name}"
    )
    access = ""
    if fault.address is not None:
        access = f"; {fault.size} bytes at {fault.address:#010x} ({_place(fault.address, board)})"
    shown = [f"{name:>4} {value & 0xFFFFFFFF:08x}" for name, value in registers.items()]
    rows = ["  ".join(shown[i : i + 6]) for i in range(0, len(shown), 6)]
    return "\n".join([f"{where}{access}", *rows])


def _place(address: int, board: Board) -> str:
    for memory in board.memories:
        if memory.holds(address):
            return f"{memory.name}+{address - memory.origin:#x}"
    nearest = min(board.memories, key=lambda m: min(abs(address - m.origin), abs(address - m.end)))
    if address >= nearest.end:
        return f"{address - nearest.end:,} bytes past the end of {nearest.name}"
    return f"{nearest.origin - address:,} bytes before {nearest.name}"
