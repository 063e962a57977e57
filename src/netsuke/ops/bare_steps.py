"""Requantisation by the upper half of one product and nothing else, proved at build time: for cores with MULHSU.

As in high_steps.py, but what would be added behind the product is in what sums start from, which has bits below a unit
of the accumulator:

    v = ((acc << up) + start) * multiplier >> 32;  stored = min(v, top) >> shift, and the lowest value below a floor

A word has room for that where sums are short, as those of a depthwise layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array
from netsuke.ops.high_steps import MOST_SHIFT, TOLERANCE, multiplier_for
from netsuke.ops.staircase import Accumulators, Scaling, rises

WORD = 1 << 32
LEAST_UP = 6
"""Bits below a unit of the accumulator that are needed for a start that is close enough."""
NUDGES = (0, 1, -1, 2, -2, 4, -4, 8, -8, 16, -16)
"""Starts that are tried, from the best one on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BareSteps:
    """The formula's constants, int64 [channels]; the others are one for all. `lowest`, `levels`: see `bare_steps`."""

    start: Int64Array
    multiplier: Int64Array
    floor: Int64Array
    up: int
    shift: int
    lowest: int
    levels: int

    @property
    def top(self) -> int:
        """The largest v that is not clipped."""
        return ((self.lowest + self.levels + 1) << self.shift) - 1

    def places(self, acc: Int64Array) -> Int64Array:
        """What the multipliers meet, for accumulators [channels, n]."""
        result: Int64Array = (acc << self.up) + self.start[:, None]
        return result

    def products(self, acc: Int64Array) -> Int64Array:
        """Upper halves of the products."""
        places = self.places(acc)
        upper, lower = self.multiplier[:, None] >> 16, self.multiplier[:, None] & 0xFFFF
        result: Int64Array = (places * upper + (places * lower >> 16)) >> 16
        return result

    def stored(self, acc: Int64Array) -> Int64Array:
        """Stored values: the twin of nk_bare_value in nk_columns_s8.h."""
        values = np.minimum(self.products(acc), self.top) >> self.shift
        return np.where(self.places(acc) < self.floor[:, None], self.lowest, values)

    def fits(self, bounds: Accumulators) -> bool:
        """True when neither a place nor a product's upper half leaves its word."""
        ends = np.stack([bounds.least, bounds.most], axis=1)
        most = max(
            int(np.abs(self.places(ends)).max()), int(np.abs(self.products(ends)).max()), abs(self.top)
        )
        return most <= INT32_MAX and int(np.abs(self.floor).max()) <= INT32_MAX


def bare_steps(
    scaling: Scaling, reals: Array, clamp: tuple[int, int], lowest: int, bounds: Accumulators, most_up: int
) -> BareSteps | None:
    """The formula for scaled values clipped to `clamp`, stored from `lowest` on; None where a channel has none.

    `reals` [channels] are the multipliers as real numbers; `bounds` are the accumulators that can occur.
    """
    low, high = clamp
    if high <= low or (reals <= 0).any() or (1 / reals > 1 << 24).any() or (reals >= 0.5).any():
        return None
    at = np.clip(rises(scaling, reals, low, high), bounds.least[:, None], bounds.most[:, None] + 1)
    spacing = (lowest + np.arange(1, high - low + 1)) / reals[:, None] - at
    zero = spacing[:, 0]
    ends = np.stack([bounds.least + zero, bounds.most + zero, zero * 0 + 1.0])
    up = min(most_up, 30 - int(np.abs(ends).max()).bit_length())
    seen = int((np.abs(ends) * reals).max() + 256).bit_length()
    shift = min(up + int(np.floor(-np.log2(reals.max() * (1 + 2.0**-20)))), 30 - seen, MOST_SHIFT)
    if up < LEAST_UP or shift < 0:
        return None
    lines = [line_of(reals[i], up, shift, lowest, at[i], bounds, i) for i in range(len(reals))]
    starts, multipliers = (np.array([line[k] for line in lines], dtype=np.int64) for k in (0, 1))
    first = (at[:, 0] << up) + starts
    never = at[:, 0] > bounds.most
    result = BareSteps(
        start=starts, multiplier=multipliers, floor=np.where(never, INT32_MAX, np.minimum(first, INT32_MAX)),
        up=up, shift=shift, lowest=lowest, levels=high - low,
    )  # fmt: skip
    return result if agrees(result, scaling, at, clamp, bounds) else None


def line_of(
    real: float, up: int, shift: int, lowest: int, at: Int64Array, bounds: Accumulators, channel: int
) -> tuple[int, int]:
    """(start, multiplier) of a channel that rises at `at`; a multiplier of 0 where none is found."""
    least, most = int(bounds.least[channel]), int(bounds.most[channel])
    seen = (at > least) & (at <= most)
    levels = lowest + np.flatnonzero(seen) + 1
    if len(levels) == 0:
        level = lowest + int((at <= least).sum())
        start = round(((level + 0.5) / real - (least + most) / 2) * 2**up)
        return start, min(round(real * 2.0 ** (32 + shift - up)), WORD - 1)
    spacing = levels / real - at[seen]
    if spacing.max() - spacing.min() < 1 + TOLERANCE:
        middle = round((spacing.max() + spacing.min() + 1) / 2 * 2**up)
        for start in (middle + nudge for nudge in NUDGES):
            multiplier = multiplier_for((levels << shift) << 32, (at[seen] << up) + start, 1 << up)
            if multiplier is not None:
                return start, multiplier
    return 0, 0


def agrees(
    found: BareSteps, scaling: Scaling, at: Int64Array, clamp: tuple[int, int], bounds: Accumulators
) -> bool:
    """True when the formula equals the clipped scaling: both rise, and agree at every step and at the ends."""
    if (found.multiplier == 0).any() or not found.fits(bounds):
        return False
    ends = np.stack([bounds.least, bounds.most], axis=1)
    acc = np.clip(np.concatenate([at, at - 1, ends], axis=1), bounds.least[:, None], bounds.most[:, None])
    wanted = np.clip(scaling(acc), *clamp) - clamp[0] + found.lowest
    return bool(np.array_equal(found.stored(acc), wanted))
