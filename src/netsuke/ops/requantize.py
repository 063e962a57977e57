"""From accumulators to stored values: multipliers computed at build time, and their use in the references.

LiteRT's reference kernels scale an accumulator in three ways, and each operator keeps its own:

- convolutions: a fixed-point `Multiplier` of x_scale * w_scale / y_scale, all in double
  (PopulateConvolutionQuantizationParams), applied with double rounding;
- batch_matmul: the same, but x_scale * w_scale is a float32 first (GetQuantizedConvolutionMultipler);
- fully_connected: no fixed point at all: round(double(accumulator) * real), halves away from zero
  (the overloads of reference_integer_ops::FullyConnected that take scales).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir import Array, TensorType
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.fixed_point import (
    INT32_MAX,
    Int64Array,
    Multiplier,
    multiply_by_quantized_multiplier,
    multiply_int64_by_quantized_multiplier,
    wrap_int32,
)


def real_multipliers(x: TensorType, w: TensorType, y: TensorType) -> tuple[float, ...]:
    """x_scale * w_scale / y_scale in double, one for each scale of the weights."""
    assert w.quantization is not None
    return tuple(x.scale * scale / y.scale for scale in w.quantization.scale)


def real_multiplier_float32(x: TensorType, w: TensorType, y: TensorType) -> float:
    """x_scale * w_scale / y_scale with the product rounded to float32, as batch_matmul has it."""
    return float(np.float32(x.scale) * np.float32(w.scale)) / y.scale


def columns(multipliers: Sequence[Multiplier]) -> tuple[Array, Array]:
    """(values int32, shifts int8), one of each for every multiplier: what kernels read."""
    values = np.array([m.value for m in multipliers], dtype=np.int32)
    return values, np.array([m.shift for m in multipliers], dtype=np.int8)


def scaled_int32(accumulators: Array, multipliers: Sequence[Multiplier]) -> Int64Array:
    """Accumulators of 32 bits (wrapped) times the multipliers, which run along the last axis."""
    values, shifts = columns(multipliers)
    return multiply_by_quantized_multiplier(wrap_int32(accumulators), values, shifts)


def scaled_int64(accumulators: Array, multipliers: Sequence[Multiplier]) -> Int64Array:
    """Accumulators of 48 bits times the multipliers, which run along the last axis."""
    values, shifts = columns(multipliers)
    return multiply_int64_by_quantized_multiplier(accumulators, values, shifts)


def scaled_double(accumulators: Array, reals: Sequence[float]) -> Int64Array:
    """round(accumulator * real) in double, halves away from zero; the reals run along the last axis."""
    scaled = np.asarray(accumulators).astype(np.float64) * np.array(reals, dtype=np.float64)
    whole = np.trunc(scaled)
    # scaled - whole is exact, where scaled + 0.5 would round 0.49999999999999994 up to 1.
    return (whole + (scaled - whole >= 0.5) - (scaled - whole <= -0.5)).astype(np.int64)


def stored(scaled: Array, y: TensorType, clamp: Clamp | None) -> Array:
    """Scaled accumulators as stored values of `y`: zero point added, clamped."""
    low, high = full_clamp(clamp, y)
    result: Array = np.clip(scaled + y.zero_point, int(low), int(high)).astype(y.dtype.numpy)
    return result


def relative_clamp(clamp: Clamp | None, y: TensorType) -> tuple[int, int]:
    """The clamp before the zero point is added: what kernels compare with, lest the sum overflow."""
    low, high = full_clamp(clamp, y)
    return int(low) - y.zero_point, int(high) - y.zero_point


HAIRS = tuple(sorted((k << 5 for k in range(1, 33)), key=lambda hair: abs(hair - (1 << 8))))
"""What is added to a 62-bit multiplier: about half a unit in the last place of the double, nearest to it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WideMultiplier:
    """A real number >= 0 as (high * 2^31 + low) / 2^(31 + shift), high and low in 0..2^31-1, shift in 1..62.

    `nk_scale_exact` in nk_requantize.h multiplies by it, rounding once.
    """

    high: int
    low: int
    shift: int

    def scale(self, x: Array) -> Int64Array:
        """int32 x times the number, to the nearest whole number: the twin of nk_scale_exact."""
        wide = np.asarray(x, dtype=np.int64)
        product = wide * self.high + ((wide * self.low) >> 31)
        result: Int64Array = (product + (np.int64(1) << (self.shift - 1))) >> self.shift
        return result

    @classmethod
    def like_double(cls, real: float, low: int, high: int, bound: int = INT32_MAX) -> WideMultiplier | None:
        """One that gives clip(round(x * real), low, high), the product rounded to double, for every |x| <= bound.

        Taking the 53 bits of `real` and a hair more sends exact ties away from zero on both sides and covers
        the double's own rounding; the choice is then proved at every x where the clipped result steps. None
        where no hair will do: the double then rounds some products up to a tie and others not.

        Raises:
            GraphError: when `real` is not below 2^30 (no model that works has such a multiplier).
        """
        fraction, exponent = math.frexp(real)
        if exponent > 30:
            raise GraphError(
                f"got a requantisation multiplier of {real}; one below 2^30 was wanted: check the scales"
            )
        if exponent < -31:
            return cls(high=0, low=0, shift=1)
        base = int(fraction * (1 << 53)) << 9
        for hair in HAIRS:
            high_part, low_part = divmod(base + hair, 1 << 31)
            found = cls(high=high_part, low=low_part, shift=31 - exponent)
            if high_part <= INT32_MAX and found.agrees(real, low, high, bound):
                return found
        return None

    def agrees(self, real: float, low: int, high: int, bound: int) -> bool:
        """True when clip(scale(x)) equals clip(round(x * real)) for every |x| <= bound.

        Both sides rise with x and step next to (q - 0.5) / real for each q in low + 1..high, so looking at
        the neighbours of those points is looking everywhere.
        """
        steps = (np.arange(low + 1, high + 1) - 0.5) / real
        near = np.round(np.clip(steps, -bound, bound)).astype(np.int64)
        x = np.clip(near[:, None] + np.arange(-3, 4), -bound, bound)
        mine, wanted = np.clip(self.scale(x), low, high), np.clip(scaled_double(x, (real,)), low, high)
        return bool(np.array_equal(mine, wanted))
