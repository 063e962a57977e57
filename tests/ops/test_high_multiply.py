"""The two-instruction requantisation is TFLite's, at every accumulator."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.high_multiply import FRACTION, HighMultiply, high_multiply, high_multiply_double
from netsuke.ops.requantize import scaled_double


def formula(h: HighMultiply, acc: np.ndarray, zero_point: int) -> np.ndarray:
    return np.clip(
        (((acc + h.offset) * h.multiplier >> 32) + h.addend + (zero_point << FRACTION)) >> FRACTION,
        zero_point,
        127,
    )


@settings(max_examples=150, deadline=None)
@given(st.floats(2**-14, 2**-5.1), st.integers(-128, 100), st.integers(1000, 2_000_000))
def test_it_is_the_double_rounding(real: float, zero_point: int, reach: int) -> None:
    m = Multiplier.of(real)
    found = high_multiply(m, 127 - zero_point, -reach, reach)
    if found is None:
        return
    around = np.arange(-3, 4)
    steps = (np.arange(-1, 128 - zero_point) / real).astype(np.int64)
    acc = np.unique(
        np.clip(np.concatenate([(steps[:, None] + around).reshape(-1), [-reach, reach, 0]]), -reach, reach)
    )
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift) + zero_point, zero_point, 127)
    np.testing.assert_array_equal(formula(found, acc, zero_point), wanted)


def test_nearly_every_multiplier_has_one() -> None:
    chance = np.random.default_rng(0)
    reals = 2.0 ** chance.uniform(-12, -5.2, 200)
    found = [high_multiply(Multiplier.of(float(r)), 255, -(10**6), 10**6) for r in reals]
    assert sum(h is not None for h in found) >= 198


def test_every_accumulator_of_one_channel() -> None:
    m = Multiplier.of(0.0123)
    found = high_multiply(m, 255, -40_000, 40_000)
    assert found is not None
    acc = np.arange(-40_000, 40_001)
    wanted = np.clip(multiply_by_quantized_multiplier(acc, m.value, m.shift) - 128, -128, 127)
    np.testing.assert_array_equal(formula(found, acc, -128), wanted)


def test_a_scale_that_is_too_large_is_refused() -> None:
    assert high_multiply(Multiplier.of(0.1), 255, -1000, 1000) is None
    assert high_multiply(Multiplier.of(1.5), 255, -1000, 1000) is None


@settings(max_examples=150, deadline=None)
@given(
    st.floats(2**-14, 2**-5.1),
    st.integers(-128, 127),
    st.integers(-300_000, 300_000),
    st.integers(1, 500_000),
)
def test_it_is_the_rounded_double(real: float, zero_point: int, lowest: int, span: int) -> None:
    highest = lowest + span
    found = high_multiply_double(real, (-127 - zero_point, 127 - zero_point), lowest, highest)
    if found is None:
        return
    steps = (np.arange(-129 - zero_point, 129 - zero_point) / real).astype(np.int64)
    half = (np.arange(-129 - zero_point, 129 - zero_point) + 0.5) / real
    near = np.concatenate([steps, half.astype(np.int64)])[:, None] + np.arange(-2, 3)
    acc = np.unique(np.clip(np.append(near.reshape(-1), [lowest, highest]), lowest, highest))
    wanted = np.clip(scaled_double(acc[:, None], [real])[:, 0] + zero_point, -128, 127)
    value = ((acc + found.offset) * found.multiplier >> 32) + found.addend + (zero_point << FRACTION)
    np.testing.assert_array_equal(np.clip(value >> FRACTION, -128, 127), wanted)


def test_nearly_every_double_has_one() -> None:
    chance = np.random.default_rng(1)
    reals = 2.0 ** chance.uniform(-12, -5.2, 200)
    found = [high_multiply_double(float(r), (-127, 127), -(10**6), 10**6) for r in reals]
    assert sum(h is not None for h in found) >= 198
