"""SOFTMAX of int16 for cores with the DSP extension: one product to the table's units, one between its entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.fixed_point import INT32_MAX, Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import elementwise
from netsuke.ops.softmax_tables import INT16_MAX, INT16_MIN, STEPS, exp_table, reciprocal_table

FURTHEST = (1 << 16) - 1
"""The largest difference of two int16."""
MOST_LEFT = 15
NUDGES = sorted(range(-48, 49), key=abs)
LARGEST_SLOPE = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxS16DspArgs(KernelArgs):
    """(difference << left) * multiplier >> 32 is in 1/65535 of 10."""

    c_name: ClassVar[str] = "nk_softmax_s16_dsp_args"
    rows: int
    depth: int
    left: int
    multiplier: int


@lru_cache(maxsize=256)
def one_product(m: Multiplier) -> tuple[int, int] | None:
    """(left, multiplier) that give TFLite's place in the table for every difference; None where none of those do."""
    below = -np.arange(FURTHEST + 1, dtype=np.int64)
    wanted = np.maximum(multiply_by_quantized_multiplier(below, m.value, m.shift) + INT16_MAX, INT16_MIN)
    real = m.value * 2.0 ** (m.shift - 31)
    left = max(0, math.ceil(math.log2(real)) + 1) if real > 0 else MOST_LEFT + 1
    if left > MOST_LEFT:
        return None
    exact = round(real * 2.0 ** (32 - left))
    for nudge in NUDGES:
        multiplier = exact + nudge
        places = ((below << left) * multiplier + (1 << 31) >> 32) + INT16_MAX
        if 0 < multiplier <= INT32_MAX and np.array_equal(np.maximum(places, INT16_MIN), wanted):
            return left, multiplier
    return None


def exp_words() -> Constant:
    """The table of exps as words: value << 17, half of what the interpolation cuts off, slope to the next entry."""
    table = exp_table().astype(np.int64)
    slopes = np.diff(table)
    assert slopes.min() >= 0
    assert slopes.max() < LARGEST_SLOPE
    words = (table[:STEPS] << 17) + (1 << 16) + slopes
    data = words.astype(np.uint32).view(np.int32)
    return Constant(label="exps", data=data, shape_note="exp over [-10, 0] and its slopes")


def softmax_s16_kernel(multiplier: Callable[[Site[Any]], Multiplier]) -> Kernel:
    """The kernel; `multiplier` takes differences to 1/65535 of 10."""

    def bind(site: Site[Any]) -> tuple[Call]:
        found = one_product(multiplier(site))
        assert found is not None
        depth = site.x().shape[-1]
        args = SoftmaxS16DspArgs(
            rows=site.x().elements // depth, depth=depth, left=found[0], multiplier=found[1]
        )
        reciprocals = Constant(
            label="reciprocals", data=reciprocal_table(), shape_note="1 / (1 + x) over [0, 1]"
        )
        return (kernel.call(Input(index=0), exp_words(), reciprocals, Output(index=0), args=args),)

    kernel = Kernel(
        name="nk_softmax_s16_dsp",
        params=(
            Param(name="x", ctype="const int16_t"),
            Param(name="exps", ctype="const int32_t"),
            Param(name="reciprocals", ctype="const int16_t"),
            Param(name="y", ctype="int16_t"),
        ),
        args=SoftmaxS16DspArgs,
        bind=bind,
        accepts=lambda site: site.x().dtype is DType.INT16 and one_product(multiplier(site)) is not None,
        needs=Isa.DSP,
        overlap=elementwise,
    )
    return kernel
