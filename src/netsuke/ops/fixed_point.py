"""Fixed-point arithmetic of TFLite's 8-bit kernels on numpy arrays, to the bit; `nk_fixed_point.h` is its twin in C.

Source: gemmlowp fixedpoint/fixedpoint.h and tflite/kernels/internal/common.h with TFLITE_SINGLE_ROUNDING=0
("double rounding": one rounding in the doubling high multiply, one in the right shift).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from netsuke.ir import Array

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """A positive real number as `value` x 2^(shift - 31), value in [2^30, 2^31) or 0."""

    value: int
    shift: int

    @classmethod
    def of(cls, real: float) -> Multiplier:
        """Nearest such number to a real multiplier (double); below 2^-32 it is flushed to zero (QuantizeMultiplier)."""
        if real == 0.0:
            return cls(value=0, shift=0)
        fraction, shift = math.frexp(real)
        value = round_half_away(fraction * (1 << 31))
        if value == 1 << 31:
            value, shift = value // 2, shift + 1
        if shift < -31:
            return cls(value=0, shift=0)
        return cls(value=value, shift=shift)


def round_half_away(real: float) -> int:
    """std::round: the nearest whole number, halves away from zero."""
    return math.floor(abs(real) + 0.5) * (1 if real >= 0 else -1)


def wrap_int32(x: Array) -> Int64Array:
    """Two's complement wrap to 32 bits, kept in int64."""
    wide = np.asarray(x, dtype=np.int64)
    return ((wide + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def saturating_rounding_doubling_high_mul(a: Array, b: Array | int) -> Int64Array:
    """(a * b * 2) >> 32 with rounding to nearest; int32 operands in int64 arrays. The one overflow saturates."""
    product = np.asarray(a, dtype=np.int64) * np.asarray(b, dtype=np.int64)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    # C++ divides by 2^31 toward zero; >> alone would round toward minus infinity.
    high = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    return np.minimum(high, INT32_MAX)


def rounding_divide_by_pot(x: Array, exponent: Array | int) -> Int64Array:
    """x / 2^exponent rounded to nearest, halves away from zero; exponent 0..31."""
    wide = np.asarray(x, dtype=np.int64)
    e = np.asarray(exponent, dtype=np.int64)
    mask = (np.int64(1) << e) - 1
    threshold = (mask >> 1) + (wide < 0)
    result: Int64Array = (wide >> e) + ((wide & mask) > threshold)
    return result


def multiply_by_quantized_multiplier(x: Array, value: Array | int, shift: Array | int) -> Int64Array:
    """int32 x times a Multiplier (arrays broadcast, per-channel last), as MultiplyByQuantizedMultiplier(int32)."""
    s = np.asarray(shift, dtype=np.int64)
    left, right = np.maximum(s, 0), np.maximum(-s, 0)
    shifted = wrap_int32(np.asarray(x, dtype=np.int64) << left)
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, value), right)


def multiply_int64_by_quantized_multiplier(x: Array, value: Array | int, shift: Array | int) -> Int64Array:
    """int48 x times a Multiplier reduced to 16 bits, rounded once: MultiplyByQuantizedMultiplier(int64)."""
    v = np.asarray(value, dtype=np.int64)
    reduced = np.where(v < 0x7FFF0000, (v + (1 << 15)) >> 16, 0x7FFF)
    total = 15 - np.asarray(shift, dtype=np.int64)
    result: Int64Array = wrap_int32(
        (np.asarray(x, dtype=np.int64) * reduced + (np.int64(1) << (total - 1))) >> total
    )
    return result
