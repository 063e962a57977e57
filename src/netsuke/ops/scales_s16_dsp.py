"""Requantisation of the int16 kernels for cores with the DSP extension, and the proofs that it is LiteRT's.

LiteRT multiplies a 64-bit accumulator by 16 bits and shifts, rounding once: (acc * reduced + 2^(total - 1)) >> total.
With reduced * 2^(32 - total) for a multiplier the shift is by 32: SMMULR, for accumulators that fit 32 bits. That
they fit is read off the weights: no input is beyond -32768..32767. With a bias of int32 LiteRT rounds twice, as for
int8. FULLY_CONNECTED rounds a product of doubles: `double_scale` finds 63 bits that give the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.fixed_point import INT32_MAX, INT32_MIN, Int64Array, Multiplier, wrap_int32
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, scaled_double

LOWEST, HIGHEST = -32768, 32767


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Bounds of each channel's accumulator, bias included: Python ints, since a bias may have 64 bits."""

    least: tuple[int, ...]
    most: tuple[int, ...]

    @property
    def fits(self) -> bool:
        """True when every accumulator fits 32 bits; its partial sums may wrap."""
        return min(self.least) >= INT32_MIN and max(self.most) <= INT32_MAX


def reach_of(rows: Array, bias: Array) -> Reach:
    """Of weights [O, K] and biases [O]."""
    w = rows.astype(np.int64)
    above, below = np.maximum(w, 0).sum(axis=1), np.minimum(w, 0).sum(axis=1)
    start = [int(b) for b in bias.reshape(-1)]
    least = above * LOWEST + below * HIGHEST
    most = above * HIGHEST + below * LOWEST
    return Reach(
        least=tuple(b + s for b, s in zip(start, least.tolist(), strict=True)),
        most=tuple(b + s for b, s in zip(start, most.tolist(), strict=True)),
    )


def per_channel(reals: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """One real multiplier for every channel."""
    return reals * channels if len(reals) == 1 else reals


def multipliers(site: Site[Any]) -> list[Multiplier]:
    """The fixed-point multiplier of every output channel."""
    reals = real_multipliers(site.x(), site.x(1), site.y())
    return [Multiplier.of(real) for real in per_channel(reals, site.y().shape[-1])]


def once(m: Multiplier) -> int | None:
    """SMMULR's multiplier, or None where LiteRT's shift leaves none of 31 bits."""
    reduced = (m.value + (1 << 15)) >> 16 if m.value < 0x7FFF0000 else 0x7FFF
    total = 15 - m.shift
    if m.value == 0:
        return 0
    return reduced << (32 - total) if 17 <= total <= 32 else None


def twice(m: Multiplier, least: int, most: int) -> tuple[int, int, int] | None:
    """{2 * multiplier - 2^32 in 32 bits, half of the shift, the shift}: two roundings that no sum makes overflow."""
    right = -m.shift
    if m.value == 0 or right < 1:
        return None
    half = 1 << (right - 1)
    top = ((most * m.value + (1 << 30)) >> 31) + half
    bottom = ((least * m.value + (1 << 30)) >> 31) - 1 + half
    fits = bottom >= INT32_MIN and top <= INT32_MAX
    return (int(wrap_int32(np.array(2 * m.value))), half, right) if fits else None


def saturates(multiplier: int, least: int, most: int, ends: tuple[int, int]) -> bool:
    """True when a sum that leaves 32 bits on the way gives what the saturated one gives once SMMULR's output is
    clamped to `ends`, and LiteRT's 32-bit result does not wrap."""

    def scaled(acc: int) -> int:
        return (acc * multiplier + (1 << 31)) >> 32

    up = most <= INT32_MAX or (scaled(INT32_MAX) >= ends[1] and scaled(most) <= INT32_MAX)
    down = least >= INT32_MIN or (scaled(INT32_MIN) <= ends[0] and scaled(least) >= INT32_MIN)
    return up and down


def double_saturates(real: float, least: int, most: int, ends: tuple[int, int]) -> bool:
    """The same for a product of doubles."""
    up = most <= INT32_MAX or INT32_MAX * real >= ends[1] + 1
    return up and (least >= INT32_MIN or INT32_MIN * real <= ends[0] - 1)


def clamp_ends(site: Site[Any]) -> tuple[int, int]:
    """The stored values that the activation leaves."""
    low, high = full_clamp(site.args.clamp, site.y())
    return int(low), int(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleScale:
    """stored = (acc * (high * 2^32 + low) + 2^63) >> 64, the product's last 32 bits cut off first; int32 each."""

    low: int
    high: int

    def scale(self, acc: Int64Array) -> Int64Array:
        """int32 accumulators scaled: the twin of nk_scaled_double_s16."""
        result: Int64Array = (acc * self.high + ((acc * self.low) >> 32) + (1 << 31)) >> 32
        return result


NUDGES = (1, 0, 2, 3, -1, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512, 1024)
"""What is added to the 64-bit multiplier: a little more than the real one sends ties away from zero, as a double's
own rounding does."""


@lru_cache(maxsize=4096)
def double_scale(real: float, low: int, high: int, least: int, most: int) -> DoubleScale | None:
    """Constants that give clip(round(acc * real), low, high) in double for every accumulator in least..most.

    Both rise with the accumulator, so that they agree everywhere when they agree on both sides of every step and at
    the ends.
    """
    if not 0.0 < real < 0.5 or least < INT32_MIN or most > INT32_MAX or low >= high:
        return None
    levels = np.arange(max(low + 1, int(least * real) - 1), min(high, int(most * real) + 1) + 1)
    at = steps_of(real, levels)
    if at is None:
        return None
    within = (at > least) & (at <= most)
    levels, at = levels[within], at[within]
    ends = np.array([least, most])
    wanted = np.clip(scaled_double(ends, (real,)), low, high)
    numerator, denominator = real.as_integer_ratio()
    exact = (numerator << 64) // denominator
    for nudge in NUDGES:
        upper, lower = divmod(exact + nudge + (1 << 31), 1 << 32)
        found = DoubleScale(low=lower - (1 << 31), high=upper)
        fits = 1 <= upper <= INT32_MAX and np.array_equal(np.clip(found.scale(ends), low, high), wanted)
        if fits and (found.scale(at) >= levels).all() and (found.scale(at - 1) < levels).all():
            return found
    return None


def steps_of(real: float, levels: Int64Array) -> Int64Array | None:
    """The smallest accumulators that LiteRT scales to these levels or more; None should one not be found."""
    at = np.ceil((levels - 0.5) / real).astype(np.int64)
    at = at + (scaled_double(at, (real,)) < levels)
    at = at - (scaled_double(at - 1, (real,)) >= levels)
    there = (scaled_double(at, (real,)) >= levels) & (scaled_double(at - 1, (real,)) < levels)
    return at if bool(there.all()) else None
