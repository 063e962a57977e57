"""Refuse an image that holds an instruction its core lacks.

The emulator executes some of them all the same (its Cortex-M3 accepts DSP instructions, and gets SSAT16
wrong), so that only a look at the code itself shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import capstone

from netsuke.boards import Core, Isa
from netsuke.emulate.image import Image
from netsuke.errors import EmulationError

# What ARMv6-M has of 32-bit encodings.
_WIDE_V6M = frozenset({"bl", "dmb", "dsb", "isb", "mrs", "msr", "udf"})
_NOT_V6M = ("cbz", "cbnz", "it")
_DSP = (
    "sadd8", "sadd16", "sasx", "ssax", "ssub8", "ssub16",
    "uadd8", "uadd16", "uasx", "usax", "usub8", "usub16",
    "qadd", "qsub", "qdadd", "qdsub", "qasx", "qsax", "uqadd", "uqsub", "uqasx", "uqsax",
    "shadd", "shsub", "shasx", "shsax", "uhadd", "uhsub", "uhasx", "uhsax",
    "smla", "smlsd", "smlsld", "smmla", "smmls", "smmul", "smua", "smusd", "smulb", "smult", "smulw",
    "ssat16", "usat16", "sxtab", "sxtah", "uxtab", "uxtah", "sxtb16", "uxtb16", "sel", "pkh", "usad", "umaal",
)  # fmt: skip
_NOT_DSP = ("smlal",)  # SMLAL itself is base Thumb-2; its halfword and dual forms are not
_FPV5 = ("vsel", "vmaxnm", "vminnm", "vrint", "vcvta", "vcvtn", "vcvtp", "vcvtm")
_RISCV_MULDIV = ("mul", "div", "rem")


def disassembler(core: Core, *, detail: bool = False) -> Any:
    """Capstone for a core's instruction set."""
    if core.architecture == "riscv":
        engine = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)
    else:
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8
        engine = capstone.Cs(capstone.CS_ARCH_ARM, mode)
    engine.detail = detail
    return engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """An instruction that a core does not have."""

    address: int
    text: str
    lacks: str


def check_instructions(image: Image, core: Core) -> None:
    """Raise EmulationError for the first instruction that the core does not have."""
    for found in offences(image, core):
        raise EmulationError(
            f"{core.name} has no {found.lacks}, but {image.path.name} uses it: `{found.text}` in "
            f"{image.where(found.address)}, {found.address:#010x}; compile for this core, or choose a kernel "
            "without it"
        )


def offences(image: Image, core: Core) -> Iterator[Offence]:
    """Every instruction of the image that the core does not have."""
    if Isa.MVE in core.isa:
        # The disassembler knows no Helium, and a core that has it has all the rest.
        return
    engine = disassembler(core)
    for start, end in image.code:
        at = start
        for address, size, mnemonic, operands in engine.disasm_lite(image.read(start, end - start), start):
            at = address + size
            lacks = _lacks(core, size, mnemonic)
            if lacks:
                yield Offence(address=address, text=f"{mnemonic} {operands}".strip(), lacks=lacks)
        # Padding after the last function may be any bytes; anything longer was meant to be executed.
        rest = image.read(at, end - at)
        if len(rest) >= 4 and any(rest):
            yield Offence(address=at, text=rest[:4].hex(), lacks="instruction with this encoding")


def _lacks(core: Core, size: int, mnemonic: str) -> str:
    """What the core would need for this instruction and does not have; empty when it is fine."""
    name = mnemonic.split(".")[0]
    if core.architecture == "riscv":
        return _riscv_lacks(core, size, mnemonic)
    if Isa.THUMB2 not in core.isa:
        base = name if name in _WIDE_V6M else ""
        if (size == 4 and not base) or (size == 2 and name.startswith(_NOT_V6M)):
            return "such encoding (ARMv6-M)"
    if name.startswith("v") and Isa.FP32 not in core.isa:
        return "FPU"
    if name.startswith(_FPV5) and Isa.FPV5 not in core.isa:
        return "FPv5 instructions"
    if _is_double(mnemonic) and Isa.FP64 not in core.isa:
        return "double-precision FPU"
    if name.startswith(("sdiv", "udiv")) and Isa.DIV not in core.isa:
        return "divider"
    if name.startswith(_DSP) and not _is_base_smlal(name) and Isa.DSP not in core.isa:
        return "DSP extension"
    return ""


def _is_base_smlal(name: str) -> bool:
    # smlal, or smlal with a condition; not smlalbb, smlald and so on.
    return name.startswith(_NOT_DSP) and name[5:] not in ("bb", "bt", "tb", "tt", "d", "dx")


def _is_double(mnemonic: str) -> bool:
    # Moves, loads and stores of D registers exist on single-precision FPUs too.
    return ".f64" in mnemonic and not mnemonic.startswith(
        ("vmov", "vldr", "vstr", "vpush", "vpop", "vldm", "vstm")
    )


def _riscv_lacks(core: Core, size: int, mnemonic: str) -> str:
    if size == 2 and Isa.RV_C not in core.isa:
        return "compressed instructions"
    if mnemonic.startswith(_RISCV_MULDIV) and Isa.RV_M not in core.isa:
        return "multiplier"
    if mnemonic.startswith(("lr.", "sc.", "amo")) and Isa.RV_A not in core.isa:
        return "atomic instructions"
    if mnemonic.startswith(("f", "c.f")) and not mnemonic.startswith("fence") and Isa.RV_F not in core.isa:
        return "FPU"
    return ""
