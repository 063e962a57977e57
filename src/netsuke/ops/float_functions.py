"""More float32 functions on numpy arrays, to the bit what `nk_float_functions.h` computes on any IEEE core.

As in `float_math`: only + - * / and moves of bits, in the same order, so that no C library is asked. Square roots and
quotients are correctly rounded (quotients below 2^-126 within 1 ulp); tests state the ulp of the others against numpy's
double precision. What is no number is always the quiet NaN of positive sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from netsuke.ir import Array
from netsuke.ops.float_math import (
    EXP_TERMS,
    LN2_HIGH,
    LN2_LOW,
    Float32Array,
    exp_f32,
    polynomial,
    tanh_f32,
)

f32 = np.float32
NAN = f32(np.nan)

LOG_TERMS = tuple(map(f32, (0.23585173, 0.2853716, 0.40000337, 0.66666663)))
"""(log((1 + s) / (1 - s)) - 2 s) / s^3 in powers of s^2, highest first, for |s| <= 0.1716; minimax, 1e-11."""
SQRT_HALF_BITS = np.uint32(0x3F3504F3)
"""The bits of the square root of one half."""
ERF_TERMS = tuple(
    map(
        f32,
        (8.538841e-05, -0.0008181928, 0.005204436, -0.026860753, 0.112837195, -0.37612635, 0.12837917),
    )
)
"""erf(x) / x - 1 in powers of x^2, highest first, for |x| <= 0.9; minimax, 3e-10."""
ERFC_TERMS = tuple(
    map(
        f32,
        (
            -0.044049546, 0.2383598, -0.4291927, 0.24026491, -0.013348753,
            0.200472489, 0.243143544, 0.282410443, 0.282083213,
        ),
    )
)  # fmt: skip
"""erfc(x) exp(x^2) / t in powers of t = 1 / (1 + x / 2), highest first, for 0.9 <= x <= 10.2; minimax, 3.3e-9."""
ERF_SMALL = f32(0.9)
ERF_ONE = f32(4.0)
"""From here on erf rounds to 1."""
ERFC_ZERO = f32(10.1)
"""From here on erfc is below half the smallest float."""
GELU_ERF = f32(-np.sqrt(0.5))
GELU_HALF = f32(np.sqrt(0.125))
GELU_ONE = f32(14.28)
"""From here on erfc(x / sqrt(2)) is below half the smallest float."""
GELU_TANH = f32(np.sqrt(2.0 / np.pi))


def quiet(y: Array) -> Float32Array:
    """With every NaN the same one."""
    return np.where(np.isnan(y), NAN, y).astype(f32)


def sqrt_f32(x: Array) -> Float32Array:
    """Square root, correctly rounded: nk_sqrtf."""
    with np.errstate(invalid="ignore"):
        return quiet(np.sqrt(x))


def quotient_f32(a: Array, b: Array | np.float32) -> Float32Array:
    """a / b for any numbers: nk_quotientf. Small quotients are taken in two steps, as nk_divf has it."""
    with np.errstate(all="ignore"):
        plain = np.asarray(a / b, dtype=f32)
        small = np.asarray(a * f32(2.0**64) / b * f32(2.0**-64), dtype=f32)
        return quiet(np.where(np.abs(plain) < f32(2.0**-125), small, plain))


def rsqrt_f32(x: Array) -> Float32Array:
    """1 / sqrt(x): nk_rsqrtf."""
    return quotient_f32(f32(1) + np.zeros_like(x), sqrt_f32(x))


def log_f32(x: Array) -> Float32Array:
    """Natural logarithm: nk_logf. x = 2^k m with m from sqrt(1/2) to sqrt(2)."""
    with np.errstate(all="ignore"):
        tiny = x < f32(2.0**-126)
        scaled = np.where(tiny, x * f32(2.0**25), x).astype(f32)
        bits = scaled.view(np.uint32) - SQRT_HALF_BITS
        k = (bits.view(np.int32) >> 23).astype(f32) - np.where(tiny, f32(25), f32(0))
        m = ((bits & np.uint32(0x007FFFFF)) + SQRT_HALF_BITS).view(f32)
        y = log_of_parts(m - f32(1), k.astype(f32))
        y = np.where(x == np.inf, f32(np.inf), y)
        y = np.where(x == 0, f32(-np.inf), y)
        return quiet(np.where(x < 0, NAN, np.where(np.isnan(x), NAN, y)))


def log_of_parts(f: Array, k: Array) -> Float32Array:
    """log(1 + f) + k ln 2."""
    s = np.asarray(f / (f32(2) + f), dtype=f32)
    z = np.asarray(s * s, dtype=f32)
    half = np.asarray(f32(0.5) * f * f, dtype=f32)
    rest = s * (half + z * polynomial(LOG_TERMS, z)) + k * LN2_LOW
    return np.asarray(k * LN2_HIGH - ((half - rest) - f), dtype=f32)


def expm1_f32(x: Array) -> Float32Array:
    """exp(x) - 1: nk_expm1f; near 0 without the subtraction."""
    with np.errstate(all="ignore"):
        near = np.abs(x) < f32(0.34375)
        r = np.where(near, x, f32(0)).astype(f32)
        small = r + r * r * polynomial(EXP_TERMS, r)
        return np.where(near, small, exp_f32(x) - f32(1)).astype(f32)


def log1p_of_unit_f32(t: Array) -> Float32Array:
    """log(1 + t) for 0 <= t <= 1: nk_log1p_of_unitf; what 1 + t rounds off is put back."""
    u = f32(1) + t
    result: Float32Array = log_f32(u) + (t - (u - f32(1))) / u
    return result


def softplus_f32(x: Array) -> Float32Array:
    """log(1 + exp(x)): nk_softplusf."""
    with np.errstate(all="ignore"):
        tail = log1p_of_unit_f32(exp_f32(-np.abs(x)))
        return quiet(np.where(x > 0, x, f32(0)).astype(f32) + tail)


def erf_f32(x: Array) -> Float32Array:
    """The error function: nk_erff."""
    with np.errstate(all="ignore"):
        size = np.abs(x)
        z = np.where(size < ERF_SMALL, size * size, f32(0)).astype(f32)
        small = size + size * polynomial(ERF_TERMS, z)
        large = f32(1) - erfc_of_large(np.clip(size, ERF_SMALL, ERF_ONE))
        y = np.where(size < ERF_SMALL, small, np.where(size >= ERF_ONE, f32(1), large))
        return quiet(np.where(np.isnan(x), NAN, np.copysign(y, x)).astype(f32))


def head_of(x: Array) -> Float32Array:
    """x without the lower half of its digits: its square is exact."""
    result: Float32Array = (x.view(np.uint32) & np.uint32(0xFFFFF000)).view(f32)
    return result


def erfc_of_large(x: Array) -> Float32Array:
    """1 - erf(x) for 0.9 <= x <= 10.2. exp(-x^2) is taken in two factors, so that x^2 is not rounded."""
    head = head_of(x)
    return erfc_tail(-head * head, (head - x) * (head + x), f32(1) + f32(0.5) * x)


def erfc_tail(first: Array, second: Array, divisor: Array) -> Float32Array:
    """exp(first) exp(second) times the series in 1 / divisor: nk_erfc_tail."""
    bell = exp_f32(first) * exp_f32(second)
    t = (f32(1) / divisor).astype(f32, copy=False)
    result: Float32Array = bell * (t * polynomial(ERFC_TERMS, t))
    return result


def erfc_f32(x: Array) -> Float32Array:
    """1 - erf(x), precise where it is small: nk_erfcf."""
    with np.errstate(all="ignore"):
        size = np.abs(x)
        z = np.where(size < ERF_SMALL, size * size, f32(0)).astype(f32)
        middle = f32(1) - (x + x * polynomial(ERF_TERMS, z))
        tail = erfc_of_large(np.clip(size, ERF_SMALL, ERFC_ZERO).astype(f32))
        tail = np.where(size >= ERFC_ZERO, f32(0), tail)
        y = np.where(size < ERF_SMALL, middle, np.where(x > 0, tail, f32(2) - tail))
        return quiet(np.where(np.isnan(x), NAN, y).astype(f32))


def gelu_f32(x: Array) -> Float32Array:
    """0.5 x erfc(-x / sqrt(2)): nk_geluf. Where erfc is small its argument is not rounded: exp takes x^2 / 2."""
    with np.errstate(all="ignore"):
        turned = x * GELU_ERF
        near = np.abs(turned) < ERF_SMALL
        z = np.where(near, turned * turned, f32(0)).astype(f32)
        middle = f32(1) - (turned + turned * polynomial(ERF_TERMS, z))
        size = np.clip(np.abs(x), f32(1), GELU_ONE).astype(f32)
        head = head_of(size)
        far = erfc_tail(
            f32(-0.5) * head * head, f32(0.5) * (head - size) * (head + size), f32(1) + GELU_HALF * size
        )
        far = np.where(size >= GELU_ONE, f32(0), far)
        share = np.where(near, middle, np.where(x < 0, far, f32(2) - far))
        return quiet(np.where(np.isnan(x), NAN, f32(0.5) * x * share))


def gelu_tanh_f32(x: Array) -> Float32Array:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): nk_gelu_tanhf."""
    with np.errstate(all="ignore"):
        inner = GELU_TANH * (x + f32(0.044715) * (x * x * x))
        return quiet(f32(0.5) * x * (f32(1) + tanh_f32(inner)))


def elu_f32(x: Array) -> Float32Array:
    """x above 0, else exp(x) - 1: nk_eluf."""
    return np.where(x < 0, expm1_f32(x), x).astype(f32)


def floor_f32(x: Array) -> Float32Array:
    """The largest whole number that is not above: nk_floorf."""
    return np.floor(x).astype(f32)


def ceil_f32(x: Array) -> Float32Array:
    """The smallest whole number that is not below: nk_ceilf."""
    return np.ceil(x).astype(f32)


def round_f32(x: Array) -> Float32Array:
    """The nearest whole number, halves to the even one: nk_roundf."""
    return np.rint(x).astype(f32)


def sign_f32(x: Array) -> Float32Array:
    """-1, 0 or 1: nk_signf."""
    return quiet(np.where(x > 0, f32(1), np.where(x < 0, f32(-1), np.where(x == 0, f32(0), NAN))))


LOG_WIDE = (1 / 13, 1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3)
"""The series of artanh in double, for pow: |s| <= 0.1716, relative error 1e-11."""
EXP_WIDE = (1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0)
"""The series of exp in double, |r| <= ln(2) / 2."""
LN2_WIDE = 0.6931471805599453


def pow_f32(x: Array, y: Array) -> Float32Array:
    """x to the power of y by way of double precision, C's rules for zeros and infinities: nk_powf."""
    x, y = np.broadcast_arrays(x, y)
    with np.errstate(all="ignore"):
        whole = (np.floor(y) == y) | np.isinf(y)
        odd = whole & (np.abs(y) < f32(2.0**24)) & (np.floor(y * f32(0.5)) != y * f32(0.5))
        size = np.abs(x).astype(f32)
        exponent = y.astype(np.float64) * log_wide(size)
        r = exp_wide(exponent)
        r = np.where(size == 0, np.where(y > 0, f32(0), f32(np.inf)), r)
        r = np.where(np.isinf(size), np.where(y > 0, f32(np.inf), f32(0)), r)
        beyond = np.where((size > 1) == (y > 0), f32(np.inf), f32(0))
        r = np.where(np.isinf(y) & (size != 1), beyond, r)
        r = np.where(np.signbit(x) & odd, -r, r)
        r = np.where((x < 0) & ~whole & ~np.isinf(x), NAN, r)
        r = np.where(np.isnan(x) | np.isnan(y), NAN, r)
        return quiet(np.where((y == 0) | (x == 1) | ((x == -1) & np.isinf(y)), f32(1), r).astype(f32))


def log_wide(x: Array) -> npt.NDArray[np.float64]:
    """log of positive float32 numbers in double, within 1e-11: nk_log_wide."""
    bits = x.astype(np.float64).view(np.uint64) - np.uint64(0x3FE6A09E667F3BCD)
    k = (bits.view(np.int64) >> 52).astype(np.float64)
    m = ((bits & np.uint64(0x000FFFFFFFFFFFFF)) + np.uint64(0x3FE6A09E667F3BCD)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = horner(LOG_WIDE, z)
    result: npt.NDArray[np.float64] = k * LN2_WIDE + (2.0 * s + 2.0 * s * z * p)
    return result


def exp_wide(x: Array) -> Float32Array:
    """exp of double numbers, rounded to float32: nk_exp_wide."""
    bounded = np.clip(np.where(np.isnan(x), 0.0, x), -110.0, 90.0)
    n = np.floor(bounded * (1.0 / LN2_WIDE) + 0.5)
    r = bounded - n * LN2_WIDE
    scale = ((n.astype(np.int64) + 1023) << 52).view(np.float64)
    return (horner(EXP_WIDE, r) * scale).astype(f32)


def horner(terms: Sequence[float], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A polynomial in double, highest power first."""
    y = np.full_like(x, terms[0])
    for term in terms[1:]:
        y = y * x + term
    return y
