"""MUL with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.arithmetic import (
    ARITHMETIC_TYPES,
    ArithmeticF32Args,
    f32_args,
    float_reference,
    int16_is_symmetric,
    operands,
    stored,
)
from netsuke.ops.broadcast import RowsArgs, at_most_rank_6, binary_kernels, infer, rows_of
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.mul_dsp import mul_kernel
from netsuke.ops.operator import Operator, Site
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.rows_mve import rows_kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Mul(Args):
    """`clamp` is the fused activation as a range of stored values."""

    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MulArgs(RowsArgs):
    """y = clamp((x0 + offset_0) * (x1 + offset_1) * multiplier * 2^shift + offset)."""

    c_name: ClassVar[str] = "nk_mul_args"
    offset_0: int
    offset_1: int
    multiplier: int
    shift: int
    offset: int
    clamp_low: int
    clamp_high: int


def product_fits(site: Site[Mul]) -> str | None:
    """The rescaled product of int8 or int16 operands stays below 2^30."""
    if site.y().dtype is DType.FLOAT32:
        return None
    largest = 1 << (30 if site.y().dtype is DType.INT16 else 16)
    real = product_multiplier(site)
    return None if real * largest < 1 << 30 else f"a multiplier of {real}"


def product_multiplier(site: Site[Mul]) -> float:
    """From the scale of products to the output's, in float32 (mul.cc)."""
    return float(np.float32(site.x(0).scale) * np.float32(site.x(1).scale) / np.float32(site.y().scale))


def mul_reference(site: Site[Mul], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_integer_ops::Mul and BroadcastMul6DSlow, reference_ops::Mul for float32."""
    x0, x1 = operands(values)
    if site.y().dtype is DType.FLOAT32:
        return (float_reference(site, np.multiply, x0, x1),)
    m = Multiplier.of(product_multiplier(site))
    product = (x0.astype(np.int64) - site.x(0).zero_point) * (x1.astype(np.int64) - site.x(1).zero_point)
    return (stored(site, multiply_by_quantized_multiplier(product, m.value, m.shift) + site.y().zero_point),)


def mul_args(site: Site[Mul]) -> MulArgs:
    """The struct of the quantised MUL."""
    m = Multiplier.of(product_multiplier(site))
    low, high = full_clamp(site.args.clamp, site.y())
    return MulArgs(
        **rows_of(site),
        offset_0=-site.x(0).zero_point, offset_1=-site.x(1).zero_point,
        multiplier=m.value, shift=m.shift, offset=site.y().zero_point,
        clamp_low=int(low), clamp_high=int(high),
    )  # fmt: skip


def shifts_right(site: Site[Mul]) -> bool:
    """The products' multiplier is below one half."""
    return Multiplier.of(product_multiplier(site)).shift < 0


MUL = Operator(
    name="mul",
    tflite=("MUL",),
    summary="product of two tensors, broadcast",
    args=Mul,
    infer=infer,
    reference=mul_reference,
    constraints=(ARITHMETIC_TYPES, at_most_rank_6, int16_is_symmetric, product_fits),
    rows=ELEMENTWISE,
    kernels=(
        rows_kernel("nk_mul_s8_mve", MulArgs, mul_args, shifts_right),
        mul_kernel(product_multiplier),
        *binary_kernels("mul", DType.INT8, MulArgs, mul_args),
        *binary_kernels("mul", DType.INT16, MulArgs, mul_args),
        *binary_kernels("mul", DType.FLOAT32, ArithmeticF32Args, f32_args),
    ),
)

OPERATORS: tuple[Operator[Mul], ...] = (MUL,)
