"""gemmlowp's functions of 16-bit fixed-point numbers on numpy arrays, to the bit; `nk_fixed_point_s16.h` is their C.

A number with n bits before the point is raw / 2^(15 - n). Source: gemmlowp fixedpoint/fixedpoint.h, as
tflite/kernels/internal/reference/portable_tensor_utils.cc uses it (ApplySigmoid, ApplyTanh).
"""

from __future__ import annotations

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import Int64Array, rounding_divide_by_pot

LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1
EXP_OF_EIGHTH, THIRD = 28918, 10923
"""exp(-1/8) and 1/3."""
EXP_OF_POWER = {-2: 25520, -1: 19875, 0: 12055, 1: 4435, 2: 600, 3: 11, 4: 0}
"""Exponent e → exp(-2^e)."""
START, SLOPE = 23130, -15420
"""48/17 and -32/17 with two bits before the point: where Newton's division starts."""
ONE_2 = 1 << 13
"""1 with two bits before the point."""


def multiplied(a: Array | int, b: Array | int) -> Int64Array:
    """SaturatingRoundingDoublingHighMul of 16 bits; its one overflow does not occur here."""
    result: Int64Array = (np.asarray(a, np.int64) * np.asarray(b, np.int64) + (1 << 14)) >> 15
    return result


def raised(x: Array, exponent: int) -> Int64Array:
    """x times 2^exponent, saturated."""
    result: Int64Array = np.clip(np.asarray(x, np.int64) << exponent, LOWEST, HIGHEST)
    return result


def exp_of_negative(a: Array, bits: int) -> Int64Array:
    """exp(a) without bits before the point, for a <= 0 with `bits` of them (0 to 7): exp_on_negative_values."""
    fraction = 15 - bits
    quarter = 1 << (fraction - 2)
    within = (a & (quarter - 1)) - quarter
    result = exp_within_a_quarter(within << bits)
    rest = within - a
    for exponent, factor in EXP_OF_POWER.items():
        if bits > exponent:
            result = np.where(rest & (1 << (fraction + exponent)), multiplied(result, factor), result)
    if bits > 5:
        result = np.where(a < -(32 << fraction), 0, result)
    return np.where(a == 0, HIGHEST, result)


def exp_within_a_quarter(a: Array) -> Int64Array:
    """exp(a) for -1/4 <= a < 0: four terms of Taylor's series around -1/8."""
    x = a + (1 << 12)
    x2 = multiplied(x, x)
    x3, x4 = multiplied(x2, x), multiplied(x2, x2)
    rest = rounding_divide_by_pot(multiplied(rounding_divide_by_pot(x4, 2) + x3, THIRD) + x2, 1)
    return np.minimum(EXP_OF_EIGHTH + multiplied(EXP_OF_EIGHTH, x + rest), HIGHEST)


def reciprocal(a: Array) -> Int64Array:
    """2 / (1 + a) with two bits before the point, for 0 <= a < 1: three steps of Newton's."""
    half = (a + HIGHEST + 1) >> 1
    x = START + multiplied(half, SLOPE)
    for _ in range(3):
        x = x + raised(multiplied(x, ONE_2 - multiplied(half, x)), 2)
    return x


def logistic_fixed(x: Array, bits: int = 3) -> Array:
    """int16 → int16 in 1/32768: 1 / (1 + exp(-x)) of x with `bits` before the point."""
    wide = x.astype(np.int64)
    above = raised(reciprocal(exp_of_negative(-np.abs(wide), bits)), 1)
    result = np.where(wide > 0, above, np.where(wide == 0, 1 << 14, HIGHEST - above))
    return result.astype(np.int16)


def tanh_fixed(x: Array, bits: int) -> Array:
    """int16 → int16 in 1/32768: tanh of x with `bits` before the point (0 to 6)."""
    wide = x.astype(np.int64)
    size = raised(reciprocal(exp_of_negative(-np.abs(wide), bits + 1)) - ONE_2, 2)
    return np.where(wide == 0, 0, np.where(wide < 0, -size, size)).astype(np.int16)
