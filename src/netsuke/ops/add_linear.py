"""ADD and SUB of equal shapes as one linear form in 32-bit arithmetic, proved for every pair of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Reference, Site
from netsuke.ops.proved_add import proved_kernel, real_line

LARGEST = (1 << 31) - (1 << 20)
"""What sums stay below."""
MOST_SHIFT = 24
HAIRS = tuple(sorted(range(-256, 257, 8), key=abs))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLinearArgs(KernelArgs):
    """y = (x0 * multiplier_0 + x1 * multiplier_1 + addend) >> shift, clamped to low..high."""

    c_name: ClassVar[str] = "nk_add_linear_args"
    count: int
    multiplier_0: int
    multiplier_1: int
    addend: int
    shift: int
    low: int
    high: int


def values(args: AddLinearArgs, x0: Array, x1: Array) -> Array:
    """What the kernel makes of int64 operands."""
    total = x0 * args.multiplier_0 + x1 * args.multiplier_1 + args.addend
    result: Array = np.clip(total >> args.shift, args.low, args.high)
    return result


def candidates(site: Site[Any]) -> Iterator[AddLinearArgs]:
    """Linear forms that do not overflow, the most likely first."""
    y, (reals, offset) = site.y(), real_line(site)
    offset += 0.5
    reach = 128 * (abs(reals[0]) + abs(reals[1])) + abs(offset) + 1
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    shift = next((s for s in range(MOST_SHIFT, 15, -1) if reach * (1 << s) < LARGEST), None)
    if shift is None:
        return
    exact = [real * (1 << shift) for real in reals]
    for hair, m0, m1 in product(HAIRS, (0, 1, -1), (0, 1, -1)):
        yield AddLinearArgs(
            count=y.elements, multiplier_0=round(exact[0]) + m0, multiplier_1=round(exact[1]) + m1,
            addend=round(offset * (1 << shift)) + hair, shift=shift, low=low, high=high,
        )  # fmt: skip


def linear_kernel(reference: Reference[Any]) -> Kernel:
    """The kernel, held against the operator's own reference."""
    return proved_kernel("nk_add_s8_linear", AddLinearArgs, candidates, values, reference)
