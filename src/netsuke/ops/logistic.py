"""LOGISTIC and TANH."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.float_math import logistic_f32, tanh_f32
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.sigmoid_s16 import FRACTION_16, input_scale_fits, logistic_s16, s16_kernel, tanh_s16
from netsuke.ops.unary import (
    BYTES,
    NoArgs,
    infer,
    int16_is_symmetric,
    lookup_kernels,
    saturated,
    unary_kernel,
)

TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)


def logistic_output(site: Site[NoArgs]) -> str | None:
    """8-bit outputs have scale 1/256; int16 outputs scale 1/32768 and zero point 0."""
    y = site.y()
    if y.dtype is DType.FLOAT32:
        return None
    wanted = FRACTION_16 if y.dtype is DType.INT16 else 1 / 256
    return None if y.scale == wanted else f"scale {y.scale}"


def tanh_output(site: Site[NoArgs]) -> str | None:
    """int16 outputs have scale 1/32768 and zero point 0."""
    y = site.y()
    return None if y.dtype is not DType.INT16 or y.scale == FRACTION_16 else f"scale {y.scale}"


def rounded_tanh(x: Array) -> Array:
    """float32 tanh, correctly rounded (by way of double)."""
    result: Array = np.tanh(x.astype(np.float64)).astype(np.float32)
    return result


def rounded_logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) in float32 steps with exp correctly rounded (by way of double)."""
    with np.errstate(over="ignore"):
        result: Array = np.float32(1) / (np.float32(1) + np.exp(-x.astype(np.float64)).astype(np.float32))
        return result


def quantized(function: Callable[[Array], Array]) -> Callable[[Site[Any], Array], Array]:
    """An 8-bit function by way of float32 (LUTPopulate): dequantise, apply, round half away, requantise."""

    def apply(site: Site[Any], x: Array) -> Array:
        y = site.y()
        real = np.float32(site.x().scale) * (x.astype(np.int32) - site.x().zero_point).astype(np.float32)
        result = function(real) * (np.float32(1) / np.float32(y.scale))
        rounded = np.copysign(np.floor(np.abs(result).astype(np.float64) + 0.5), result).astype(np.float32)
        return saturated(rounded + np.float32(y.zero_point), y.dtype)

    return apply


LOGISTIC_8, TANH_8 = quantized(rounded_logistic), quantized(rounded_tanh)


def logistic_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Logistic, reference_integer_ops::Logistic, and SigmoidPrepare's table for 8 bits."""
    x = values[0]
    assert x is not None
    if x.dtype == np.float32:
        return (logistic_f32(x),)
    return (LOGISTIC_8(site, x) if site.x().dtype in BYTES else logistic_s16(site, x),)


def tanh_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Tanh, reference_integer_ops::Tanh, and the table of TanhPrepare for 8 bits."""
    x = values[0]
    assert x is not None
    if x.dtype == np.float32:
        return (tanh_f32(x),)
    return (TANH_8(site, x) if site.x().dtype in BYTES else tanh_s16(site, x),)


LOGISTIC = Operator(
    name="logistic",
    tflite=("LOGISTIC",),
    summary="1 / (1 + exp(-x))",
    args=NoArgs,
    infer=infer,
    reference=logistic_reference,
    constraints=(dtypes_of(*TYPES), int16_is_symmetric, logistic_output, input_scale_fits),
    rows=ELEMENTWISE,
    kernels=(
        *lookup_kernels(LOGISTIC_8),
        s16_kernel("nk_logistic_s16", (0,)),
        unary_kernel("nk_logistic_f32", DType.FLOAT32, DType.FLOAT32),
    ),
)
TANH = Operator(
    name="tanh",
    tflite=("TANH",),
    summary="hyperbolic tangent",
    args=NoArgs,
    infer=infer,
    reference=tanh_reference,
    constraints=(dtypes_of(*TYPES), int16_is_symmetric, tanh_output, input_scale_fits),
    rows=ELEMENTWISE,
    kernels=(
        *lookup_kernels(TANH_8),
        s16_kernel("nk_tanh_s16", (0, 1)),
        unary_kernel("nk_tanh_f32", DType.FLOAT32, DType.FLOAT32),
    ),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (LOGISTIC, TANH)
