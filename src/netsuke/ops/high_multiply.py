"""Requantisation in two instructions: stored = ((acc + offset) * multiplier >> 32) + addend >> 4, saturated, exactly.

TFLite turns an accumulator into a stored value by two roundings. As a function of the integer accumulator that is a
staircase of at most 255 steps, so any formula with its steps at the same accumulators is the same function. Where the
activation clamps what lies below the zero point (relu and its kin), only the rising half of the staircase matters, and
that half is evenly spaced: step n comes at ceil(n / real - c) for some c. The formula above has its steps at
ceil((16 n - addend) / slope - offset); addend and offset together are a vernier that meets any c closely. What is
found is checked step by step, so it is exact by construction. The offset goes into the bias, the zero point into the
addend: on a Cortex-M4 SMMLA and SSAT with a shift are all that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array, Multiplier

FRACTION = 4
"""Bits kept below the stored value, which SSAT shifts out: real multipliers below 1/32."""
COARSE_FRACTION = 1
"""The same for real multipliers up to 1/4."""
ADDENDS = np.arange(-4000, 4001)
TRIES = 400
REMEMBERED = 1 << 16
"""Channels whose search is not done again: a layer is asked about several times in a build, and networks of two hundred
layers have tens of thousands of channels."""
LARGEST_OFFSET = 1 << 28
INT64_BITS = 63
"""Beside the sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HighMultiply:
    """For one channel: int32 each; the zero point is not yet in the addend."""

    multiplier: int
    offset: int
    addend: int


def steps_of(m: Multiplier, count: int) -> Int64Array:
    """For n = 1..count the smallest accumulator that TFLite's double rounding takes to n or more."""
    right = -m.shift
    # Step n is halfway = n * 2^right - 2^(right - 1); the first rounding gives at least that when acc * value + 2^30
    # >= halfway * 2^31. What acc * value must reach is 2^30 * reach:
    wide = right + (2 * count).bit_length() > INT64_BITS - 31
    reach = ((2 * np.arange(1, count + 1, dtype=object if wide else np.int64) - 1) << right) - 1
    first = -((-(reach << 30)) // m.value)
    at: Int64Array = np.minimum(first, INT32_MAX).astype(np.int64)
    return at


@lru_cache(maxsize=REMEMBERED)
def high_multiply(
    m: Multiplier, count: int, lowest: int, highest: int, factor: int = 1, fraction: int = FRACTION
) -> HighMultiply | None:
    """The formula for one channel whose results above the zero point go up to `count`, or None when there is none.

    `lowest` and `highest` are accumulators (bias included) that bound all that can occur. With a `factor` the formula
    is for accumulators that come multiplied by it; `fraction` is the bits below the stored value.
    """
    if m.value == 0 or m.shift >= 0 or count < 1:
        return None
    steps = Steps(levels=np.arange(1, count + 1, dtype=np.int64), at=steps_of(m, count))
    return search(m.value / 2.0 ** (31 - m.shift), steps, lowest, highest, factor, fraction)


@lru_cache(maxsize=REMEMBERED)
def high_multiply_double(
    real: float,
    levels: tuple[int, int],
    lowest: int,
    highest: int,
    fraction: int = FRACTION,
    factor: int = 1,
) -> HighMultiply | None:
    """The same for round(acc * real) in double, halves away from zero, as LiteRT's FULLY_CONNECTED scales.

    Both signs matter: `levels` are the first and last result (before the zero point) that a step leads to.
    """
    if not 0.0 < real < 1.0:
        return None
    wanted = np.arange(levels[0], levels[1] + 1, dtype=np.int64)
    guess = np.ceil((wanted - 0.5) / real).astype(np.int64)[:, None] + np.arange(-2, 3)
    scaled = guess * real
    rounded = np.trunc(scaled) + (scaled - np.trunc(scaled) >= 0.5) - (scaled - np.trunc(scaled) <= -0.5)
    reached = rounded >= wanted[:, None]
    if not (reached[:, -1] & ~reached[:, 0]).all():
        return None
    at = guess[np.arange(len(wanted)), np.argmax(reached, axis=1)]
    return search(real, Steps(levels=wanted, at=at), lowest, highest, factor, fraction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """From accumulator `at`[i] on, the result is `levels`[i] or more. int64, rising."""

    levels: Int64Array
    at: Int64Array

    def within(self, lowest: int, highest: int) -> Steps:
        """The steps that can be told from one another, and one on either side, moved to just outside."""
        first = max(0, int((self.at <= lowest).sum()) - 1)
        last = int((self.at <= highest).sum())
        part = slice(first, last + 1)
        return Steps(levels=self.levels[part], at=np.clip(self.at[part], lowest, highest + 1))


def search(
    slope: float,
    steps: Steps,
    lowest: int,
    highest: int,
    factor: int,
    fraction: int = FRACTION,
    unit: int = 1,
) -> HighMultiply | None:
    """Tries the addends whose offset comes closest to a multiple of `unit`. `slope` is real, for a factor of 1."""
    if slope / factor * 2 ** (1 + fraction) >= 1.0:
        return None
    near = steps.within(lowest, highest)
    reach, under = near.at <= highest, near.at > lowest
    slope = slope / factor
    at, lowest, highest = near.at * factor, lowest * factor, highest * factor
    inner = reach & under
    spacing = near.levels[inner] / slope - at[inner] if inner.any() else np.array([0.0])
    middle = (spacing.max() + spacing.min() + factor) / 2
    exact = middle - ADDENDS / (slope * 2**fraction)
    offsets = np.round(exact / unit).astype(np.int64) * unit
    for i in nearest_first(np.abs(offsets - exact)):
        offset, addend = int(offsets[i]), int(ADDENDS[i])
        if abs(offset) > LARGEST_OFFSET or max(abs(lowest + offset), abs(highest + offset)) > INT32_MAX:
            continue
        target = ((near.levels << fraction) - addend) << 32
        multiplier = multiplier_for(target, at + offset, reach, under, factor)
        if multiplier is not None and all(
            stays_below(multiplier, addend, end + offset) for end in (lowest, highest)
        ):
            return HighMultiply(multiplier=multiplier, offset=offset, addend=addend)
    return None


def nearest_first(distances: Array) -> Iterator[int]:
    """The numbers of the TRIES smallest distances, the smallest first; of one distance in their order.

    Nearly always the first one will do: the others are sorted when they are asked for.
    """
    yield int(np.argmin(distances))
    yield from map(int, np.argsort(distances, kind="stable")[1:TRIES])


def multiplier_for(target: Int64Array, x: Int64Array, reach: Array, under: Array, factor: int) -> int | None:
    """A multiplier with x * m >= target where a step is reached, (x - factor) * m < target where it is not passed."""
    below = x - factor
    if (x == 0).any() or (below == 0).any():
        return None
    low = np.where(reach & (x > 0), -(-target // x), 1)
    high = np.where(reach & (x < 0), target // x, INT32_MAX)
    low_below = np.where(under & (below < 0), -(-(target - 1) // below), 1)
    high_below = np.where(under & (below > 0), (target - 1) // below, INT32_MAX)
    least = max(int(low.max()), int(low_below.max()), 1)
    most = min(int(high.min()), int(high_below.min()), INT32_MAX)
    return (least + most) // 2 if least <= most else None


def stays_below(multiplier: int, addend: int, acc: int) -> bool:
    """True when the accumulator at an end of its range neither overflows nor wraps on its way to the saturation."""
    value = (acc * multiplier >> 32) + addend
    return -(1 << 30) < value < 1 << 30
