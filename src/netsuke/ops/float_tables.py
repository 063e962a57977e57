"""The int8 forms of functions of one real number: tables of 256 results (`unary.lookup_kernels`).

A table holds what TFLite puts into its own (LUTPopulate in kernels/internal/common.h): the input dequantised to
float32, the function in float32, the result over the output's scale, rounded half away from 0. ABS and SQRT, which
LiteRT computes without a table, are theirs: ABS in fixed point, SQRT rounded toward 0. ERF and SOFTPLUS only netsuke
has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.logistic import quantized
from netsuke.ops.operator import Site
from netsuke.ops.unary import Function, saturated

f32 = np.float32
ERF, ERFC = np.vectorize(math.erf, otypes=[np.float64]), np.vectorize(math.erfc, otypes=[np.float64])
SQRT_HALF = f32(math.sqrt(0.5))
GELU_TANH = f32(math.sqrt(2 / math.pi))


def rounded(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function in float32, correctly rounded (by way of double)."""

    def apply(x: Array) -> Array:
        with np.errstate(all="ignore"):
            result: Array = function(x.astype(np.float64)).astype(f32)
        return result

    return apply


def elu(x: Array) -> Array:
    """x, below 0 exp(x) - 1."""
    return np.where(x < 0, rounded(np.expm1)(x), x)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return rounded(lambda wide: np.logaddexp(0.0, wide))(x)


def gelu(x: Array) -> Array:
    """0.5 x erfc(-x / sqrt(2)), each step in float32 (GeluTransform)."""
    return f32(0.5) * x * rounded(ERFC)(x * -SQRT_HALF)


def gelu_tanh(x: Array) -> Array:
    """By way of tanh (GeluTransformApproximate)."""
    inner = GELU_TANH * (x + f32(0.044715) * x * x * x)
    return f32(0.5) * x * (f32(1) + rounded(np.tanh)(inner))


def log_s8(site: Site[Any], x: Array) -> Array:
    """The logarithm; the lowest value for what has none (LogLUTPrepare)."""
    y = site.y()
    lowest = f32(y.dtype.range[0] - y.zero_point) * f32(y.scale)

    def log(real: Array) -> Array:
        return np.where(real > 0, rounded(np.log)(np.maximum(real, np.finfo(f32).tiny)), lowest)

    return quantized(log)(site, x)


def sqrt_s8(site: Site[Any], x: Array) -> Array:
    """SqrtEvalQuantized: the quotient is cut, not rounded. LiteRT refuses what is below 0; here its root is 0."""
    y = site.y()
    real = f32(site.x().scale) * (x.astype(np.int32) - site.x().zero_point).astype(f32)
    steps = np.sqrt(np.maximum(real, f32(0))) / f32(y.scale)
    return saturated(np.minimum(steps, f32(1 << 16)).astype(np.int64) + y.zero_point, y.dtype)


def abs_s8(site: Site[Any], x: Array) -> Array:
    """AbsEvalQuantized: the distance from the zero point, rescaled in fixed point where the scales differ."""
    y = site.y()
    size = np.abs(x.astype(np.int64) - site.x().zero_point)
    if site.x().scale != y.scale:
        m = Multiplier.of(float(f32(site.x().scale) / f32(y.scale)))
        size = multiply_by_quantized_multiplier(size, m.value, m.shift)
    return saturated(size + y.zero_point, y.dtype)


def gelu_s8(site: Site[Any], x: Array) -> Array:
    """Either form."""
    return quantized(gelu_tanh if site.args.approximate else gelu)(site, x)


TABLES: dict[str, Function] = {
    "abs": abs_s8,
    "elu": quantized(elu),
    "erf": quantized(rounded(ERF)),
    "exp": quantized(rounded(np.exp)),
    "gelu": gelu_s8,
    "log": log_s8,
    "softplus": quantized(softplus),
    "sqrt": sqrt_s8,
}
"""Operator → its int8 form."""


def scales_fit(x: float, y: float) -> bool:
    """Whether a table can be made between an input and an output of these scales."""
    return x < y * (1 << 13)


def single_scales(site: Site[Any]) -> str | None:
    """int8 has one scale and zero point on either side, the input's below 2^13 times the output's."""
    x, y = site.x(), site.y()
    if x.dtype is not DType.INT8:
        return None
    if any(t.quantization is None or t.quantization.per_channel for t in (x, y)):
        return "no single scale"
    return None if scales_fit(x.scale, y.scale) else f"scales {x.scale:g} and {y.scale:g}"
