"""float32 functions on numpy arrays, to the bit what `nk_float_math.h` computes on any IEEE core.

Both use only float32 + - * / and moves of bits, in the same order, so that host, emulated core and Python
agree without a C library. Against correctly rounded results exp is within 1 ulp, tanh and logistic within 2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from netsuke.ir import Array
from netsuke.ops.activation import Clamp

Float32Array = npt.NDArray[np.float32]
f32 = np.float32

LOG2_E = f32(1.44269502)
LN2_HIGH = f32(0.693145752)
"""ln 2 with 15 significant bits: times any exponent it is exact."""
LN2_LOW = f32(1.42860677e-06)
ROUND_TO_INT = f32(12582912.0)
"""1.5 * 2^23: adding it leaves a float's nearest whole number in the low bits of its mantissa."""
EXP_LOWEST, EXP_HIGHEST = f32(-104.0), f32(89.0)
"""Beyond these exp is 0 and infinity."""
EXP_TERMS = tuple(map(f32, (0.00139507244, 0.00836902484, 0.0416662022, 0.166665182, 0.5)))
"""(exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2, highest power first; minimax, relative error of exp 3.2e-9."""
TANH_TERMS = tuple(map(f32, (-0.00552862463, 0.0204833057, -0.0536929630, 0.133308992, -0.333332628)))
"""(tanh(x) - x) / x^3 in powers of x^2 for |x| <= 0.65, highest first; minimax, relative error 6.4e-9."""
TANH_SMALL, TANH_ONE = f32(0.625), f32(9.01)
"""Below the first the polynomial is used; from the second on tanh rounds to 1."""
LOGISTIC_ONE, LOGISTIC_TINY = f32(16.619047164916992188), f32(-9.0)
"""From where TFLite takes 1 and exp(x) for the logistic function."""


def exp_f32(x: Array) -> Float32Array:
    """e to the power of x, subnormal results included: nk_expf."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        bounded = np.where(x < EXP_LOWEST, EXP_LOWEST, np.where(x > EXP_HIGHEST, EXP_HIGHEST, x)).astype(f32)
        shifted = bounded * LOG2_E + ROUND_TO_INT
        n = shifted - ROUND_TO_INT
        r = (bounded - n * LN2_HIGH) - n * LN2_LOW
        result = f32(1) + (r + r * r * polynomial(EXP_TERMS, r))
        k = (shifted.view(np.uint32) - ROUND_TO_INT.view(np.uint32)).view(np.int32)
        half = k >> 1
        scaled: Float32Array = result * power_of_two(half) * power_of_two(k - half)
        return scaled


def power_of_two(k: npt.NDArray[np.int32]) -> Float32Array:
    """2^k for k in -126..127."""
    return ((k + np.int32(127)).view(np.uint32) << np.uint32(23)).view(f32)


def polynomial(terms: tuple[np.float32, ...], x: Float32Array) -> Float32Array:
    """Horner's scheme, highest power first."""
    y = np.full_like(x, terms[0])
    for term in terms[1:]:
        y = y * x + term
    return y


def tanh_f32(x: Array) -> Float32Array:
    """Hyperbolic tangent: nk_tanhf."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        size = np.abs(x)
        z = size * size
        small = size + size * z * polynomial(TANH_TERMS, z)
        large = f32(1) - f32(2) / (exp_f32(size + size) + f32(1))
        y = np.where(size < TANH_SMALL, small, np.where(size >= TANH_ONE, f32(1), large))
        signed: Float32Array = np.copysign(y, x).astype(f32)
        return signed


def logistic_f32(x: Array) -> Float32Array:
    """1 / (1 + exp(-x)), in the three pieces of reference_ops::Logistic: nk_logisticf."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        middle = f32(1) / (f32(1) + exp_f32(-x))
        low_or_middle = np.where(x < LOGISTIC_TINY, exp_f32(x), middle)
        return np.where(x > LOGISTIC_ONE, f32(1), low_or_middle).astype(f32)


def div_f32(a: Array, b: Array | np.float32) -> Float32Array:
    """a / b for 1 <= b < 2^40: nk_divf.

    Soft-float run-time libraries round quotients below 2^-126 in different ways, so that a small `a` is
    divided at 2^64 times its size and taken back: the same on every core, at most 1 ulp off down there.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        small = a * f32(2.0**64) / b * f32(2.0**-64)
        return np.where(np.abs(a) < f32(2.0**-60), small, a / b).astype(f32)


def clamp_f32(x: Array, clamp: Clamp) -> Float32Array:
    """min(max(x, low), high) with std::min and std::max: a NaN and a zero's sign pass through. nk_clampf."""
    low, high = f32(clamp[0]), f32(clamp[1])
    return np.where(x < low, low, np.where(high < x, high, x)).astype(f32)
