"""Requantisation and layout of packed weights: the formulas at every accumulator that matters, sums that stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.boards import Isa
from netsuke.ops.choice import candidates
from netsuke.ops.duo import Tiles
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import Constant
from netsuke.ops.operator import site_of
from netsuke.ops.packed_bits import paired_units
from netsuke.ops.packed_halves import START, cut_of, fours_of_channels
from netsuke.ops.packed_layout import LOW_BITS, filled, in_pairs, lift_2, segment_of, words_2, words_4
from netsuke.ops.packed_lines import found_lines
from netsuke.ops.packed_rows import lanes
from netsuke.ops.packed_scales import PLACES, Channel, Place, doubled, general, rising
from netsuke.ops.requantize import scaled_double
from netsuke.ops.staircase import Accumulators
from netsuke.ops.triples import fixed_scaling
from tests.ops.cases_fully_connected import connected_case
from tests.ops.cases_weights_w8 import rounded
from tests.ops.conv_operands import BY_NAME

REACH = 100_000
TILES = Tiles(channels=6, size=4)


def around(real: float, levels: np.ndarray) -> np.ndarray:
    """Accumulators next to every step."""
    steps = (levels / real).astype(np.int64)
    acc = np.concatenate([(steps[:, None] + np.arange(-4, 5)).reshape(-1), [-REACH, REACH, 0]])
    return np.unique(np.clip(acc, -REACH, REACH))


@settings(max_examples=60, deadline=None)
@given(st.floats(2**-9, 7.9), st.integers(-128, 100), st.sampled_from([*PLACES[4], *PLACES[2][:2]]))
def test_two_instructions_are_the_double_rounding(real: float, zero_point: int, place: Place) -> None:
    channel = Channel(real=real, lowest=-REACH, highest=REACH)
    found = rising(channel, 127 - zero_point, place)
    if found is None:
        return
    assert found.offset % place.unit == 0
    m = Multiplier.of(real)
    acc = around(real, np.arange(-1, 128 - zero_point))
    value = ((acc * place.factor + found.offset) * found.multiplier >> 32) + found.addend
    ours = np.clip((value + (zero_point << place.fraction)) >> place.fraction, zero_point, 127)
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift) + zero_point, zero_point, 127)
    np.testing.assert_array_equal(ours, wanted)


@settings(max_examples=60, deadline=None)
@given(st.floats(2**-9, 7.9), st.sampled_from([*PLACES[4], *PLACES[2][:2]]))
def test_two_instructions_are_the_rounding_in_double(real: float, place: Place) -> None:
    found = doubled(Channel(real=real, lowest=-REACH, highest=REACH), (-127, 127), place)
    if found is None:
        return
    acc = around(real, np.arange(-128, 129))
    value = ((acc * place.factor + found.offset) * found.multiplier >> 32) + found.addend
    ours = np.clip(value >> place.fraction, -128, 127)
    np.testing.assert_array_equal(ours, np.clip(scaled_double(acc[:, None], (real,))[:, 0], -128, 127))


def smmlar(a: np.ndarray, b: int, c: np.ndarray | int) -> np.ndarray:
    return (a * b + (np.asarray(c) << 32) + (1 << 31)) >> 32


@settings(max_examples=200, deadline=None)
@given(st.floats(2**-20, 2**9), st.integers(0, 2**32 - 1))
def test_any_multiplier_has_the_general_form(real: float, seed: int) -> None:
    reach = min(REACH, int(2**28 / max(real, 1.0)))
    found = general(real, Channel(real=real, lowest=-reach, highest=reach))
    assert found is not None
    double, power, before, between = found
    acc = np.random.default_rng(seed).integers(-reach, reach + 1, 500)
    acc = np.concatenate([acc, np.arange(-300, 300)])
    large = acc << before
    value = smmlar(large, double, large) << between
    assert np.abs(value).max() < 1 << 31
    m = Multiplier.of(real)
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift), -128, 127)
    np.testing.assert_array_equal(np.clip(smmlar(value + (value >> 31), power, 0), -128, 127), wanted)


def test_an_accumulator_that_does_not_fit_has_none() -> None:
    assert general(6.0, Channel(real=6.0, lowest=-(1 << 29), highest=0)) is None
    assert general(0.0, Channel(real=0.0, lowest=-1, highest=1)) is None


def signed(halves: np.ndarray) -> np.ndarray:
    return ((halves & 0xFFFF) ^ 0x8000) - 0x8000


def test_masks_take_four_bits_apart() -> None:
    w = np.random.default_rng(0).integers(-8, 8, (6, 10)).astype(np.int8)
    words = words_4(w, TILES, 6)
    pairs = in_pairs(w, TILES).reshape(2, 4, -1, 2)
    for half in range(2):
        h = words >> 16 * half
        a, ab, c = h & 0xF, h & 0xFF, h & 0xF00
        every = signed(h)
        np.testing.assert_array_equal(a - 8, pairs[:, 0, :, half])
        np.testing.assert_array_equal((ab - a) // 16 - 8, pairs[:, 1, :, half])
        np.testing.assert_array_equal(c // 256 - 8, pairs[:, 2, :, half])
        np.testing.assert_array_equal((every - ab - c) // 4096, pairs[:, 3, :, half])


@pytest.mark.parametrize("least", [-2, -1])
def test_rotations_take_two_bits_apart(least: int) -> None:
    w = np.random.default_rng(1).integers(least, 2, (6, 12)).astype(np.int8)
    w[0, 0] = least
    words, lift = words_2(w, TILES), lift_2(w)
    pairs = in_pairs(w, TILES)
    for i in range(2):
        for q in range(2):
            by = 8 * i + 4 * q
            turned = (words >> by | words << 32 - by) & 0xC003C003
            for half in range(2):
                h = signed(turned >> 16 * half)
                first = h & 3
                np.testing.assert_array_equal(first - lift, pairs[:, 2 * q, :, i, half])
                np.testing.assert_array_equal((h - first) >> LOW_BITS, pairs[:, 2 * q + 1, :, i, half])


@pytest.mark.parametrize("depth", [3, 64, 500, 1000])
@pytest.mark.parametrize("lift", [0, 1])
def test_segments_keep_sums_apart(depth: int, lift: int) -> None:
    w = np.random.default_rng(depth).integers(-1, 2, (6, depth)).astype(np.int8)
    size = 4 * segment_of(w, TILES, lift)
    firsts = filled(w, TILES)[0::2].astype(np.int64) + lift
    for at in range(0, depth, size):
        part = firsts[:, at : at + size]
        assert np.maximum(part * -128, part * 127).sum(axis=1).max() < 1 << LOW_BITS - 1
        assert np.minimum(part * -128, part * 127).sum(axis=1).min() >= -(1 << LOW_BITS - 1)


@pytest.mark.parametrize("bits", [4, 2])
def test_units_hold_two_channels_first_input_highest(bits: int) -> None:
    w = np.random.default_rng(2).integers(-(1 << bits - 1), 1 << bits - 1, (5, 7)).astype(np.int8)
    units = paired_units(w, bits).data
    assert units.shape == (3, 2)
    for channel in range(5):
        for depth in range(7):
            unit = int(units[channel // 2, depth // 4])
            field = unit >> bits * (7 - (2 * (depth % 4) + channel % 2)) & (1 << bits) - 1
            assert field == int(w[channel, depth]) & (1 << bits) - 1


@settings(max_examples=60, deadline=None)
@given(st.floats(2**-7, 1.2), st.integers(-128, 100), st.booleans())
def test_one_product_is_the_double_rounding(real: float, zero_point: int, clamps: bool) -> None:
    low, high = (0 if clamps else -128 - zero_point), 127 - zero_point
    ends = np.array([-REACH]), np.array([REACH])
    m = Multiplier.of(real)
    bounds = Accumulators(least=ends[0], most=ends[1])
    found = found_lines(fixed_scaling([m]), np.array([real]), (low, high), bounds)
    if found is None:
        return
    acc = around(real, np.arange(low - 1, high + 2))
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift), low, high)
    np.testing.assert_array_equal(found.steps(acc[None])[0] + low, wanted)


@pytest.mark.parametrize("real", [0.03, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("low", [-128, 0])
def test_multipliers_of_few_bits_have_a_line(real: float, low: int) -> None:
    bounds = Accumulators(least=np.array([-9000]), most=np.array([9000]))
    scaling = fixed_scaling([Multiplier.of(real)])
    assert found_lines(scaling, np.array([real]), (low, 127), bounds) is not None


@pytest.mark.parametrize("depth", [3, 64, 500, 1000])
@pytest.mark.parametrize("bits", [4, 2])
def test_pieces_fit_half_a_word(depth: int, bits: int) -> None:
    w = np.random.default_rng(depth).integers(-(1 << bits - 1), 1 << bits - 1, (6, depth)).astype(np.int64)
    cut = cut_of(w)
    assert cut % 4 == 0
    for at in range(0, depth, cut):
        part = w[:, at : at + cut]
        assert np.maximum(part * -128, part * 127).sum(axis=1).max() < START
        assert np.minimum(part * -128, part * 127).sum(axis=1).min() >= -START


@pytest.mark.parametrize("bits", [4, 2])
def test_words_hold_four_channels_first_input_highest(bits: int) -> None:
    w = np.random.default_rng(3).integers(-(1 << bits - 1), 1 << bits - 1, (6, 7)).astype(np.int8)
    words, each = fours_of_channels(w, bits).data, 8 // bits
    assert words.shape == (2, 8 // each)
    for channel in range(6):
        for depth in range(7):
            place = 4 * (depth % each) + channel % 4
            field = int(words[channel // 4, depth // each]) >> bits * (4 * each - 1 - place)
            assert field & (1 << bits) - 1 == int(w[channel, depth]) & (1 << bits) - 1


@pytest.mark.parametrize("bits", [4, 2])
def test_masks_leave_two_channels_of_a_row(bits: int) -> None:
    w = np.random.default_rng(4).integers(0, 1 << bits, (6, 7)).astype(np.int64)
    words, each = lanes(w, bits).data.astype(np.int64), 8 // bits
    mask = (1 << bits) - 1 | (1 << bits) - 1 << 16
    for channel in range(6):
        for depth in range(7):
            word = words[channel // 4, depth // each]
            field = word >> bits * (2 * (depth % each) + channel % 4 // 2) & mask
            assert field >> 16 * (channel % 2) & 0xFFFF == w[channel, depth]


@pytest.mark.parametrize(("how", "bits"), [("four", 4), ("two", 2)])
def test_float_layers_keep_their_weights_packed(how: str, bits: int) -> None:
    case = rounded(connected_case(BY_NAME["f32"], (1, 64), 16, 64), 0, how)
    node = case.graph.nodes[0]
    kernels = {kernel.name: kernel for kernel in candidates(case.graph, node, Isa.FP32)}
    (call,) = kernels[f"nk_matrix_w{bits}_f32"].bind(site_of(case.graph, node))
    weights = next(p for p in call.pointers if isinstance(p, Constant) and p.label == "weights")
    assert weights.data.nbytes == 64 * 16 * bits // 8
