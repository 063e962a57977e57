"""ADD and SUB of equal shapes for cores with the DSP extension: one linear form, proved for every pair of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Reference, Site
from netsuke.ops.proved_add import proved_kernel, real_line

SHIFT = 20
"""Bits below a stored value; SSAT shifts them out."""
LARGEST = 1 << 30
"""What sums stay below."""
HAIRS = (0, -1, 1, -2, 2, -4, 4, -8, 8, -16, 16, -64, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDspArgs(KernelArgs):
    """y = (x0 * multiplier_0 / 2^8 + x1 * multiplier_1 / 2^8 + addend) >> 20, saturated; quotients rounded down.

    narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_add_dsp_args"
    count: int
    multiplier_0: int
    multiplier_1: int
    addend: int
    narrow: int
    low: int
    high: int


def values(args: AddDspArgs, x0: Array, x1: Array) -> Array:
    """What the kernel makes of int64 operands."""
    total = (x0 * args.multiplier_0 >> 8) + (x1 * args.multiplier_1 >> 8) + args.addend
    result: Array = np.clip(np.clip(total >> SHIFT, -128, 127), args.low, args.high)
    return result


def candidates(site: Site[Any]) -> list[AddDspArgs]:
    """Linear forms, the most likely first; none where one would overflow."""
    y, (reals, offset) = site.y(), real_line(site)
    if 128 * (abs(reals[0]) + abs(reals[1])) + abs(offset) + 2 >= LARGEST >> SHIFT:
        return []
    if max(abs(real) for real in reals) >= 1 << (30 - SHIFT - 8):
        return []
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    multipliers = [round(real * (1 << (SHIFT + 8))) for real in reals]
    # Both quotients are rounded down: half a unit each.
    middle = round((offset + 0.5) * (1 << SHIFT)) + 1
    return [
        AddDspArgs(
            count=y.elements, multiplier_0=multipliers[0] + m0, multiplier_1=multipliers[1] + m1,
            addend=middle + hair, narrow=int((low, high) != (-128, 127)), low=low, high=high,
        )
        for hair, m0, m1 in product(HAIRS, (0, 1, -1), (0, 1, -1))
    ]  # fmt: skip


def add_kernel(reference: Reference[Any]) -> Kernel:
    """The kernel, held against the operator's own reference."""
    return proved_kernel("nk_add_s8_dsp", AddDspArgs, candidates, values, reference, Isa.DSP)
