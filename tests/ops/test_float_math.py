"""The float32 functions: how far from the true values, at the edges, and against double over many inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from netsuke.ir import Array
from netsuke.ops.float_math import clamp_f32, div_f32, exp_f32, logistic_f32, tanh_f32
from netsuke.ops.sigmoid_s16 import sigmoid_table
from netsuke.ops.softmax_tables import exp_of_negative, exp_table, reciprocal_table
from tests.ops.oracle import ulp_distance

Function = Callable[[Array], Array]


def true_logistic(x: Array) -> Array:
    """In the three pieces of TFLite's reference kernel."""
    return np.where(x > 16.619047164916992, 1.0, np.where(x < -9.0, np.exp(x), 1.0 / (1.0 + np.exp(-x))))


def samples(low: float, high: float) -> Array:
    """Evenly spread values, values around zero, and random mantissas of every exponent in the range."""
    random = np.random.default_rng(3)
    spread = random.uniform(low, high, 400_000)
    small = random.normal(0, 1, 100_000)
    exponents = np.ldexp(random.uniform(1, 2, 60_000), random.integers(-149, 7, 60_000))
    both = np.concatenate([spread, small, exponents, -exponents])
    return both[(both >= low) & (both <= high)].astype(np.float32)


@pytest.mark.parametrize(
    ("ours", "true", "low", "high", "ulp"),
    [
        (exp_f32, np.exp, -110.0, 88.0, 1),
        (tanh_f32, np.tanh, -20.0, 20.0, 2),
        (logistic_f32, true_logistic, -110.0, 110.0, 2),
    ],
    ids=["exp", "tanh", "logistic"],
)
def test_distance_from_the_correctly_rounded_result(
    ours: Function, true: Function, low: float, high: float, ulp: int
) -> None:
    x = samples(low, high)
    rounded = true(x.astype(np.float64)).astype(np.float32)
    assert ulp_distance(ours(x), rounded).max() <= ulp


@pytest.mark.parametrize(
    ("function", "x", "y"),
    [
        (exp_f32, np.inf, np.inf),
        (exp_f32, -np.inf, 0.0),
        (exp_f32, 0.0, 1.0),
        (exp_f32, 88.8, np.inf),
        (exp_f32, -103.9, 1.4012985e-45),
        (exp_f32, -104.5, 0.0),
        (tanh_f32, np.inf, 1.0),
        (tanh_f32, -np.inf, -1.0),
        (tanh_f32, 1e-45, 1e-45),
        (logistic_f32, np.inf, 1.0),
        (logistic_f32, -np.inf, 0.0),
        (logistic_f32, 0.0, 0.5),
    ],
)
def test_edges(function: Function, x: float, y: float) -> None:
    assert function(np.array([x], np.float32))[0] == np.float32(y)


@pytest.mark.parametrize("function", [exp_f32, tanh_f32, logistic_f32])
def test_nan_stays_nan(function: Function) -> None:
    assert np.isnan(function(np.array([np.nan], np.float32))).all()


def test_tanh_keeps_the_sign_of_zero() -> None:
    assert np.signbit(tanh_f32(np.array([-0.0, 0.0], np.float32))).tolist() == [True, False]


@pytest.mark.parametrize("function", [exp_f32, tanh_f32])
def test_results_grow_with_their_arguments(function: Function) -> None:
    """No step down of more than the last bit, over neighbouring floats around the seams."""
    for seam in (-104.0, -9.0, -0.625, -0.34657359, 0.34657359, 0.625, 9.01, 16.619047, 60.0):
        start = np.float32(seam).view(np.int32)
        x = np.arange(start - 2000, start + 2000, dtype=np.int32).view(np.float32)
        y = function(np.sort(x))
        assert (ulp_distance(np.maximum.accumulate(y), y) <= 2).all(), seam


def test_division_is_exact_above_the_subnormals_and_within_1_ulp_below() -> None:
    a = np.concatenate([samples(-100.0, 100.0), np.arange(-300, 300, dtype=np.int32).view(np.float32)[300:]])
    for b in (1.0, 2.0, 3.0, 6.0, 1000.0, 2.0**39):
        true = (a.astype(np.float64) / b).astype(np.float32)
        apart = ulp_distance(div_f32(a, np.float32(b)), true)
        assert apart.max() <= 1
        assert (apart[np.abs(true) >= 2.0**-126] == 0).all()


def test_clamp_keeps_nan_and_the_sign_of_zero() -> None:
    y = clamp_f32(np.array([np.nan, -0.0, -1.0, 7.0, 3.0], np.float32), (0.0, 6.0))
    assert np.isnan(y[0])
    assert np.signbit(y[1])
    assert y[2:].tolist() == [0.0, 6.0, 3.0]


def test_sigmoid_table_is_within_one_of_the_sigmoid() -> None:
    true = 65536.0 / (1.0 + np.exp(-np.arange(256) / 24.0))
    table = sigmoid_table()
    assert table.dtype == np.uint16
    assert (table[[0, 1, 128, 255]] == [32768, 33451, 65221, 65535]).all()
    assert np.abs(table - true).max() < 1.3


def test_fixed_point_exp_is_close_to_exp() -> None:
    x = -np.arange(0, 1 << 31, 1 << 22, dtype=np.int64)
    true = np.exp(x / 2.0**26) * 2.0**31
    assert np.abs(exp_of_negative(x) - true).max() < 600
    assert exp_of_negative(np.zeros(1, np.int64))[0] == (1 << 31) - 1


def test_int16_softmax_tables_are_close_to_their_functions() -> None:
    steps = np.arange(513) / 512
    assert np.abs(exp_table() - np.exp(10 * steps - 10) * 32768).max() < 2
    assert np.abs(reciprocal_table() - np.minimum(32768 / (1 + steps), 32767)).max() < 2
