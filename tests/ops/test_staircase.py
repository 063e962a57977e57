"""Requantisation in 32-bit arithmetic is TFLite's, at every accumulator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.requantize import scaled_double, scaled_int32
from netsuke.ops.staircase import Accumulators, Scaling, Staircase, staircase


def double_rounding(reals: Sequence[float]) -> Scaling:
    multipliers = [Multiplier.of(real) for real in reals]
    return lambda acc: scaled_int32(acc.T, multipliers).T


def bounds(least: int, most: int, channels: int = 1) -> Accumulators:
    return Accumulators(least=np.full(channels, least), most=np.full(channels, most))


def in_c(found: Staircase, channel: int, acc: np.ndarray) -> np.ndarray:
    """What nk_step computes, word by word."""
    place = (acc - found.base[channel]).astype(np.int32)
    a = np.where(place < 0, 0, np.minimum(place, found.top[channel])).astype(np.uint32)
    addend = np.where(place < found.zero[channel], found.addend[channel], found.addend_up[channel]).astype(
        np.uint32
    )
    high, low = np.uint32(found.high[channel]), np.uint32(found.low[channel])
    return ((a * high + ((a * low) >> np.uint32(found.shift)) + addend) >> np.uint32(24)).astype(np.int64)


def test_every_accumulator_of_a_signed_channel() -> None:
    for real in (0.0123, 0.00217, 0.3, 2.0**-7, 3 * 2.0**-9):
        scaling = double_rounding([real])
        found = staircase(scaling, np.array([real]), -140, 115, bounds(-90_000, 90_000))
        assert found is not None
        acc = np.arange(-90_000, 90_001)
        wanted = np.clip(scaling(acc[None]), -140, 115)[0] + 140
        np.testing.assert_array_equal(found.steps(acc[None])[0], wanted)
        np.testing.assert_array_equal(in_c(found, 0, acc), wanted)


@settings(max_examples=60, deadline=None)
@given(st.floats(2**-14, 0.49), st.integers(-255, 0), st.integers(-50_000, 0), st.integers(1, 50_000))
def test_every_accumulator_of_any_channel(real: float, low: int, least: int, most: int) -> None:
    acc = np.arange(least, most + 1)
    for scaling in (double_rounding([real]), lambda a: scaled_double(a.T, [real]).T):
        found = staircase(scaling, np.array([real]), low, low + 255, bounds(least, most))
        if found is not None:
            wanted = np.clip(scaling(acc[None]), low, low + 255)[0] - low
            np.testing.assert_array_equal(in_c(found, 0, acc), wanted)


def test_nearly_every_layer_has_one() -> None:
    chance = np.random.default_rng(0)
    there = 0
    for _ in range(40):
        reals = 2.0 ** chance.uniform(-12, -4, 32)
        found = staircase(double_rounding(reals.tolist()), reals, -128, 127, bounds(-(10**6), 10**6, 32))
        there += found is not None
    assert there >= 38


def test_what_leaves_the_word_is_refused() -> None:
    scaling = double_rounding([0.01])
    assert staircase(scaling, np.array([0.01]), 0, 255, bounds(-(1 << 32), 1 << 32)) is None
    assert staircase(scaling, np.array([0.7]), 0, 255, bounds(-1000, 1000)) is None
    assert staircase(scaling, np.array([0.01]), 0, 0, bounds(-1000, 1000)) is None
