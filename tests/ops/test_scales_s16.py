"""The requantisations of the int16 kernels for the DSP extension equal LiteRT's, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.ops.fixed_point import INT32_MAX, INT32_MIN, Multiplier
from netsuke.ops.requantize import scaled_double, scaled_int64
from netsuke.ops.scales_s16_dsp import double_saturates, double_scale, once, reach_of, saturates, twice

REALS = (3.7e-4, 2.0**-8, 2.0**-17, 0.1, 0.2499, 1e-5, 7.3e-3)
WHOLE = (-32768, 32767)


def accumulators(seed: int) -> np.ndarray:
    """int32 all over the range, near zero, and its ends."""
    random = np.random.default_rng(seed)
    wide, near = random.integers(INT32_MIN, INT32_MAX, 4000), random.integers(-4000, 4000, 4000)
    return np.concatenate([wide, near, [INT32_MIN, -1, 0, 1, INT32_MAX]])


@pytest.mark.parametrize("real", REALS)
def test_one_high_multiply_is_litert_s_shift(real: float) -> None:
    multiplier, acc = once(Multiplier.of(real)), accumulators(1)
    assert multiplier is not None
    theirs = scaled_int64(acc[:, None], [Multiplier.of(real)])[:, 0]
    assert np.array_equal((acc * multiplier + (1 << 31)) >> 32, theirs)


@pytest.mark.parametrize("real", [0.3, 2.0, 2.0**-19])
def test_shifts_without_room_are_refused(real: float) -> None:
    assert once(Multiplier.of(real)) is None


def test_a_multiplier_flushed_to_zero_gives_zero() -> None:
    assert once(Multiplier.of(1e-12)) == 0


@pytest.mark.parametrize("real", [*REALS, 0.49, 0.125 + 2.0**-30])
def test_63_bits_round_as_doubles_do(real: float) -> None:
    found, acc = double_scale(real, *WHOLE, INT32_MIN, INT32_MAX), accumulators(2)
    assert found is not None
    ties = np.round((np.arange(-300, 300) + 0.5) / real).astype(np.int64)
    acc = np.concatenate([acc, np.clip(ties, INT32_MIN, INT32_MAX)])
    assert np.array_equal(np.clip(found.scale(acc), *WHOLE), np.clip(scaled_double(acc, (real,)), *WHOLE))


def test_factors_of_a_half_and_more_are_refused() -> None:
    assert double_scale(0.5, *WHOLE, -1000, 1000) is None


def test_reach_is_what_the_worst_inputs_give() -> None:
    reach = reach_of(np.array([[3, -2], [0, 0]]), np.array([10, -1]))
    assert reach.most == (10 + 3 * 32767 + 2 * 32768, -1)
    assert reach.least == (10 - 3 * 32768 - 2 * 32767, -1)
    assert not reach_of(np.array([[127] * 600]), np.array([0])).fits


def test_sums_beyond_32_bits_need_an_output_that_saturates_there() -> None:
    above = INT32_MAX + 1
    assert saturates(1 << 20, -5, above, WHOLE)
    assert not saturates(1 << 15, -5, above, WHOLE)
    assert not saturates((1 << 31) - 1, -5, 1 << 33, WHOLE), "LiteRT's own result wraps"
    assert double_saturates(2.0**-8, -5, above, WHOLE)
    assert not double_saturates(2.0**-17, -5, above, WHOLE)


def test_two_roundings_that_could_overflow_are_refused() -> None:
    m = Multiplier.of(2.0**-8 * (1 - 1e-9))
    assert twice(m, -1000, 1000) is not None
    assert twice(m, -1000, INT32_MAX) is None
