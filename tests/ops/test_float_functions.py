"""The further float32 functions: distance from double precision, and C's rules for what is no ordinary number."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from netsuke.ir import Array
from netsuke.ops.float_functions import (
    elu_f32,
    erf_f32,
    erfc_f32,
    expm1_f32,
    gelu_f32,
    log_f32,
    pow_f32,
    quotient_f32,
    rsqrt_f32,
    softplus_f32,
    sqrt_f32,
)
from tests.ops.oracle import ulp_distance
from tests.ops.test_float_math import samples

Function = Callable[[Array], Array]
ERF, ERFC = np.vectorize(math.erf), np.vectorize(math.erfc)


def true_gelu(x: Array) -> Array:
    return 0.5 * x * ERFC(-x / math.sqrt(2.0))


@pytest.mark.parametrize(
    ("ours", "true", "low", "high", "ulp"),
    [
        (log_f32, np.log, 1e-45, 3e38, 1),
        (expm1_f32, np.expm1, -100.0, 88.0, 3),
        (erf_f32, ERF, -5.0, 5.0, 2),
        (erfc_f32, ERFC, -5.0, 9.0, 6),
        (softplus_f32, lambda x: np.logaddexp(0.0, x), -100.0, 100.0, 3),
        (gelu_f32, true_gelu, -12.0, 20.0, 5),
        (sqrt_f32, np.sqrt, 0.0, 3e38, 0),
        (rsqrt_f32, lambda x: 1.0 / np.sqrt(x), 1e-44, 3e38, 1),
    ],
    ids=["log", "expm1", "erf", "erfc", "softplus", "gelu", "sqrt", "rsqrt"],
)
def test_distance_from_the_correctly_rounded_result(
    ours: Function, true: Function, low: float, high: float, ulp: int
) -> None:
    x = samples(low, min(high, 1e6))[::4]
    x = np.concatenate([x, np.geomspace(max(low, 1e-38), high, 20_000).astype(np.float32)])
    rounded = true(x.astype(np.float64)).astype(np.float32)
    assert ulp_distance(ours(x), rounded).max() <= ulp


def test_powers_are_within_1_ulp() -> None:
    random = np.random.default_rng(2)
    x = np.exp(random.uniform(-20, 20, 100_000)).astype(np.float32)
    y = random.uniform(-6, 6, 100_000).astype(np.float32)
    with np.errstate(over="ignore"):
        true = np.power(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
    assert ulp_distance(pow_f32(x, y), true).max() <= 1


SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("y", SPECIAL)
@pytest.mark.parametrize("x", SPECIAL)
def test_powers_of_special_numbers_are_c_s(x: float, y: float) -> None:
    try:
        true = float(np.float32(math.pow(x, y)))
    except ValueError:
        # Python raises where C gives an infinity or a NaN.
        odd = y == int(y) and int(y) % 2 == 1 if math.isfinite(y) else False
        true = math.copysign(math.inf, x if odd else 1.0) if x == 0 else math.nan
    got = float(pow_f32(np.array([x], np.float32), np.array([y], np.float32))[0])
    assert (math.isnan(got) and math.isnan(true)) or (
        got == true and math.copysign(1, got) == math.copysign(1, true)
    )


def test_quotients_are_exact_above_the_subnormals_and_within_1_ulp_below() -> None:
    random = np.random.default_rng(4)
    a, b = (
        np.ldexp(random.uniform(1, 2, 100_000), random.integers(-149, 128, 100_000)).astype(np.float32)
        for _ in range(2)
    )
    with np.errstate(over="ignore"):
        true = (a.astype(np.float64) / b.astype(np.float64)).astype(np.float32)
    apart = ulp_distance(quotient_f32(a, b), true)
    assert apart.max() <= 1
    assert (apart[true >= 2.0**-125] == 0).all()


def test_what_is_no_number_is_one_nan() -> None:
    bad = np.array([-1.0, math.nan, -math.inf], np.float32)
    for function in (log_f32, sqrt_f32, rsqrt_f32):
        assert (function(bad).view(np.uint32) == 0x7FC00000).all()


def test_edges() -> None:
    ends = np.array([0.0, math.inf], np.float32)
    assert log_f32(ends).tolist() == [-math.inf, math.inf]
    assert elu_f32(np.array([-math.inf, math.inf], np.float32)).tolist() == [-1.0, math.inf]
    assert erf_f32(np.array([-math.inf, math.inf], np.float32)).tolist() == [-1.0, 1.0]
