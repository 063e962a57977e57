"""Fixed-point arithmetic: the Python twins and the C headers against the definition in exact fractions.

Values are aimed at the boundaries: exact ties, their neighbours, the ends of int32, multipliers at both ends.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.errors import GraphError
from netsuke.ir import Array
from netsuke.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Multiplier,
    multiply_by_quantized_multiplier,
    multiply_int64_by_quantized_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from netsuke.ops.library import include_dir
from netsuke.ops.requantize import WideMultiplier, scaled_double
from tests.ops.targets import complaint, host_compiler

SHIM = """
#include "nk_requantize.h"
#define EACH(name, wide, expression) \\
  void name(const wide *x, const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int64_t n) { \\
    for (int64_t i = 0; i < n; i++) { (void)a; (void)b; (void)c; y[i] = expression; } \\
  }
EACH(high_mul, int32_t, nk_doubling_high_mul(x[i], a[i]))
EACH(shift_right, int32_t, nk_rounding_shift_right(x[i], b[i]))
EACH(requantize, int32_t, nk_requantize(x[i], a[i], b[i]))
EACH(scale_fixed, int32_t, nk_scale_fixed(x[i], a[i], b[i]))
EACH(requantize_s64, int64_t, nk_requantize_s64(x[i], a[i], b[i]))
EACH(scale_exact, int32_t, nk_scale_exact(x[i], a[i], c[i], b[i]))
void scale_double(const int64_t *x, const double *a, int32_t low, int32_t high, int32_t *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = nk_scale_double(x[i], a[i], low, high);
}
"""

MULTIPLIERS = (
    1 << 30,
    (1 << 30) + 1,
    1_234_567_891,
    1_518_500_250,
    INT32_MAX - (1 << 15),
    INT32_MAX - 1,
    INT32_MAX,
)
EDGES = (INT32_MIN, INT32_MIN + 1, -(1 << 30), -3, -2, -1, 0, 1, 2, 3, 1 << 30, INT32_MAX - 1, INT32_MAX)
REALS = (
    0.5,
    0.25,
    2.0**-9,
    2.0**-31,
    1.0,
    3.0,
    1 / 3,
    0.0123,
    5e-6,
    2.0**-9 * (1 + 2.0**-23),
    0.7499999999999999,
)
INT32 = st.integers(INT32_MIN, INT32_MAX)
MULTIPLIER = st.one_of(st.sampled_from(MULTIPLIERS), st.integers(1 << 30, INT32_MAX))
SHIFT = st.integers(-31, 30)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The headers' functions over arrays."""
    folder = tmp_path_factory.mktemp("fixed_point")
    (folder / "shim.c").write_text(SHIM)
    flags = ["-std=c11", "-O1", "-shared", "-fPIC", f"-I{include_dir()}", "-fsanitize=undefined"]
    flags += ["-fno-sanitize-recover=all"]
    assert not complaint([*host_compiler(), *flags, str(folder / "shim.c"), "-o", str(folder / "shim.so")])
    return ctypes.CDLL(str(folder / "shim.so"))


def pointer(array: Array) -> ctypes.c_void_p:
    """The array's memory."""
    return ctypes.c_void_p(array.ctypes.data)


def in_c(
    library: ctypes.CDLL, name: str, x: Array, a: Array | int = 0, b: Array | int = 0, c: Array | int = 0
) -> Array:
    """One of the shim's functions; a, b and c are broadcast to x."""
    rest = [np.ascontiguousarray(np.broadcast_to(v, x.shape), dtype=np.int32) for v in (a, b, c)]
    y = np.zeros(x.shape, np.int32)
    getattr(library, name)(pointer(x), *(pointer(v) for v in rest), pointer(y), ctypes.c_int64(x.size))
    return y


def away(real: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    whole = math.floor(abs(real) + Fraction(1, 2))
    return whole if real >= 0 else -whole


def wrapped(x: int) -> int:
    """Two's complement in 32 bits."""
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def high_mul(x: int, m: int) -> int:
    """Nearest to x * m / 2^31; halves up, which for a product of int32 is what gemmlowp's nudge gives."""
    return math.floor(Fraction(x * m, 1 << 31) + Fraction(1, 2))


def requantized(x: int, m: int, shift: int) -> int:
    """Double rounding, by definition."""
    if shift > 0:
        return high_mul(wrapped(x << shift), m)
    return away(Fraction(high_mul(x, m), 1 << -shift))


def ties(m: int, shift: int) -> list[int]:
    """x near which the result steps, and the ends of int32."""
    scale = Fraction(m, 1 << 31) * Fraction(2) ** shift
    found = [math.floor((q + Fraction(1, 2)) / scale) for q in (-129, -128, -2, -1, 0, 1, 126, 127)]
    near = [x + d for x in found for d in (-1, 0, 1)]
    return [x for x in (*near, *EDGES) if INT32_MIN <= x <= INT32_MAX]


@pytest.mark.parametrize("shift", range(-31, 31))
def test_requantisation_at_its_steps(library: ctypes.CDLL, shift: int) -> None:
    for m in MULTIPLIERS:
        x = np.array(ties(m, shift), dtype=np.int32)
        wanted = [requantized(int(v), m, shift) for v in x]
        assert multiply_by_quantized_multiplier(x, m, shift).tolist() == wanted
        assert in_c(library, "requantize", x, m, shift).tolist() == wanted
        assert in_c(library, "scale_fixed", x, m, shift).tolist() == wanted


@given(x=INT32, m=MULTIPLIER, shift=SHIFT)
def test_requantisation(library: ctypes.CDLL, x: int, m: int, shift: int) -> None:
    wanted = requantized(x, m, shift)
    values = np.array([x], dtype=np.int32)
    assert multiply_by_quantized_multiplier(values, m, shift).tolist() == [wanted]
    assert in_c(library, "requantize", values, m, shift).tolist() == [wanted]
    assert in_c(library, "scale_fixed", values, m, shift).tolist() == [wanted]


@pytest.mark.parametrize("exponent", range(32))
def test_rounding_shift_at_its_ties(library: ctypes.CDLL, exponent: int) -> None:
    half = 1 << exponent >> 1
    near = [
        k * (1 << exponent) + s * half + d for k in (-3, -1, 0, 1, 2) for s in (-1, 1) for d in (-1, 0, 1)
    ]
    x = np.array([v for v in (*near, *EDGES) if INT32_MIN <= v <= INT32_MAX], dtype=np.int32)
    wanted = [away(Fraction(int(v), 1 << exponent)) for v in x]
    assert rounding_divide_by_pot(x, exponent).tolist() == wanted
    assert in_c(library, "shift_right", x, 0, exponent).tolist() == wanted


@pytest.mark.parametrize("m", [0, 1, 1 << 15, *MULTIPLIERS])
def test_high_multiply_at_its_ties(library: ctypes.CDLL, m: int) -> None:
    near = [] if m == 0 else [math.floor((q + Fraction(1, 2)) * (1 << 31) / m) for q in range(-4, 4)]
    x = np.array(
        [v + d for v in (*near, *EDGES[1:-1]) for d in (-1, 0, 1) if abs(v) < INT32_MAX], dtype=np.int64
    )
    x = np.clip(x, INT32_MIN, INT32_MAX).astype(np.int32)
    wanted = [high_mul(int(v), m) for v in x]
    assert saturating_rounding_doubling_high_mul(x, m).tolist() == wanted
    assert in_c(library, "high_mul", x, m).tolist() == wanted


def test_high_multiply_saturates_at_the_one_overflow() -> None:
    assert saturating_rounding_doubling_high_mul(np.array([INT32_MIN]), INT32_MIN).tolist() == [INT32_MAX]


@given(x=st.integers(-(1 << 47), (1 << 47) - 1), m=MULTIPLIER, shift=st.integers(-31, 7))
def test_wide_requantisation(library: ctypes.CDLL, x: int, m: int, shift: int) -> None:
    reduced = (m + (1 << 15)) >> 16 if m < 0x7FFF0000 else 0x7FFF
    wanted = wrapped(math.floor(Fraction(x * reduced, 1 << (15 - shift)) + Fraction(1, 2)))
    values = np.array([x], dtype=np.int64)
    assert multiply_int64_by_quantized_multiplier(values, m, shift).tolist() == [wanted]
    assert in_c(library, "requantize_s64", values, m, shift).tolist() == [wanted]


@given(real=st.floats(2.0**-31, 2.0**20))
def test_multiplier_is_the_nearest(real: float) -> None:
    found = Multiplier.of(real)
    assert 1 << 30 <= found.value <= INT32_MAX
    step = Fraction(2) ** (found.shift - 31)
    assert abs(found.value * step - Fraction(real)) <= step / 2


def test_multiplier_at_its_edges() -> None:
    assert Multiplier.of(0.0) == Multiplier(value=0, shift=0)
    assert Multiplier.of(1.0) == Multiplier(value=1 << 30, shift=1)
    assert Multiplier.of(math.nextafter(1.0, 0.0)) == Multiplier(value=1 << 30, shift=1)
    assert Multiplier.of(2.0**-32) == Multiplier(value=1 << 30, shift=-31)
    assert Multiplier.of(math.nextafter(2.0**-32, 0.0)) == Multiplier(value=1 << 30, shift=-31)
    assert Multiplier.of(2.0**-33) == Multiplier(value=0, shift=0)
    assert Multiplier.of(0.5 + 2.0**-33).value == (1 << 30) + 0
    assert Multiplier.of(0.5 + 2.0**-32).value == (1 << 30) + 1


def rounded_like_double(x: int, real: float) -> int:
    """round(x * real): the product rounded to double, then halves away from zero."""
    return away(Fraction(float(x) * real))


@given(
    x=st.integers(-(1 << 47), (1 << 47) - 1),
    real=st.one_of(st.sampled_from(REALS), st.floats(2.0**-40, 2.0**-5)),
)
def test_double_scaling(library: ctypes.CDLL, x: int, real: float) -> None:
    wanted = rounded_like_double(x, real)
    assert scaled_double(np.array([x]), (real,)).tolist() == [wanted]
    values, reals, y = np.array([x], np.int64), np.array([real]), np.zeros(1, np.int32)
    low, high = -32768 - 5, 32767 + 9
    library.scale_double(pointer(values), pointer(reals), low, high, pointer(y), ctypes.c_int64(1))
    assert y.tolist() == [min(max(wanted, low), high)]


def test_double_scaling_below_one_half() -> None:
    """0.49999999999999994 + 0.5 is 1 in double: the rounding must not add."""
    assert scaled_double(np.array([1, -1]), (0.49999999999999994,)).tolist() == [0, 0]
    assert scaled_double(np.array([1, -1, 3, -3]), (0.5,)).tolist() == [1, -1, 2, -2]


def steps_of(real: float, low: int, high: int) -> list[int]:
    """Accumulators around every step of clip(round(x * real), low, high), in exact arithmetic, and the ends."""
    steps = [math.floor((Fraction(2 * q + 1, 2)) / Fraction(real)) for q in range(low, high)]
    near = {x + d for x in steps for d in (-1, 0, 1, 2)} | set(EDGES)
    return sorted(x for x in near if INT32_MIN <= x <= INT32_MAX)


def check_wide(library: ctypes.CDLL, real: float, low: int, high: int) -> None:
    """A WideMultiplier and its C against the definition at every step."""
    wide = WideMultiplier.like_double(real, low, high)
    if wide is None:  # the definition is not a straight line here: see below
        return
    x = np.array(steps_of(real, low, high), dtype=np.int32)
    wanted = [min(max(rounded_like_double(int(v), real), low), high) for v in x]
    clip: Callable[[Array], list[int]] = lambda y: np.clip(y, low, high).tolist()  # noqa: E731
    assert clip(wide.scale(x)) == wanted
    # The C keeps 32 bits of the result: constraints hold accumulators where that is all of it.
    small = np.abs(x.astype(np.float64) * real) < 2.0**31
    scaled = in_c(library, "scale_exact", x[small], wide.high, wide.shift, wide.low)
    assert clip(scaled) == [w for w, kept in zip(wanted, small, strict=True) if kept]


@pytest.mark.parametrize("real", [*REALS, 2.0**-32, 2.0**-40, 1000.0, 2.0**29])
@pytest.mark.parametrize(("low", "high"), [(-128, 127), (0, 255), (-255, 0), (-3, 2)])
def test_wide_multiplier_at_every_step(library: ctypes.CDLL, real: float, low: int, high: int) -> None:
    check_wide(library, real, low, high)


@settings(max_examples=150, deadline=None)
@given(
    x_scale=st.floats(2.0**-14, 4.0, width=32),
    w_scale=st.floats(2.0**-16, 0.5, width=32),
    y_scale=st.floats(2.0**-12, 8.0, width=32),
    zero=st.integers(-128, 127),
)
def test_wide_multiplier_of_scales(
    library: ctypes.CDLL, x_scale: float, w_scale: float, y_scale: float, zero: int
) -> None:
    check_wide(library, x_scale * w_scale / y_scale, -128 - zero, 127 - zero)


def test_ordinary_scales_have_a_wide_multiplier() -> None:
    """The way out by double is for contrived scales only."""
    random = np.random.default_rng(5)
    for _ in range(500):
        x, w, y = (float(np.float32(2.0 ** random.uniform(*ends))) for ends in ((-10, 2), (-14, -2), (-8, 3)))
        assert WideMultiplier.like_double(x * w / y, -128, 255) is not None


def test_some_doubles_round_too_unevenly() -> None:
    """x * real lies within a rounding of a tie for many x, and the double calls some of them ties and others not.

    They come from scales that are powers of two but one, and only where sums are beyond 2^27.
    """
    real = 2.0**-28 / 1.255867838859558
    assert WideMultiplier.like_double(real, -227, 28) is None
    assert WideMultiplier.like_double(real, -227, 28, bound=1 << 27) is not None


def test_wide_multiplier_refuses_what_no_model_has() -> None:
    with pytest.raises(GraphError, match="below 2\\^30"):
        WideMultiplier.like_double(2.0**31, -128, 127)


@given(x=st.integers(-(1 << 60), 1 << 60))
def test_wrap(x: int) -> None:
    assert wrap_int32(np.array([x])).tolist() == [wrapped(x)]
