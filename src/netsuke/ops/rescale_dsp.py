"""Integers to another scale or type, for cores with the DSP extension (kernels/include/nk_rescale_dsp.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.fixed_point import INT32_MAX, Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Site
from netsuke.ops.unary import unary_kernel

SHIFTS = {DType.INT8: 16, DType.INT16: 14}
"""Bits below an output that SSAT shifts out, by the output's type: NK_LINEAR in nk_rescale_dsp.h."""
UNITS = {DType.INT8: 256, DType.INT16: 1}
"""What an input is multiplied by: a byte lies in the upper half of a halfword."""
MOST_LEFT = 14
"""An int16 shifted to the left by one more still fits 32 bits."""
MOST_RIGHT = 20
"""Zero point and one half, shifted to the left by so much, leave room for the product."""
NUDGES = (0, 1, -1, 2, -2, 4, -4, 8, 16, 32, 64, 128, 256)
LOWER = (1, 0, 2, 4, 8, 16, 32, 64)
"""What is taken off one half, so that halves below zero go down, and off the multiplier's size the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearArgs(KernelArgs):
    """y = ((multiplier * x >> 16) + addend) >> 16 (to int8) or 14 (to int16), saturated; x of int8 times 256."""

    c_name: ClassVar[str] = "nk_linear_args"
    count: int
    multiplier: int
    addend: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RescaleDspArgs(KernelArgs):
    """y = (x << left) * multiplier >> 32, rounded, then >> right, rounded by the addend, within low..high."""

    c_name: ClassVar[str] = "nk_rescale_dsp_args"
    count: int
    left: int
    multiplier: int
    right: int
    addend: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale:
    """What QUANTIZE means: (x - x_zero) scaled by `multiplier`, plus y_zero, within the output's range."""

    x: DType
    y: DType
    x_zero: int
    y_zero: int
    multiplier: Multiplier


@lru_cache(maxsize=256)
def linear(of: Rescale) -> tuple[int, int] | None:
    """Multiplier and addend that give every element's value; None where none of those tried do."""
    low, high = of.x.range
    x = np.arange(low, high + 1, dtype=np.int64)
    m = of.multiplier
    wide = multiply_by_quantized_multiplier(x - of.x_zero, m.value, m.shift) + of.y_zero
    wanted = np.clip(wide, *of.y.range)
    shift = SHIFTS[of.y]
    unit = UNITS[of.x]
    exact = m.value * 2.0 ** (m.shift - 31 + 16 + shift) / unit
    for nudge in NUDGES:
        multiplier = round(exact) + nudge
        addend = (of.y_zero << shift) + (1 << (shift - 1)) - (multiplier * unit * of.x_zero >> 16)
        for less in LOWER:
            sums = (multiplier * unit * x >> 16) + addend - less
            fits = 0 <= multiplier <= INT32_MAX and int(np.abs(sums).max()) <= INT32_MAX
            if fits and np.array_equal(np.clip(sums >> shift, *of.y.range), wanted):
                return multiplier, addend - less
    return None


def linear_kernel(name: str, x: DType, y: DType, multiplier: Callable[[Site[Any]], Multiplier]) -> Kernel:
    """The kernel between two types of integers."""

    def rescale(site: Site[Any]) -> Rescale:
        a, b = site.x(), site.y()
        return Rescale(
            x=a.dtype, y=b.dtype, x_zero=a.zero_point, y_zero=b.zero_point, multiplier=multiplier(site)
        )

    def args_of(site: Site[Any]) -> LinearArgs:
        found = linear(rescale(site))
        assert found is not None
        return LinearArgs(count=site.y().elements, multiplier=found[0], addend=found[1])

    return unary_kernel(
        name, x, y, LinearArgs, args_of, lambda site: linear(rescale(site)) is not None, needs=Isa.DSP
    )


def twice_kernel(
    name: str,
    y: DType,
    multiplier: Callable[[Site[Any]], Multiplier],
    clamp: Callable[[Site[Any]], tuple[int, int]],
) -> Kernel:
    """From int16 with a zero point of 0, by TFLite's two roundings."""

    def accepts(site: Site[Any]) -> bool:
        m = multiplier(site)
        return site.x().zero_point == 0 and m.shift <= MOST_LEFT and -m.shift <= MOST_RIGHT

    def args_of(site: Site[Any]) -> RescaleDspArgs:
        m, (low, high) = multiplier(site), clamp(site)
        right = max(-m.shift, 0)
        half = 1 << (right - 1) if right else 0
        return RescaleDspArgs(
            count=site.y().elements, left=1 + max(m.shift, 0), multiplier=m.value, right=right,
            addend=half + (site.y().zero_point << right), low=low, high=high,
        )  # fmt: skip

    return unary_kernel(name, DType.INT16, y, RescaleDspArgs, args_of, accepts, needs=Isa.DSP)


def quantize_s16_dsp(
    multiplier: Callable[[Site[Any]], Multiplier], clamp: Callable[[Site[Any]], tuple[int, int]]
) -> Kernel:
    """nk_quantize_s16_dsp with these numbers: int16 to int16 in another scale, clamped."""
    return twice_kernel("nk_quantize_s16_dsp", DType.INT16, multiplier, clamp)
