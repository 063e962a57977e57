"""ADD and SUB of equal shapes for cores with Helium, as one linear form that is proved for every pair of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.broadcast import full_size_inputs, loops_of
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Reference, Site

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
    sign = -1 if site.node.op == "sub" else 1
    y = site.y()
    reals = site.x(0).scale / y.scale, sign * site.x(1).scale / y.scale
    reach = 128 * (abs(reals[0]) + abs(reals[1]) + 2) + 512
    shift = min(MOST_SHIFT, int(np.floor(np.log2(LARGEST / reach))))
    multipliers = [round(real * (1 << (shift + 7))) for real in reals] if shift > 0 else [1 << 31]
    if shift < 8 or max(map(abs, multipliers)) >= 1 << 31:
        return []
    offset = y.zero_point - reals[0] * site.x(0).zero_point - reals[1] * site.x(1).zero_point
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


def proved(site: Site[Any], reference: Reference[Any]) -> AddMveArgs | None:
    """The first form that equals the reference for all 65,536 pairs of bytes; None when none does."""
    if site.y().dtype is not DType.INT8 or len(loops_of(site)) > 1 or site.x(0).shape != site.x(1).shape:
        return None
    first, second = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128), indexing="ij")
    tried = candidates(site)
    if not tried:
        return None
    wanted = reference(site, (first.astype(np.int8), second.astype(np.int8)))[0].astype(np.int64)
    return next((args for args in tried if np.array_equal(values(args, first, second), wanted)), None)


def add_kernel(reference: Reference[Any]) -> Kernel:
    """The kernel, held against the operator's own reference."""

    def bind(site: Site[Any]) -> tuple[Call]:
        args = proved(site, reference)
        assert args is not None
        return (kernel.call(Input(index=0), Input(index=1), Output(index=0), args=args),)

    kernel = Kernel(
        name="nk_add_s8_mve",
        params=(
            Param(name="x0", ctype="const int8_t"),
            Param(name="x1", ctype="const int8_t"),
            Param(name="y", ctype="int8_t"),
        ),
        args=AddMveArgs,
        bind=bind,
        accepts=lambda site: proved(site, reference) is not None,
        needs=Isa.MVE,
        in_place=full_size_inputs,
    )
    return kernel
