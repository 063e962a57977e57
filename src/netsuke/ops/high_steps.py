"""Requantisation by the upper half of one product, proved at build time: for cores with MULHU and no saturation.

TFLite's requantisation, clipped to the stored values, is a staircase over the accumulator (see staircase.py). Here

    v = (((acc + offset) << up) * multiplier >> 32) + addend;  stored = lowest + (clip(v, 0, top) >> shift)

The steps of this formula are evenly spaced, and lie where offset and addend put them:
together they are a vernier that comes close to any place. Double rounding moves the steps below zero against those
above it; a second addend for accumulators of zero and more puts that right. What is found is held against the
staircase at every step, from both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array
from netsuke.ops.staircase import Accumulators, Scaling, rises

WORD = 1 << 32
MOST_SHIFT = 22
OFFSETS = 1 << 10
"""How many offsets are looked at."""
TOLERANCE = 2.0**-10
"""By how much more than one accumulator steps may be off an even spacing: the multiplier is rounded, too."""
TRIES = 200
"""How many of them, the closest first, are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HighSteps:
    """The formula's constants, int64 [channels]; the others are one for all.

    The sum is shifted up by `up`, v down by `shift`; `levels`: steps from the lowest value to the highest. From an
    accumulator of 0 on the addend is `addend_up`. first: the least accumulator above the lowest value, within the
    bounds or one behind them.
    """

    offset: Int64Array
    multiplier: Int64Array
    addend: Int64Array
    addend_up: Int64Array
    first: Int64Array
    up: int
    shift: int
    levels: int

    @property
    def mirrored(self) -> bool:
        """True when a channel has two addends."""
        return bool((self.addend != self.addend_up).any())

    @property
    def top(self) -> int:
        """The largest v that is not clipped."""
        return ((self.levels + 1) << self.shift) - 1

    def products(self, acc: Int64Array) -> Int64Array:
        """Upper halves of the products for accumulators [channels, n]."""
        places = (acc + self.offset[:, None]) << self.up
        upper, lower = self.multiplier[:, None] >> 16, self.multiplier[:, None] & 0xFFFF
        result: Int64Array = (places * upper + (places * lower >> 16)) >> 16
        return result

    def fits(self, bounds: Accumulators) -> bool:
        """True when neither a shifted sum, nor a product's upper half, nor v leaves its word."""
        ends = np.stack([bounds.least, bounds.most], axis=1)
        places = (ends + self.offset[:, None]) << self.up
        least, most = (0, WORD - 1) if places.min() >= 0 else (-WORD // 2, WORD // 2 - 1)
        halves = self.products(ends)
        if min(places.min(), halves.min()) < least or max(places.max(), halves.max()) > most:
            return False
        addends = np.stack([self.addend, self.addend_up], axis=1)
        v = halves[:, :, None] + addends[:, None, :]
        return bool(np.abs(v).max() < WORD // 2)

    def steps(self, acc: Int64Array) -> Int64Array:
        """Steps above the lowest stored value for accumulators [channels, n]: the twin of nk_high_steps_s8.h."""
        addend = np.where(acc >= 0, self.addend_up[:, None], self.addend[:, None])
        v = self.products(acc) + addend
        result: Int64Array = np.clip(v, 0, self.top) >> self.shift
        return result

    def floored(self, lowest: int, bounds: Accumulators, *, signed: bool = False) -> Floored | None:
        """The same with the lowest stored value in the addends, or None where a word is too small for it.

        signed: places are compared as signed words.
        """
        cap = INT32_MAX if signed else WORD - 1
        floor = np.minimum((self.first + self.offset) << self.up, cap)
        most = (bounds.most + self.offset) << self.up
        result = Floored(
            multiplier=self.multiplier,
            addend=self.addend + (lowest << self.shift),
            floor=floor,
            top=((lowest + self.levels + 1) << self.shift) - 1,
        )
        v = self.products(np.stack([self.first, bounds.most], axis=1)) + result.addend[:, None]
        reached = bool(((self.first <= bounds.most) | (most < floor)).all())
        words = max(int(np.abs(v).max()), abs(result.top)) <= INT32_MAX and floor.min() >= (
            -cap if signed else 0
        )
        return result if reached and words and not self.mirrored else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Floored:
    """Constants of nk_high_floor, int64 [channels], `top` for all: below a place of `floor` the value is the lowest.

    Above it the formula of HighSteps is never below its lowest step, and needs no clip there.
    """

    multiplier: Int64Array
    addend: Int64Array
    floor: Int64Array
    top: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the offsets may be: `least`..`most`, int64 [channels].

    Sums with an offset are shifted up as far as an unsigned word allows when none is negative (MULHU), and a signed one
    when some are (MULHSU), by `least_up`..`up`.
    """

    least: Int64Array
    most: Int64Array
    least_up: int = 0
    up: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One channel's constants: acc + `offset`, shifted up, times `multiplier`; `down` and `over` are the addends."""

    offset: int
    multiplier: int
    down: int
    over: int


def high_steps(
    scaling: Scaling, reals: Array, clamp: tuple[int, int], bounds: Accumulators, room: Room
) -> HighSteps | None:
    """The formula for scaled values clipped to `clamp`, or None where a channel has none.

    `reals` [channels] are the multipliers as real numbers; `bounds` are the accumulators that can occur.
    """
    low, high = clamp
    if high <= low or (reals <= 0).any() or (1 / reals > 1 << 24).any() or (reals >= 0.5).any():
        return None
    least, most = bounds.least + room.least, bounds.most + room.most
    largest = int(np.maximum(-least, most).max())
    if (room.least > room.most).any() or largest >= 1 << 30:
        return None
    at = np.clip(rises(scaling, reals, low, high), bounds.least[:, None], bounds.most[:, None] + 1)
    # A place and the upper half of the product fill a word at most; the multiplier has 32 bits, and v has a sign.
    bits = int((np.maximum(-least, most) * reals).max()).bit_length() + int(least.min() < 0)
    seen = int((np.maximum(-bounds.least, bounds.most) * reals).max() + high - low).bit_length()
    cap = min(32 - bits, 30 - seen, MOST_SHIFT)
    fine = int(np.floor(-np.log2(reals.max() * (1 + 2.0**-20))))
    # Shifting up further than v has room for would only take bits off the multiplier.
    up = min((32 if least.min() >= 0 else 31) - largest.bit_length(), room.up, max(cap - fine, room.least_up))
    shift = min(fine + up, cap)
    if up < room.least_up or shift < 0:
        return None
    lines = lines_of(reals, shift, up, at, bounds, room)
    if lines is None:
        return None
    columns = np.array([(x.offset, x.multiplier, x.down, x.over) for x in lines], dtype=np.int64).T
    result = HighSteps(
        offset=columns[0], multiplier=columns[1], addend=columns[2], addend_up=columns[3],
        first=at[:, 0], up=up, shift=shift, levels=high - low,
    )  # fmt: skip
    return result if agrees(result, scaling, at, clamp, bounds) else None


def lines_of(
    reals: Array, shift: int, up: int, at: Int64Array, bounds: Accumulators, room: Room
) -> list[Line] | None:
    """A line for every channel, or None."""
    lines: list[Line] = []
    for i, real in enumerate(reals.tolist()):
        seen = (at[i] > bounds.least[i]) & (at[i] <= bounds.most[i])
        levels = np.flatnonzero(seen) + 1
        offsets = np.arange(room.least[i], min(room.most[i], room.least[i] + OFFSETS) + 1)
        if len(levels) == 0:
            level = int((at[i] <= bounds.least[i]).sum()) << shift
            middle = level + (1 << shift >> 1)
            lines.append(Line(offset=int(offsets[0]), multiplier=0, down=middle, over=middle))
            continue
        line = line_of(real, shift, up, levels, at[i][seen], offsets)
        if line is None:
            return None
        lines.append(line)
    return lines


def line_of(
    real: float, shift: int, up: int, levels: Int64Array, at: Int64Array, offsets: Int64Array
) -> Line | None:
    """One channel's line through `levels` at accumulators `at`."""
    unit = real * 2.0**shift
    spacing = levels / real - at
    below = at <= 0
    tries = []
    if spacing.max() - spacing.min() < 1 + TOLERANCE:
        error, addends = vernier(unit, spacing, offsets)
        tries.append((error, addends, addends))
    if below.any() and not below.all():
        (first, down), (second, over) = (vernier(unit, spacing[s], offsets) for s in (below, ~below))
        tries.append((np.maximum(first, second), down, over))
    for error, down, over in tries:
        for i in np.argsort(error, kind="stable")[:TRIES]:
            target = ((levels << shift) - np.where(below, down[i], over[i])) << 32
            multiplier = multiplier_for(target, (at + offsets[i]) << up, 1 << up)
            if multiplier is not None:
                return Line(
                    offset=int(offsets[i]), multiplier=multiplier, down=int(down[i]), over=int(over[i])
                )
    return None


def vernier(unit: float, spacing: Array, offsets: Int64Array) -> tuple[Array, Int64Array]:
    """For every offset: how far the best addend misses the middle of what the steps leave, and that addend."""
    exact = ((spacing.max() + spacing.min() + 1) / 2 - offsets) * unit
    addends = np.round(exact).astype(np.int64)
    return np.abs(exact - addends), addends


def multiplier_for(target: Int64Array, x: Int64Array, step: int) -> int | None:
    """A multiplier below 2^32 with x * m >= target and (x - step) * m < target at every step."""
    under = x - step
    if (target[x == 0] > 0).any() or (target[under == 0] <= 0).any():
        return None
    above, below, over = x > 0, x < 0, under > 0
    least = [1, *-(-target[above] // x[above]), *-(-(target[under < 0] - 1) // under[under < 0])]
    most = [WORD - 1, *(target[below] // x[below]), *((target[over] - 1) // under[over])]
    low, high = int(max(least)), int(min(most))
    return (low + high) // 2 if low <= high else None


def agrees(
    found: HighSteps, scaling: Scaling, at: Int64Array, clamp: tuple[int, int], bounds: Accumulators
) -> bool:
    """True when the formula equals the clipped scaling: both rise, and agree at every step and at the ends."""
    zero = np.zeros_like(bounds.least)
    others = np.stack([bounds.least, bounds.most, zero - 1, zero], axis=1)
    acc = np.clip(np.concatenate([at, at - 1, others], axis=1), bounds.least[:, None], bounds.most[:, None])
    return found.fits(bounds) and bool(
        np.array_equal(found.steps(acc), np.clip(scaling(acc), *clamp) - clamp[0])
    )
