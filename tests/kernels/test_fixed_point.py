"""The fixed-point primitives in C and in Python, at ties, saturation and sign changes."""

from __future__ import annotations

import ctypes
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from netsuke.ops import fixed_point
from netsuke.ops.library import include_dir
from tests.ops.targets import STRICT, WORKSHOP, host_compiler

SOURCE = """
#include "nk_fixed_point.h"
void high_mul(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n);
void shift_right(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n);
void requantize(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n);
void requantize_s64(const int64_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n);
void high_mul(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n) {
  (void)c;
  for (int32_t i = 0; i < n; i++) y[i] = nk_doubling_high_mul(a[i], b[i]);
}
void shift_right(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n) {
  (void)b;
  for (int32_t i = 0; i < n; i++) y[i] = nk_rounding_shift_right(a[i], c[i]);
}
void requantize(const int32_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = nk_requantize(a[i], b[i], c[i]);
}
void requantize_s64(const int64_t *a, const int32_t *b, const int32_t *c, int32_t *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = nk_requantize_s64(a[i], b[i], c[i]);
}
"""

EDGES = np.unique(
    [
        s * (b + d)
        for b in (0, 1, 1 << 15, 1 << 16, 1 << 29, 1 << 30, (1 << 31) - 2)
        for d in (-1, 0, 1)
        for s in (-1, 1)
    ]
    + [-(1 << 31)]
)
MULTIPLIERS = np.array(
    [0, 1 << 30, (1 << 30) + 1, 1518500250, 1610612736, 0x7FFEFFFF, 0x7FFF0000, (1 << 31) - 1]
)


@cache
def primitives() -> ctypes.CDLL:
    folder = Path(mkdtemp(dir=WORKSHOP.name))
    (folder / "primitives.c").write_text(SOURCE)
    command = [*host_compiler(), *STRICT, "-Wno-error", "-O2", "-shared", "-fPIC", f"-I{include_dir()}"]
    subprocess.run([*command, str(folder / "primitives.c"), "-o", str(folder / "primitives.so")], check=True)
    return ctypes.CDLL(str(folder / "primitives.so"))


def in_c(name: str, a: np.ndarray, b: np.ndarray, c: np.ndarray, wide: bool = False) -> np.ndarray:
    operands = [
        np.ascontiguousarray(a, np.int64 if wide else np.int32),
        np.ascontiguousarray(b, np.int32),
        np.ascontiguousarray(c, np.int32),
        np.empty(len(a), np.int32),
    ]
    getattr(primitives(), name)(*(ctypes.c_void_p(x.ctypes.data) for x in operands), ctypes.c_int32(len(a)))
    return operands[3].astype(np.int64)


def grid(*axes: np.ndarray) -> list[np.ndarray]:
    return [part.ravel() for part in np.meshgrid(*axes, indexing="ij")]


def numbers(random: np.random.Generator, bits: int, count: int) -> np.ndarray:
    """Whole numbers of all magnitudes up to 2^bits."""
    return (random.integers(-(1 << 62), 1 << 62, count) >> (62 - random.integers(1, bits, count))).astype(
        np.int64
    )


def test_high_mul() -> None:
    random = np.random.default_rng(1)
    values = np.concatenate([EDGES, numbers(random, 31, 300)])
    a, b = grid(values, np.concatenate([MULTIPLIERS, random.integers(1 << 30, 1 << 31, 300)]))
    wanted = fixed_point.saturating_rounding_doubling_high_mul(a, b)
    np.testing.assert_array_equal(in_c("high_mul", a, b, b * 0), wanted)


def test_high_mul_at_exact_ties() -> None:
    """a * b + 2^30 is a multiple of 2^31 exactly: a product of an odd number and 2^30."""
    odd = np.arange(-2001, 2002, 2)
    b = np.full(odd.shape, 1 << 30)
    wanted = np.array(
        [int(np.floor(x / 2 + 0.5)) if x > 0 else -int(np.floor(-x / 2 + 0.5 - 1e-9)) for x in odd]
    )
    np.testing.assert_array_equal(fixed_point.saturating_rounding_doubling_high_mul(odd, b), wanted)
    np.testing.assert_array_equal(in_c("high_mul", odd, b, b * 0), wanted)


def test_shift_right() -> None:
    random = np.random.default_rng(2)
    a, exponent = grid(np.concatenate([EDGES, numbers(random, 31, 3000)]), np.arange(32))
    wanted = fixed_point.rounding_divide_by_pot(a, exponent)
    np.testing.assert_array_equal(in_c("shift_right", a, exponent, exponent), wanted)


def test_shift_right_rounds_halves_away_from_zero() -> None:
    a = np.array([-6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6])
    wanted = np.array([-2, -1, -1, -1, 0, 0, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(in_c("shift_right", a, a, np.full(a.shape, 2)), wanted)
    np.testing.assert_array_equal(fixed_point.rounding_divide_by_pot(a, 2), wanted)


def test_requantize() -> None:
    """Every shift; accumulators that the left shift keeps in 32 bits, as convolutions' are."""
    random = np.random.default_rng(3)
    a, b, shift = grid(np.concatenate([EDGES, numbers(random, 31, 200)]), MULTIPLIERS, np.arange(-31, 31))
    fits = np.abs(a << np.maximum(shift, 0)) < 1 << 31
    a, b, shift = a[fits], b[fits], shift[fits]
    assert len(a) > 50_000
    wanted = fixed_point.multiply_by_quantized_multiplier(a, b, shift)
    np.testing.assert_array_equal(in_c("requantize", a, b, shift), wanted)


def test_requantize_s64() -> None:
    """48-bit accumulators and shifts from -31 to 7, as int16 layers have them; results that fit 32 bits."""
    random = np.random.default_rng(4)
    values = np.concatenate([EDGES, numbers(random, 47, 1000)])
    a, b, shift = grid(values, MULTIPLIERS, np.arange(-31, 8))
    fits = np.abs(a.astype(float) * 2.0 ** (shift + 1)) < 2.0**31
    a, b, shift = a[fits], b[fits], shift[fits]
    wanted = fixed_point.multiply_int64_by_quantized_multiplier(a, b, shift)
    np.testing.assert_array_equal(in_c("requantize_s64", a, b, shift, wide=True), wanted)
