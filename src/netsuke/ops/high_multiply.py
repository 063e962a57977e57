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

from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array, Multiplier

FRACTION = 4
"""Bits kept below the stored value, which SSAT shifts out."""
ADDENDS = np.arange(-4000, 4001)
TRIES = 400
LARGEST_OFFSET = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class HighMultiply:
    """For one channel: int32 each; the zero point is not yet in the addend."""

    multiplier: int
    offset: int
    addend: int


def steps_of(m: Multiplier, count: int) -> Int64Array:
    """For n = 1..count the smallest accumulator that TFLite's double rounding takes to n or more."""
    right = -m.shift
    halfway = (np.arange(1, count + 1, dtype=object) << right) - (1 << (right - 1))
    # The first rounding gives at least `halfway` when acc * value + 2^30 >= halfway * 2^31.
    first = [-((-((int(k) << 31) - (1 << 30))) // m.value) for k in halfway]
    return np.array([min(f, INT32_MAX) for f in first], dtype=np.int64)


def high_multiply(
    m: Multiplier, count: int, lowest: int, highest: int, factor: int = 1
) -> HighMultiply | None:
    """The formula for one channel whose results above the zero point go up to `count`, or None when there is none.

    `lowest` and `highest` are accumulators (bias included) that bound all that can occur. With a `factor` the formula
    is for accumulators that come multiplied by it.
    """
    if m.value == 0 or m.shift >= 0 or count < 1:
        return None
    at = steps_of(m, count)
    reached = at <= highest
    # One step that is never reached still binds: nothing below it may pass it.
    last = int(reached.sum())
    levels = np.arange(1, count + 1, dtype=np.int64)[: last + 1]
    at = np.minimum(at[: last + 1], highest + 1)
    return search(m, levels, at, lowest, highest, factor)


def search(
    m: Multiplier, levels: Int64Array, at: Int64Array, lowest: int, highest: int, factor: int) -> HighMultiply | None:
    """Tries the addends whose offset comes closest to a whole number."""
    slope = m.value / 2.0 ** (31 - m.shift) / factor
    inside = at <= highest
    at, lowest, highest = at * factor, lowest * factor, highest * factor
    if slope * 2 ** (1 + FRACTION) >= 1.0:
        return None
    spacing = levels[inside] / slope - at[inside] if inside.any() else np.array([0.0])
    middle = (spacing.max() + spacing.min() + factor) / 2
    exact = middle - ADDENDS / (slope * 2**FRACTION)
    offsets = np.round(exact).astype(np.int64)
    for i in np.argsort(np.abs(offsets - exact), kind="stable")[:TRIES]:
        offset, addend = int(offsets[i]), int(ADDENDS[i])
        if abs(offset) > LARGEST_OFFSET or max(abs(lowest + offset), abs(highest + offset)) > INT32_MAX:
            continue
        multiplier = multiplier_for(((levels << FRACTION) - addend) << 32, at + offset, inside, factor)
        if multiplier is not None and stays_below(multiplier, addend, offset, lowest):
            return HighMultiply(multiplier=multiplier, offset=offset, addend=addend)
    return None


def multiplier_for(target: Int64Array, x: Int64Array, inside: Array, factor: int) -> int | None:
    """A multiplier with x * m >= target where the step is inside, and (x - factor) * m < target everywhere."""
    below = x - factor
    if (x == 0).any() or (below == 0).any():
        return None
    low = np.where(inside & (x > 0), -(-target // np.where(x == 0, 1, x)), 1)
    high = np.where(inside & (x < 0), target // np.where(x == 0, 1, x), INT32_MAX)
    low_below = np.where(below < 0, -(-(target - 1) // below), 1)
    high_below = np.where(below > 0, (target - 1) // below, INT32_MAX)
    least = max(int(low.max()), int(low_below.max()), 1)
    most = min(int(high.min()), int(high_below.min()), INT32_MAX)
    return (least + most) // 2 if least <= most else None


def stays_below(multiplier: int, addend: int, offset: int, lowest: int) -> bool:
    """True when the lowest accumulator neither overflows nor wraps on its way to the saturation."""
    value = ((lowest + offset) * multiplier >> 32) + addend
    return -(1 << 30) < value < 1 << 30
