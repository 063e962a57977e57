"""QUANTIZE for cores with the DSP extension: without a division, without a requantisation of two roundings.

float32: round(x / scale) is a staircase. A fused product with 256 / scale, given in two float32 numbers, has steps at
the same x: each is looked at on both sides. Integers: round(x * ratio) of every int8 or int16 that there is, by one
product of 16 x 32 bits and a saturation; all of them are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Site
from netsuke.ops.unary import unary_kernel

FIXED = 256
"""What quotients are multiplied by before what is behind the point is cut off."""
SMALLEST, LARGEST = 2.0**-100, 2.0**100
"""Scales whose reciprocals' parts are ordinary numbers."""
TINY = 2.0**-60
"""The second part over the first, at least: infinity times it must be infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeF32DspArgs(KernelArgs):
    """y = round(x / scale) + zero_point within low..high; reciprocal + rest = 256 / scale, addend as it is used."""

    c_name: ClassVar[str] = "nk_quantize_f32_dsp_args"
    count: int
    scale: float
    reciprocal: float
    rest: float
    addend: int
    zero_point: int
    low: int
    high: int


def parts_of(scale: float) -> tuple[np.float32, np.float32]:
    """256 / scale, cut off to a float32, and what is left, above 0."""
    exact = FIXED / np.float64(np.float32(scale))
    high = np.float32(exact)
    if np.float64(high) > exact:
        high = np.nextafter(high, np.float32(0))
    rest = np.float32(exact - np.float64(high))
    return high, max(rest, np.float32(np.float64(high) * TINY))


@lru_cache(maxsize=256)
def has_the_steps(scale: float, levels: int) -> bool:
    """True when the product crosses k - 1/2 where x / scale does, for every k up to `levels`; both are odd in x."""
    if not SMALLEST < scale < LARGEST:
        return False
    single = np.float32(scale)
    wanted = np.arange(1, levels + 1) - 0.5
    near = (wanted * np.float64(single)).astype(np.float32)
    for _ in range(3):
        near = np.nextafter(near, np.float32(0))
    found = np.zeros(levels, dtype=bool)
    same = np.ones(levels, dtype=bool)
    for _ in range(6):  # From below every step to above it.
        quotient = (near / single).astype(np.float64) >= wanted
        same &= quotient == crosses(near, *parts_of(scale), wanted)
        found |= quotient
        near = np.nextafter(near, np.float32(np.inf))
    return bool(found.all() and same.all())


def crosses(x: Array, high: np.float32, rest: np.float32, wanted: Array) -> Array:
    """True where x * high + (x * rest), the sum rounded once to float32, is at least 256 * wanted.

    Half a unit in the last place below it is enough, since 256 * wanted is even there. Everything here is exact.
    """
    goal = (FIXED * wanted).astype(np.float32)
    half = (goal.astype(np.float64) - np.nextafter(goal, np.float32(0)).astype(np.float64)) / 2
    product = x.astype(np.float64) * np.float64(high)
    result: Array = product - (goal.astype(np.float64) - half) >= -(x * rest).astype(np.float64)
    return result


def accepts_f32(site: Site[Any]) -> bool:
    """The product has all steps that lead to a stored value."""
    y = site.y()
    low, high = y.dtype.range
    return has_the_steps(float(np.float32(y.scale)), max(high - y.zero_point, y.zero_point - low))


def f32_args(site: Site[Any]) -> QuantizeF32DspArgs:
    """The struct of the float32 kernels."""
    y = site.y()
    high, rest = parts_of(float(np.float32(y.scale)))
    least, most = y.dtype.range
    return QuantizeF32DspArgs(
        count=y.elements, scale=y.scale, reciprocal=float(high), rest=float(rest),
        addend=FIXED * y.zero_point + FIXED // 2, zero_point=y.zero_point, low=least, high=most,
    )  # fmt: skip


def f32_kernel(name: str, y: DType) -> Kernel:
    """From float32."""
    return unary_kernel(name, DType.FLOAT32, y, QuantizeF32DspArgs, f32_args, accepts_f32, needs=Isa.DSP)


QUANTIZE_F32_DSP = (
    f32_kernel("nk_quantize_f32_s8_dsp", DType.INT8),
    f32_kernel("nk_quantize_f32_s16_dsp", DType.INT16),
)
