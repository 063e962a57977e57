"""ADD and SUB of equal shapes for cores with Helium, as one linear form that is proved for every pair of bytes."""

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

LARGEST = 1 << 30
"""What sums must stay below, the room for the addend's hair included."""
MOST_SHIFT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMveArgs(KernelArgs):
    """y = (round(x0 * multiplier_0 / 2^7) + round(x1 * multiplier_1 / 2^7) + addend) >> shift, saturated.

    narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_add_mve_args"
    count: int
    multiplier_0: int
    multiplier_1: int
    addend: int
    shift: int
    narrow: int
    low: int
    high: int


def values(args: AddMveArgs, x0: Array, x1: Array) -> Array:
    """What the kernel makes of int64 operands."""
    first, second = (x0 * args.multiplier_0 + 64) >> 7, (x1 * args.multiplier_1 + 64) >> 7
    total = (first + second + args.addend) >> args.shift
    clamped: Array = np.clip(np.clip(total, -128, 127), args.low, args.high)
    return clamped


def candidates(site: Site[Any]) -> list[AddMveArgs]:
    """Linear forms as fine as 32 bits allow, the most likely first; none where one would overflow."""
    y, (reals, offset) = site.y(), real_line(site)
    reach = 128 * (abs(reals[0]) + abs(reals[1]) + 2) + 512
    shift = min(MOST_SHIFT, int(np.floor(np.log2(LARGEST / reach))))
    multipliers = [round(real * (1 << (shift + 7))) for real in reals] if shift > 0 else [1 << 31]
    if shift < 8 or max(map(abs, multipliers)) >= 1 << 31:
        return []
    if abs(offset) > 2 * reach:
        return []
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    middle = round((offset + 0.5) * (1 << shift))
    return [
        AddMveArgs(
            count=y.elements, multiplier_0=multipliers[0] + m0, multiplier_1=multipliers[1] + m1,
            addend=middle + hair, shift=shift, narrow=int((low, high) != (-128, 127)), low=low, high=high,
        )
        for hair, m0, m1 in product((0, -1, 1, -2, 2, -4, 4, -8, 8), (0, 1, -1), (0, 1, -1))
    ]  # fmt: skip


def add_kernel(reference: Reference[Any]) -> Kernel:
    """The kernel, held against the operator's own reference."""
    return proved_kernel("nk_add_s8_mve", AddMveArgs, candidates, values, reference, Isa.MVE)
