"""Tables of the integer softmax kernels, made at build time.

int8: gemmlowp's fixed-point exponential (fixedpoint/fixedpoint.h) of every difference that 8 bits allow.
int16: the two interpolated tables of tflite/kernels/internal/common.h (LUTPopulate), which no model changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import (
    INT32_MAX,
    Int64Array,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)

EXP_OF_MINUS_EIGHTH = 1895147668
ONE_THIRD = 715827883
EXP_OF_MINUS_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-2^i) in 1/2^31 for i = -2..4."""
INT16_MIN, INT16_MAX = -(1 << 15), (1 << 15) - 1
STEPS = 512


def exp_near_zero(x: Int64Array) -> Int64Array:
    """exp(x) for x in [-1/4, 0), both in 1/2^31: four terms of Taylor's series around -1/8."""
    mul = saturating_rounding_doubling_high_mul
    d = x + (1 << 28)
    d2 = mul(d, d)
    d3, d4 = mul(d2, d), mul(d2, d2)
    thirds = mul(rounding_divide_by_pot(d4, 2) + d3, ONE_THIRD)
    series = d + rounding_divide_by_pot(thirds + d2, 1)
    return EXP_OF_MINUS_EIGHTH + mul(np.full_like(series, EXP_OF_MINUS_EIGHTH), series)


def exp_of_negative(x: Int64Array) -> Int64Array:
    """exp(x) in 1/2^31 for x <= 0 in 1/2^26: exp_on_negative_values with 5 integer bits."""
    quarter = 1 << 24
    last_quarter = (x & (quarter - 1)) - quarter
    y = exp_near_zero(last_quarter << 5)
    quarters_left = last_quarter - x
    for bit, factor in enumerate(EXP_OF_MINUS_POWERS, start=24):
        y = np.where(quarters_left & (1 << bit), saturating_rounding_doubling_high_mul(y, factor), y)
    return np.where(x == 0, INT32_MAX, y)


def interpolated_table(function: Callable[[float], float], low: float, high: float) -> Array:
    """A function of [low, high] with values in [-1, 1], as int16[513] in 1/32768 (LUTPopulateInt16<double>).

    Each entry is moved by half of what a straight line to the next one misses in the middle.
    """
    step = (high - low) / STEPS
    unit = 65536.0 / 2.0
    table = []
    for i in range(STEPS):
        here = function(low + i * step) * unit
        middle = function(low + i * step + step / 2) * unit
        after = function(low + (i + 1) * step) * unit
        missed = away((after + away(here)) / 2) - away(middle)
        table.append(away(here) - away(missed / 2))
    table.append(away(function(high) * unit))
    return np.clip(table, INT16_MIN, INT16_MAX).astype(np.int16)


def away(x: float) -> float:
    """std::round: halves away from zero."""
    return math.copysign(math.floor(abs(x) + 0.5), x)


def exp_table() -> Array:
    """exp over [-10, 0], int16[513]."""
    return interpolated_table(math.exp, -10.0, 0.0)


def reciprocal_table() -> Array:
    """1 / (1 + x) over [0, 1], int16[513]."""
    return interpolated_table(lambda x: 1.0 / (1.0 + x), 0.0, 1.0)


def interpolate(table: Array, value: Int64Array) -> Int64Array:
    """int16 values looked up with 9 bits and interpolated with 7 (LUTLookup)."""
    entries = table.astype(np.int64)
    index = 256 + (value >> 7)
    base = entries[index]
    result: Int64Array = base + (((entries[index + 1] - base) * (value & 0x7F) + 64) >> 7)
    return result
