"""Requantisation in 32-bit arithmetic, proved at build time: for cores without a 64-bit product.

Clipped to its 256 stored values, TFLite's requantisation is a staircase over the accumulator: a function that rises at
no more than 255 places. Any formula that rises at the same places is the same function. The formula here is

    a = clamp(acc - base, 0, top);  stored = lowest + ((a * high + (a * low >> shift) + addend) >> 24)

in unsigned 32-bit words. Its line is fine enough because `a` never has more bits than the range between the first
step and the last one asks for. Double rounding moves the steps below zero against those above it; a second addend for
accumulators of zero and more puts that right. Each step is looked at from both sides, so that a formula found is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array

FRACTION = 24
"""Bits below the stored value: 256 values fill the word."""
WORD = 1 << 32
MOST_BITS = 24
SLOPES = np.concatenate([[0], np.array([(k, -k) for k in range(1, 13)]).reshape(-1)])
"""Which multipliers next to the real one are tried."""

Scaling = Callable[[Int64Array], Int64Array]
"""Accumulators [channels, n] to scaled values, without zero point and clamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircase:
    """The formula's constants, int64 [channels], `shift` for all of them; `zero` is where acc = 0 lies.

    With `mirrored` the second addend is `addend_up`; without it both are equal.
    """

    base: Int64Array
    top: Int64Array
    high: Int64Array
    low: Int64Array
    addend: Int64Array
    addend_up: Int64Array
    shift: int
    mirrored: bool

    @property
    def zero(self) -> Int64Array:
        """Where the accumulator 0 lies once `base` is taken off."""
        return -self.base

    def steps(self, acc: Int64Array) -> Int64Array:
        """Steps above the lowest stored value for accumulators [channels, n]: the twin of nk_step in nk_steps_s8.h."""
        place = acc - self.base[:, None]
        a = np.clip(place, 0, self.top[:, None])
        addend = np.where(place >= self.zero[:, None], self.addend_up[:, None], self.addend[:, None])
        total = a * self.high[:, None] + ((a * self.low[:, None]) >> self.shift) + addend
        result: Int64Array = (total % WORD) >> FRACTION
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulators:
    """What can occur: bounds of each channel's accumulator, bias included; int64 [channels]."""

    least: Int64Array
    most: Int64Array


def rises(scaling: Scaling, reals: Array, low: int, high: int) -> Int64Array:
    """[channels, high - low]: the smallest accumulator whose scaled value is n or more, for n in low + 1..high."""
    levels = np.arange(low + 1, high + 1)
    near = np.clip(np.round((levels - 0.5) / reals[:, None]), -INT32_MAX - 1, INT32_MAX).astype(np.int64)
    least, most = near - 8, near + 8
    for _ in range(4):
        middle = (least + most) >> 1
        there = scaling(np.clip(middle, -INT32_MAX - 1, INT32_MAX)) >= levels
        least, most = np.where(there, least, middle), np.where(there, middle, most)
    return most


def staircase(scaling: Scaling, reals: Array, low: int, high: int, bounds: Accumulators) -> Staircase | None:
    """The formula for scaled values clipped to low..high, or None where it cannot be had for every channel.

    `reals` [channels] are the multipliers as real numbers.
    """
    if high <= low or (reals <= 0).any() or (1 / reals > 1 << 20).any() or (reals >= 0.5).any():
        return None
    at = np.clip(rises(scaling, reals, low, high), bounds.least[:, None], bounds.most[:, None] + 1)
    base, top = np.maximum(at[:, 0] - 1, bounds.least), np.minimum(at[:, -1], bounds.most)
    top = np.maximum(top - base, 1)
    bits = int(top.max()).bit_length()
    if bits > MOST_BITS or fits_not(bounds, base):
        return None
    shift = 32 - bits
    levels = np.arange(1, high - low + 1, dtype=np.int64) << FRACTION
    found = [
        channel(real * 2.0 ** (FRACTION + shift), shift, at[i] - base[i], levels, int(-base[i]), int(top[i]))
        for i, real in enumerate(reals.tolist())
    ]
    fitted = [line for line in found if line is not None]
    if len(fitted) < len(found):
        return None
    slope, down, up = np.array(fitted, dtype=np.int64).T
    result = Staircase(
        base=base, top=top, high=slope >> shift, low=slope & ((1 << shift) - 1), addend=down, addend_up=up,
        shift=shift, mirrored=bool((down != up).any()),
    )  # fmt: skip
    return result if agrees(result, scaling, at, low, high, bounds) else None


def fits_not(bounds: Accumulators, base: Int64Array) -> bool:
    """True when an accumulator, or one less its base, can leave 32 bits."""
    if (bounds.least < -INT32_MAX).any() or (bounds.most > INT32_MAX).any():
        return True
    return bool((bounds.least - base < -INT32_MAX).any() or (bounds.most - base > INT32_MAX).any())


def channel(
    real: float, shift: int, at: Int64Array, levels: Int64Array, zero: int, top: int
) -> tuple[int, int, int] | None:
    """(slope, addend below zero, addend above) of a line that passes every level at its step; None where none does."""
    for nudge in SLOPES:
        slope = round(real) + int(nudge)
        high, low = slope >> shift, slope & ((1 << shift) - 1)
        reach, under = product(at, high, low, shift), product(at - 1, high, low, shift)
        # A step at 0 or below is behind every accumulator there can be; one above `top` is never reached.
        needed = np.where(at <= top, levels - reach, 0)
        allowed = np.where(at > 0, levels - 1 - under, WORD)
        sides = [narrow(needed, allowed, side) for side in (at <= zero, at > zero)]
        if sides[0] is None or sides[1] is None:
            continue
        together = narrow(needed, allowed, np.ones(len(at), dtype=bool))
        down, up = (together, together) if together is not None else (sides[0], sides[1])
        if max(down, up) + int(product(np.array([top]), high, low, shift)[0]) < WORD:
            return slope, down, up
    return None


def product(a: Int64Array, high: int, low: int, shift: int) -> Int64Array:
    """The formula's product."""
    return a * high + ((a * low) >> shift)


def narrow(needed: Int64Array, allowed: Int64Array, side: Array) -> int | None:
    """An addend that serves every step of a side of zero."""
    if not side.any():
        return 0
    least, most = max(int(needed[side].max()), 0), int(allowed[side].min())
    return (least + most) // 2 if least <= most else None


def agrees(
    found: Staircase, scaling: Scaling, at: Int64Array, low: int, high: int, bounds: Accumulators
) -> bool:
    """True when the formula equals the clipped scaling: both rise on either side of zero, and agree at every step."""
    ends = np.stack(
        [bounds.least, bounds.most, np.full_like(bounds.least, -1), np.zeros_like(bounds.least)], 1
    )
    places = np.concatenate([at, at - 1, ends], axis=1)
    acc = np.clip(places, bounds.least[:, None], bounds.most[:, None])
    return bool(np.array_equal(found.steps(acc), np.clip(scaling(acc), low, high) - low))
