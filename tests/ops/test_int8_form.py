"""Float weights that are int8 numbers times a scale: found where they are, and never where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ir import DType, Tensor
from netsuke.ops.int8_form import int8_form, small_form


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 40), st.integers(-20, 10))
def test_products_are_found_and_given_back_to_the_bit(
    seed: int, channels: int, depth: int, size: int
) -> None:
    chance = np.random.default_rng(seed)
    values = chance.integers(-127, 128, (channels, depth)).astype(np.float32)
    scales = (np.abs(chance.normal(size=channels)) + 0.01).astype(np.float32) * np.float32(2.0**size)
    weights = values * scales[:, None]
    weights[weights == 0] = 0.0
    form = int8_form(weights, 0)
    if not weights.any():
        assert form is None
        return
    assert form is not None
    np.testing.assert_array_equal(form.values.astype(np.float32) * form.scales[:, None], weights)


@pytest.mark.parametrize("axis", [0, 3])
def test_the_axis_of_the_channels(axis: int) -> None:
    chance = np.random.default_rng(1)
    values = chance.integers(-127, 128, (4, 3, 3, 5)).astype(np.float32)
    around = [1, 1, 1, 1]
    around[axis] = -1
    scales = chance.uniform(0.1, 1, values.shape[axis]).astype(np.float32)
    weights = values * scales.reshape(around)
    weights[weights == 0] = 0.0
    form = int8_form(weights, axis)
    assert form is not None
    np.testing.assert_array_equal(form.values.astype(np.float32) * form.scales.reshape(around), weights)
    assert form.quantization.axis == axis


def test_one_scale_for_all_channels_stays_one() -> None:
    values = np.random.default_rng(2).integers(-90, 91, (6, 20)).astype(np.float32)
    values[0, 0] = 127
    values[values == 0] = 1
    form = int8_form(values * np.float32(0.0123), 0)
    assert form is not None
    assert not form.quantization.per_channel


@pytest.mark.parametrize(
    "spoiled", ["one bit", "negative zero", "nan", "infinity", "random", "zeros", "128 steps"]
)
def test_what_has_no_form(spoiled: str) -> None:
    chance = np.random.default_rng(3)
    weights = chance.integers(1, 128, (3, 30)).astype(np.float32) * np.float32(0.037)
    weights[:, 0] = 127 * np.float32(0.037)
    assert int8_form(weights, 0) is not None
    if spoiled == "one bit":
        weights[1, 7] = np.nextafter(weights[1, 7], np.float32(np.inf))
    elif spoiled == "random":
        weights = chance.normal(size=(3, 30)).astype(np.float32)
    elif spoiled == "zeros":
        weights[:] = 0
    elif spoiled == "128 steps":
        weights[:, 0] = 128 * np.float32(0.037)
        weights[:, 1] = 127 * np.float32(0.037)
    else:
        weights[2, 3] = {"negative zero": -0.0, "nan": np.nan, "infinity": np.inf}[spoiled]
    assert int8_form(weights, 0) is None


@pytest.mark.parametrize("most", [1, 2, 7])
def test_the_smallest_integers_are_found(most: int) -> None:
    chance = np.random.default_rng(most)
    values = chance.integers(-most, most + 1, (6, 30)).astype(np.float32)
    values[:, 0] = most
    values[1] *= values[1] == most
    weights = values * chance.uniform(0.1, 1, (6, 1)).astype(np.float32)
    weights[weights == 0] = 0.0
    form = small_form(constant(weights), 0)
    assert form is not None
    np.testing.assert_array_equal(form.values.astype(np.float32) * form.scales[:, None], weights)
    assert np.abs(form.values).max() == most
    assert np.abs(form.values[1]).max() == 1


def test_weights_of_many_steps_have_no_small_form() -> None:
    values = np.arange(-60, 60, dtype=np.float32).reshape(4, 30)
    assert int8_form(values, 0) is not None
    assert small_form(constant(values), 0) is None


def constant(weights: np.ndarray) -> Tensor:
    return Tensor(name="w", dtype=DType.FLOAT32, shape=weights.shape, data=weights)
