"""Requantisation by one product and nothing else is TFLite's, at every accumulator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ir import Array
from netsuke.ops.bare_steps import BareSteps, bare_steps
from netsuke.ops.requantize import scaled_double
from tests.ops.test_staircase import bounds, double_rounding


def in_c(found: BareSteps, acc: Array) -> Array:
    """What nk_bare_value computes of the first channel, word by word."""
    places = [(int(a) << found.up) + int(found.start[0]) for a in acc]
    assert max(abs(place) for place in places) < 1 << 31
    halves = [place * int(found.multiplier[0]) >> 32 for place in places]
    assert max(abs(half) for half in halves) < 1 << 31
    floor = int(found.floor[0])
    values = [
        found.lowest if place < floor else min(half, found.top) >> found.shift
        for place, half in zip(places, halves, strict=True)
    ]
    return np.array(values)


@pytest.mark.parametrize("real", [0.0123, 0.00217, 0.0007, 3 * 2.0**-9])
@pytest.mark.parametrize(("low", "lowest"), [(0, -128), (-128, -128), (-100, -10), (0, 0)])
def test_every_accumulator(real: float, low: int, lowest: int) -> None:
    def scaling(acc: Array) -> Array:
        return scaled_double(acc.T, [real]).T

    acc = np.arange(-60_000, 60_001)
    high = low + 127 - lowest
    found = bare_steps(scaling, np.array([real]), (low, high), lowest, bounds(-60_000, 60_000), 12)
    assert found is not None
    wanted = np.clip(scaling(acc[None])[0], low, high) - low + lowest
    np.testing.assert_array_equal(in_c(found, acc), wanted)
    np.testing.assert_array_equal(found.stored(acc[None])[0], wanted)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(2**-14, 0.49),
    st.integers(-255, 0),
    st.integers(-20_000, 0),
    st.integers(1, 20_000),
    st.booleans(),
)
def test_what_is_found_is_exact(real: float, low: int, least: int, most: int, twice: bool) -> None:
    scaling = double_rounding([real]) if twice else lambda a: scaled_double(a.T, [real]).T
    found = bare_steps(scaling, np.array([real]), (low, low + 255), -128, bounds(least, most), 12)
    if found is not None:
        acc = np.arange(least, most + 1)
        wanted = np.clip(scaling(acc[None])[0], low, low + 255) - low - 128
        np.testing.assert_array_equal(in_c(found, acc), wanted)


def test_a_channel_that_never_rises_keeps_its_value() -> None:
    for low in (0, -7):
        found = bare_steps(
            double_rounding([1e-5]), np.array([1e-5]), (low, low + 255), -128, bounds(-900, 900), 12
        )
        assert found is not None
        acc = np.arange(-900, 901)
        np.testing.assert_array_equal(in_c(found, acc), np.full(1801, -128 - low))


def test_words_that_do_not_hold_it_are_refused() -> None:
    ends = bounds(-(1 << 26), 1 << 26)
    assert bare_steps(double_rounding([0.3]), np.array([0.3]), (0, 255), -128, ends, 12) is None
    assert bare_steps(double_rounding([0.6]), np.array([0.6]), (0, 255), -128, bounds(-9, 9), 12) is None
