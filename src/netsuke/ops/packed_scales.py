"""Requantisation of sums with packed weights, for any multiplier (kernels/include/nk_strip_packed_s8.h).

Where the activation clamps negative results away, and for fully connected layers, the two instructions of
`high_multiply`: the sums of a tile's four channels come multiplied by factors, and since what a sum starts from is a
whole accumulator in some places, offsets there are multiples of the factor. Elsewhere both of TFLite's roundings, with
shifts to the left before the first one and between the two, so that multipliers of one half and more have them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from netsuke.ops.activation import full_clamp
from netsuke.ops.fixed_point import INT32_MAX, Int64Array, Multiplier, wrap_int32
from netsuke.ops.high_multiply import HighMultiply, Steps, search
from netsuke.ops.operator import Site

LEAST_SHIFT = 2
"""The second rounding multiplies by 2^(32 - shift), which must fit 31 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the four channels of a tile: its sum comes multiplied by `factor`; what it starts from is a multiple of
    `unit` of that; `fraction` is the bits below the stored value."""

    factor: int
    unit: int
    fraction: int


PLACES = {
    4: (
        Place(factor=16, unit=16, fraction=3),
        Place(factor=16, unit=1, fraction=3),
        Place(factor=256, unit=1, fraction=7),
        Place(factor=4096, unit=1, fraction=11),
    ),
    2: (
        Place(factor=32, unit=32, fraction=1),
        Place(factor=1 << 14, unit=1 << 14, fraction=10),
    )
    * 2,
}
"""For multipliers below 1 (four bits) and below 8 (two bits)."""
RAW = {4: (1, 16, 256, 4096), 2: (1, 1 << 14) * 2}
"""What sums are multiplied by before a shift makes them those of PLACES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What an accumulator of one output channel may be, bias and zero point included, and its multiplier in double."""

    real: float
    lowest: int
    highest: int


@lru_cache(maxsize=4096)
def rising(channel: Channel, count: int, place: Place) -> HighMultiply | None:
    """For results of 1 to `count` above the zero point, by TFLite's double rounding; None where there is no form."""
    m = Multiplier.of(channel.real)
    if m.value == 0 or count < 1 or not shifts_fit(m, channel):
        return None
    steps = Steps(levels=np.arange(1, count + 1, dtype=np.int64), at=steps_of(m, count))
    return scaled(m.value / 2.0 ** (31 - m.shift), steps, channel, place)


@lru_cache(maxsize=4096)
def doubled(channel: Channel, levels: tuple[int, int], place: Place) -> HighMultiply | None:
    """For round(acc * real) in double, halves away from zero: `levels` as in `high_multiply_double`."""
    if not channel.real > 0.0:
        return None
    wanted = np.arange(levels[0], levels[1] + 1, dtype=np.int64)
    guess = np.ceil((wanted - 0.5) / channel.real).astype(np.int64)[:, None] + np.arange(-2, 3)
    product = guess * channel.real
    rest = product - np.trunc(product)
    reached = np.trunc(product) + (rest >= 0.5) - (rest <= -0.5) >= wanted[:, None]
    if not (reached[:, -1] & ~reached[:, 0]).all():
        return None
    at = guess[np.arange(len(wanted)), np.argmax(reached, axis=1)]
    return scaled(channel.real, Steps(levels=wanted, at=at), channel, place)


def scaled(real: float, steps: Steps, channel: Channel, place: Place) -> HighMultiply | None:
    """The form for sums at a place, when all of them fit 32 bits."""
    if max(abs(channel.lowest), abs(channel.highest)) * place.factor > INT32_MAX:
        return None
    return search(real, steps, channel.lowest, channel.highest, place.factor, place.fraction, place.unit)


def steps_of(m: Multiplier, count: int) -> Int64Array:
    """For n = 1..count the smallest accumulator that TFLite's rounding takes to n or more, for any shift."""
    left, right = max(m.shift, 0), max(-m.shift, 0)
    # The first rounding must reach n * 2^right less one half, and does from 2^31 times that less 2^30 on.
    half = (1 << right) >> 1
    reach = ((((n << right) - half) << 31) - (1 << 30) for n in range(1, count + 1))
    at = [min(-(-r // (m.value << left)), INT32_MAX) for r in reach]
    return np.array(at, dtype=np.int64)


def shifts_fit(m: Multiplier, channel: Channel) -> bool:
    """Accumulators that stay in 32 bits through the shifts to the left."""
    return max(abs(channel.lowest), abs(channel.highest)) << sum(left_shifts(m)) <= INT32_MAX


def left_shifts(m: Multiplier) -> tuple[int, int]:
    """Before the first rounding, and between the two."""
    return max(m.shift, 0), max(0, LEAST_SHIFT - max(-m.shift, 0))


def general(real: float, channel: Channel) -> tuple[int, int, int, int] | None:
    """{2 * multiplier - 2^32, 2^(32 - shift), shift before, shift between}; None where a sum does not fit."""
    m = Multiplier.of(real)
    if m.value == 0 or not shifts_fit(m, channel):
        return None
    power = 1 << (32 - max(LEAST_SHIFT, -m.shift))
    return (int(wrap_int32(np.array(2 * m.value))), power, *left_shifts(m))


def levels_of(site: Site[Any]) -> tuple[int, int]:
    """The first and last result, less the zero point, that a step leads to."""
    low, high = (int(end) - site.y().zero_point for end in full_clamp(site.args.clamp, site.y()))
    return low + 1, high


def clamps_negatives(site: Site[Any]) -> bool:
    """Whether the activation clamps what lies below the zero point."""
    return full_clamp(site.args.clamp, site.y())[0] >= site.y().zero_point


def fits(channels: Sequence[Channel], factors: Sequence[int]) -> bool:
    """Sums that stay in 32 bits when multiplied by their factors."""
    pairs = zip(channels, factors, strict=True)
    return all(max(abs(c.lowest), abs(c.highest)) * factor <= INT32_MAX for c, factor in pairs)
