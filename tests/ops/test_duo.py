"""Two channels in a halfword: the packing, the sums that come of it, and the requantisation of such sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops import duo
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier, wrap_int32
from netsuke.ops.high_multiply import FRACTION, high_multiply
from netsuke.ops.strip_duo import twice


def bytes_of(words: np.ndarray) -> np.ndarray:
    """[..., 2] the low bytes of a word's halfwords, as SXTB16 leaves them."""
    return words.astype("<i4")[..., None].view(np.int8)[..., ::2].astype(np.int64)


def halves_of(words: np.ndarray) -> np.ndarray:
    """[..., 2] a word's halfwords."""
    return words.astype("<i4")[..., None].view("<i2").astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 13), st.integers(1, 21), st.integers(0, 2**32 - 1))
def test_sums_of_both_channels_come_back(channels: int, depth: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    w = random.integers(-127, 128, (channels, depth)).astype(np.int8)
    tiles = duo.Tiles(channels=channels, size=4)
    words = duo.packed(w, tiles)
    assert words is not None
    x = np.zeros(words.shape[1] * 4, np.int64)
    x[:depth] = random.integers(-128, 128, depth)
    pairs = x.reshape(-1, 2, 2).transpose(0, 2, 1)  # [groups, even or odd, two inputs]
    biases = random.integers(-1000, 1000, channels)[tiles.order()] * np.array(tiles.factors())
    start = duo.starts(biases).reshape(len(words), 2, 2)
    first = start[..., 0] + (bytes_of(words) * pairs[:, :, None]).sum(axis=(1, 2, 4))
    both = wrap_int32(start[..., 1] + (halves_of(words) * pairs[:, :, None]).sum(axis=(1, 2, 4)))
    got = np.stack([first, wrap_int32(both - first)], axis=2).reshape(-1)
    wanted = (w.astype(np.int64) @ x[:depth])[tiles.order()] * np.array(tiles.factors()) + biases
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(("a", "b", "fits"), [(-1, -128, False), (0, -128, True), (-128, -127, True)])
def test_a_pair_that_does_not_fit_is_refused(a: int, b: int, fits: bool) -> None:
    w = np.array([[a], [b], [127], [127]], dtype=np.int8)
    assert (duo.packed(w, duo.Tiles(channels=4, size=4)) is not None) == fits


def test_sums_that_do_not_fit_are_refused() -> None:
    assert duo.fits([-(2**23) + 1], [2**23 - 1])
    assert not duo.fits([-(2**23)], [0])
    assert not duo.fits([0], [2**23])


def test_the_last_tile_overlaps() -> None:
    assert duo.Tiles(channels=9, size=4).order().tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8]
    assert duo.Tiles(channels=8, size=8).firsts == [0]


@settings(max_examples=60, deadline=None)
@given(st.floats(2**-14, 2**-5.1), st.integers(-128, 100), st.integers(1000, 2_000_000))
def test_sums_times_256_are_scaled_alike(real: float, zero_point: int, reach: int) -> None:
    m, fraction = Multiplier.of(real), duo.fraction_of(1, FRACTION)
    found = high_multiply(m, 127 - zero_point, -reach, reach, duo.FACTOR, fraction)
    if found is None:
        return
    near = (np.arange(-1, 128 - zero_point) / real).astype(np.int64)[:, None] + np.arange(-3, 4)
    acc = np.unique(np.clip(np.append(near.reshape(-1), [-reach, reach, 0]), -reach, reach))
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift) + zero_point, zero_point, 127)
    value = ((acc * duo.FACTOR + found.offset) * found.multiplier >> 32) + found.addend
    value = (value + (zero_point << fraction)) >> fraction
    np.testing.assert_array_equal(np.clip(value, zero_point, 127), wanted)


@settings(max_examples=200, deadline=None)
@given(st.integers(2**30, 2**31 - 1), st.integers(2, 31), st.integers(-128, 127), st.integers(0, 2**32 - 1))
def test_four_instructions_round_twice(value: int, right: int, zero_point: int, seed: int) -> None:
    multiplier, power = twice(Multiplier(value=value, shift=-right))
    random = np.random.default_rng(seed)
    steps = (np.arange(-130, 131) + 0.5) * 2.0**right * 2**31 / value
    near = steps.astype(np.int64)[:, None] + np.arange(-2, 3)
    acc = np.append(near.reshape(-1), random.integers(-(2**31), 2**31, 100))
    acc = np.append(acc[np.abs(acc) < 2**31], [-(2**31), 2**31 - 1, 0, -1, 1])
    first = (acc * multiplier + (acc << 32) + (1 << 31)) >> 32
    first += first >> 63
    got = (first * power + (zero_point << 32) + (1 << 31)) >> 32
    wanted = multiply_by_quantized_multiplier(acc, value, -right) + zero_point
    np.testing.assert_array_equal(got, wanted)
