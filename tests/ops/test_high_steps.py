"""Requantisation by the upper half of one product is TFLite's, at every accumulator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.high_steps import HighSteps, Room, high_steps
from netsuke.ops.requantize import scaled_double
from tests.ops.test_staircase import bounds, double_rounding

MIDDLE = Room(least=np.array([-500]), most=np.array([500]), up=8)


def in_c(found: HighSteps, channel: int, acc: np.ndarray) -> np.ndarray:
    """What nk_high_step computes, word by word: a place is a word, and so is v."""
    place = (acc + int(found.offset[channel])).astype(np.int64)
    addend = np.where(acc < 0, found.addend[channel], found.addend_up[channel])
    shifted = [int(p) << found.up for p in place]
    assert min(shifted) >= 0
    assert max(shifted) < 1 << 32
    halves = np.array([p * int(found.multiplier[channel]) >> 32 for p in shifted], dtype=np.int64)
    v = (halves + addend) % (1 << 32)
    return np.where(v <= found.top, v, np.where(v >> 31, 0, found.top)) >> found.shift


@pytest.mark.parametrize("real", [0.0123, 0.00217, 0.3, 2.0**-7, 3 * 2.0**-9])
def test_every_accumulator_of_a_signed_channel(real: float) -> None:
    scaling, room = double_rounding([real]), Room(least=np.array([9000]), most=np.array([9500]))
    found = high_steps(scaling, np.array([real]), (-140, 115), bounds(-9_000, 9_000), room)
    assert found is not None
    acc = np.arange(-9_000, 9_001)
    wanted = np.clip(scaling(acc[None]), -140, 115)[0] + 140
    np.testing.assert_array_equal(found.steps(acc[None])[0], wanted)
    np.testing.assert_array_equal(in_c(found, 0, acc), wanted)


@settings(max_examples=40, deadline=None)
@given(st.floats(2**-14, 0.49), st.integers(-255, 0), st.integers(-20_000, 0), st.integers(1, 20_000))
def test_every_accumulator_of_any_channel(real: float, low: int, least: int, most: int) -> None:
    acc = np.arange(least, most + 1)
    room = Room(least=np.array([-least]), most=np.array([300 - least]), up=10)
    for scaling in (double_rounding([real]), lambda a: scaled_double(a.T, [real]).T):
        found = high_steps(scaling, np.array([real]), (low, low + 255), bounds(least, most), room)
        if found is not None:
            wanted = np.clip(scaling(acc[None]), low, low + 255)[0] - low
            np.testing.assert_array_equal(in_c(found, 0, acc), wanted)


def test_sums_may_be_negative_where_the_room_wants_it() -> None:
    scaling, room = double_rounding([0.01]), Room(least=np.array([-500]), most=np.array([500]), up=12)
    found = high_steps(scaling, np.array([0.01]), (0, 255), bounds(-30_000, 30_000), room)
    assert found is not None
    acc = np.arange(-30_000, 30_001)
    np.testing.assert_array_equal(found.steps(acc[None])[0], np.clip(scaling(acc[None])[0], 0, 255))


@settings(max_examples=40, deadline=None)
@given(st.floats(2**-14, 0.49), st.integers(-128, 127), st.integers(-20_000, 20_000), st.integers(1, 20_000))
def test_a_floor_needs_no_lower_clip(real: float, lowest: int, least: int, width: int) -> None:
    limits, scaling = bounds(least, least + width), double_rounding([real])
    clamp = (min(0, lowest), 127)
    for room, signed in ((Room(least=-limits.least, most=-limits.least + 300), False), (MIDDLE, True)):
        found = high_steps(scaling, np.array([real]), clamp, limits, room)
        floored = None if found is None else found.floored(lowest, limits, signed=signed)
        if found is None or floored is None:
            continue
        acc = np.arange(least, least + width + 1)
        place = (acc + found.offset[0]) << found.up
        v = found.products(acc[None])[0] + floored.addend[0]
        above = np.minimum(v, floored.top) >> found.shift
        stored = np.where(place < floored.floor[0], lowest, above)
        np.testing.assert_array_equal(stored, np.clip(scaling(acc[None])[0], *clamp) - clamp[0] + lowest)


def test_nearly_every_layer_has_one() -> None:
    chance = np.random.default_rng(0)
    limits = bounds(-300_000, 300_000, 16)
    room = Room(least=-limits.least, most=-limits.least + 1024)
    there = 0
    for low in (-128, 0):
        for _ in range(8):
            reals = 2.0 ** chance.uniform(-12, -4, 16)
            scaling = double_rounding(reals.tolist())
            there += high_steps(scaling, reals, (low, low + 255), limits, room) is not None
    assert there >= 15


def test_what_leaves_the_word_is_refused() -> None:
    scaling, room = double_rounding([0.01]), Room(least=np.array([1 << 30]), most=np.array([1 << 30]))
    assert high_steps(scaling, np.array([0.01]), (0, 255), bounds(-1000, 1000), room) is None
    plain = Room(least=np.array([1000]), most=np.array([1000]))
    assert high_steps(scaling, np.array([0.7]), (0, 255), bounds(-1000, 1000), plain) is None
    assert high_steps(scaling, np.array([0.01]), (0, 0), bounds(-1000, 1000), plain) is None
