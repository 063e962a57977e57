"""What a core can execute, as flags that kernels ask for and the instruction guard enforces."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from netsuke.errors import BoardError


class Isa(enum.Flag):
    """Instruction set extensions. `Isa.NONE` is what portable C needs."""

    NONE = 0
    THUMB = enum.auto()  # ARMv6-M: 16-bit Thumb and a handful of 32-bit instructions
    THUMB2 = enum.auto()  # ARMv7-M / ARMv8-M mainline: the 32-bit Thumb encodings, UMULL, IT blocks
    DIV = enum.auto()  # SDIV and UDIV
    DSP = enum.auto()  # SMLAD, SXTB16, SSAT16, QADD and their family
    FP32 = enum.auto()  # single-precision FPU
    FP64 = enum.auto()  # double-precision FPU
    FPV5 = enum.auto()  # VSEL, VMAXNM, VRINT: the FPU of the M7 and of ARMv8-M
    MVE = enum.auto()  # Helium vectors
    RV32I = enum.auto()  # RISC-V base
    RV_M = enum.auto()  # multiply and divide
    RV_A = enum.auto()  # atomics
    RV_F = enum.auto()  # single-precision FPU
    RV_C = enum.auto()  # compressed encodings


def isa_from_names(names: Iterable[str], where: str) -> Isa:
    """Read flags as a core file spells them: lower case names of `Isa`."""
    known = {flag.name.lower(): flag for flag in Isa if flag.name is not None}
    found = Isa.NONE
    for name in names:
        if name not in known:
            raise BoardError(
                f"{where}: got the instruction set {name!r}, wanted some of {', '.join(sorted(known))}; "
                "correct the name in the file's `isa` list"
            )
        found |= known[name]
    return found
