"""QUANTIZE: float32 to integers, or integers to another scale or type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Operator, Site
from netsuke.ops.quantize_dsp import QUANTIZE_F32_DSP
from netsuke.ops.rescale_dsp import linear_kernel, quantize_s16_dsp, twice_kernel
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import (
    NoArgs,
    infer,
    int16_is_symmetric,
    lookup_kernels,
    saturated,
    unary_kernel,
)
from netsuke.ops.wide_lookup import wide_lookup_kernel

INTEGERS = (DType.INT8, DType.UINT8, DType.INT16)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeArgs(KernelArgs):
    """y = clamp((x + offset_x) * multiplier * 2^shift + offset_y)."""

    c_name: ClassVar[str] = "nk_quantize_args"
    count: int
    offset_x: int
    multiplier: int
    shift: int
    offset_y: int
    clamp_low: int
    clamp_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeF32Args(KernelArgs):
    """y = round(x / scale) + zero_point, within low..high."""

    c_name: ClassVar[str] = "nk_quantize_f32_args"
    count: int
    scale: float
    zero_point: int
    low: int
    high: int


def types_convert(site: Site[NoArgs]) -> str | None:
    """float32 to int8, uint8 or int16, or between these three; not int16 to uint8."""
    x, y = site.x().dtype, site.y().dtype
    fine = x in (DType.FLOAT32, *INTEGERS) and y in INTEGERS and (x, y) != (DType.INT16, DType.UINT8)
    return None if fine else f"{x.value} to {y.value}"


def output_is_quantized(site: Site[NoArgs]) -> str | None:
    """The output has one scale and zero point for the whole tensor."""
    q = site.y().quantization
    return None if q is not None and len(q.scale) == 1 else str(q)


def both_int16_symmetric(site: Site[NoArgs]) -> str | None:
    """int16 to int16: both zero points are 0."""
    if (site.x().dtype, site.y().dtype) != (DType.INT16, DType.INT16):
        return None
    return int16_is_symmetric(site)


def rescale_fits(site: Site[NoArgs]) -> str | None:
    """The input's scale is less than 2^13 times the output's."""
    if site.x().dtype is DType.FLOAT32:
        return None
    return None if scale_ratio(site) < 1 << 13 else f"scales {site.x().scale} and {site.y().scale}"


def scale_ratio(site: Site[NoArgs]) -> float:
    """From the input's scale to the output's, divided in double (quantize.cc)."""
    return site.x().scale / site.y().scale


def requantized(site: Site[Any], x: Array, m: Multiplier, clamp: tuple[int, int]) -> Array:
    """reference_ops::Requantize, clamped: stored values of the input in the output's scale and type."""
    wide = multiply_by_quantized_multiplier(x.astype(np.int64) - site.x().zero_point, m.value, m.shift)
    return saturated(np.clip(wide + site.y().zero_point, *clamp), site.y().dtype)


def integers(site: Site[NoArgs], x: Array) -> Array:
    """Integers to integers, clamped to the output's type."""
    return requantized(site, x, Multiplier.of(scale_ratio(site)), site.y().dtype.range)


def floats(site: Site[NoArgs], x: Array) -> Array:
    """reference_ops::AffineQuantize: round(x / scale) + zero_point, halves away from zero, saturated.

    Where TFLite converts a float beyond int32 (undefined in C++), this saturates too; a NaN becomes
    the lowest value.
    """
    y = site.y()
    with np.errstate(over="ignore", invalid="ignore"):
        q = (x / np.float32(y.scale)).astype(np.float64)
    q = np.where(np.isnan(q), -np.inf, q)
    rounded = np.copysign(np.floor(np.abs(q) + 0.5), q)
    return saturated(rounded + y.zero_point, y.dtype)


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::AffineQuantize from float32, reference_ops::Requantize from integers."""
    x = values[0]
    assert x is not None
    return (floats(site, x) if site.x().dtype is DType.FLOAT32 else integers(site, x),)


def quantize_args(site: Site[Any], m: Multiplier, clamp: tuple[int, int]) -> QuantizeArgs:
    """The struct of the integer kernels."""
    return QuantizeArgs(
        count=site.y().elements,
        offset_x=-site.x().zero_point,
        multiplier=m.value,
        shift=m.shift,
        offset_y=site.y().zero_point,
        clamp_low=clamp[0],
        clamp_high=clamp[1],
    )


def f32_args(site: Site[NoArgs]) -> QuantizeF32Args:
    """The struct of the float32 kernels."""
    low, high = site.y().dtype.range
    return QuantizeF32Args(
        count=site.y().elements, scale=site.y().scale, zero_point=site.y().zero_point, low=low, high=high
    )


def quantize_s16_kernel(
    multiplier: Callable[[Site[Any]], Multiplier], clamp: Callable[[Site[Any]], tuple[int, int]]
) -> Kernel:
    """nk_quantize_s16 with these numbers: int16 to int16 in another scale, clamped."""
    return integer_kernel("nk_quantize_s16", DType.INT16, DType.INT16, multiplier, clamp)


def integer_kernel(
    name: str,
    x: DType,
    y: DType,
    multiplier: Callable[[Site[Any]], Multiplier] = lambda site: ratio_multiplier(site),
    clamp: Callable[[Site[Any]], tuple[int, int]] = lambda site: site.y().dtype.range,
) -> Kernel:
    """A kernel from integers to integers."""
    return unary_kernel(
        name, x, y, QuantizeArgs, lambda site: quantize_args(site, multiplier(site), clamp(site))
    )


def ratio_multiplier(site: Site[Any]) -> Multiplier:
    """The scales' ratio in fixed point."""
    return Multiplier.of(scale_ratio(site))


def full_range(site: Site[Any]) -> tuple[int, int]:
    """All stored values of the output's type."""
    return site.y().dtype.range


QUANTIZE = Operator(
    name="quantize",
    tflite=("QUANTIZE",),
    summary="float32 to integers, or integers to another scale or type",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(types_convert, output_is_quantized, both_int16_symmetric, rescale_fits),
    rows=ELEMENTWISE,
    kernels=(
        unary_kernel(
            "nk_quantize_f32_s8_mve", DType.FLOAT32, DType.INT8, QuantizeF32Args, f32_args, needs=Isa.MVE
        ),
        *QUANTIZE_F32_DSP,
        unary_kernel("nk_quantize_f32_s8", DType.FLOAT32, DType.INT8, QuantizeF32Args, f32_args),
        unary_kernel("nk_quantize_f32_u8", DType.FLOAT32, DType.UINT8, QuantizeF32Args, f32_args),
        unary_kernel("nk_quantize_f32_s16", DType.FLOAT32, DType.INT16, QuantizeF32Args, f32_args),
        *lookup_kernels(integers),
        quantize_s16_dsp(ratio_multiplier, full_range),
        linear_kernel("nk_quantize_s16_s8_dsp", DType.INT16, DType.INT8, ratio_multiplier),
        twice_kernel("nk_quantize_s16_s8_twice_dsp", DType.INT8, ratio_multiplier, full_range),
        linear_kernel("nk_quantize_s8_s16_dsp", DType.INT8, DType.INT16, ratio_multiplier),
        wide_lookup_kernel("nk_lookup_8_s16", integers, DType.INT16),
        integer_kernel("nk_quantize_s16", DType.INT16, DType.INT16),
        integer_kernel("nk_quantize_s16_s8", DType.INT16, DType.INT8),
        integer_kernel("nk_quantize_s8_s16", DType.INT8, DType.INT16),
        integer_kernel("nk_quantize_u8_s16", DType.UINT8, DType.INT16),
    ),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (QUANTIZE,)
