"""SOFTMAX over the last dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops.fixed_point import (
    INT32_MAX,
    Int64Array,
    Multiplier,
    multiply_by_quantized_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)
from netsuke.ops.float_math import div_f32, exp_f32
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site
from netsuke.ops.overlap import elementwise
from netsuke.ops.softmax_s16_dsp import softmax_s16_kernel
from netsuke.ops.softmax_tables import (
    INT16_MAX,
    INT16_MIN,
    exp_of_negative,
    exp_table,
    interpolate,
    reciprocal_table,
)
from netsuke.ops.unary import infer, saturated, unary_kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax(Args):
    """`beta` is what inputs are multiplied by, a float32 number."""

    beta: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxArgs(KernelArgs):
    """`entries` is the length of the table of exps."""

    c_name: ClassVar[str] = "nk_softmax_args"
    rows: int
    depth: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxS16Args(KernelArgs):
    """The multiplier takes differences of inputs to 1/65535 of 10."""

    c_name: ClassVar[str] = "nk_softmax_s16_args"
    rows: int
    depth: int
    multiplier: int
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxF32Args(KernelArgs):
    """`beta` is what differences of inputs are multiplied by."""

    c_name: ClassVar[str] = "nk_softmax_f32_args"
    rows: int
    depth: int
    beta: float


FORMS = (
    (DType.INT8, DType.INT8),
    (DType.INT8, DType.INT16),
    (DType.INT16, DType.INT16),
    (DType.FLOAT32, DType.FLOAT32),
)


def types_fit(site: Site[Softmax]) -> str | None:
    """int8 to int8 or int16, int16 to int16, or float32 to float32."""
    form = site.x().dtype, site.y().dtype
    return None if form in FORMS else f"{form[0].value} to {form[1].value}"


def has_rows(site: Site[Softmax]) -> str | None:
    """The input has a dimension, and rows of fewer than 4096 (int8) or 32768 (int16) elements."""
    shape = site.x().shape
    most = {DType.INT8: 4095, DType.INT16: 32767}.get(site.x().dtype, 1 << 30)
    return None if shape and shape[-1] <= most else f"shape {list(shape)}"


def output_scale(site: Site[Softmax]) -> str | None:
    """int8 to int8 gives scale 1/256 and zero point -128, int16 to int16 scale 1/32768 and zero points 0."""
    x, y = site.x(), site.y()
    wanted = {DType.INT8: (1 / 256, -128), DType.INT16: (1 / 32768, 0)}.get(x.dtype)
    if wanted is None or x.dtype is not y.dtype:
        return None
    near = abs(y.scale - wanted[0]) <= 0.001 * wanted[0] and y.zero_point == wanted[1]
    symmetric = x.dtype is not DType.INT16 or x.zero_point == 0
    return (
        None if near and symmetric else f"scale {y.scale} and zero point {y.zero_point} from {x.zero_point}"
    )


def beta_fits(site: Site[Softmax]) -> str | None:
    """Beta is finite and above 0; times the input's scale it is above 2^-26 (int8) or below 4 (int16)."""
    beta = site.args.beta
    if not (math.isfinite(beta) and beta > 0):
        return f"beta {beta}"
    if site.x().dtype is DType.FLOAT32:
        return None
    product = beta * site.x().scale
    fine = product < 4.0 if site.x().dtype is DType.INT16 else product > 2.0**-26
    return None if fine else f"beta {beta} and scale {site.x().scale}"


def exps_of(site: Site[Softmax]) -> Array:
    """exp of every difference from a row's maximum that counts, int32[entries] in 1/2^31.

    Source of the scaling: PreprocessSoftmaxScaling and CalculateInputRadius.
    """
    real = min(float(np.float32(site.args.beta)) * site.x().scale * (1 << 26), (1 << 31) - 1.0)
    m = Multiplier.of(real)
    furthest = (31 << 26) >> m.shift
    below = np.arange(min(furthest, 255) + 1)
    scaled = saturating_rounding_doubling_high_mul(-below << m.shift, m.value)
    return exp_of_negative(scaled).astype(np.int32)


def one_over_one_plus(x: Int64Array) -> Int64Array:
    """1 / (1 + x) for x in [0, 1), both in 1/2^31: gemmlowp's Newton-Raphson with three steps."""
    mul = saturating_rounding_doubling_high_mul
    half = (x + (1 << 31)) >> 1
    y = 1515870810 + mul(half, -1010580540)
    for _ in range(3):
        y = y + mul(y, (1 << 29) - mul(half, y)) * 4
    return np.where(y < 1 << 30, y * 2, INT32_MAX)


def int8_rows(site: Site[Softmax], x: Array) -> Array:
    """reference_ops::Softmax of int8 on int8[rows, depth].

    Where a row's exps sum to 512 or more, TFLite stops the process; every int8 result rounds to -128 there.
    """
    low, _ = site.y().dtype.range
    exps = exps_of(site).astype(np.int64)
    wide = x.astype(np.int64)
    below = wide.max(axis=1, keepdims=True) - wide
    counts = below < len(exps)
    exp = np.where(counts, exps[np.minimum(below, len(exps) - 1)], 0)
    total = rounding_divide_by_pot(exp, 12).sum(axis=1, keepdims=True)
    leading = 32 - bit_length(total)
    reciprocal = one_over_one_plus((total << leading) - (1 << 31))
    exponent = 12 - leading + 31 - 8 * site.y().dtype.size
    y = rounding_divide_by_pot(
        saturating_rounding_doubling_high_mul(exp, reciprocal), np.minimum(exponent, 31)
    )
    y = np.where(exponent > 31, 0, y)
    return saturated(y + low, site.y().dtype)


def bit_length(x: Int64Array) -> Int64Array:
    """Bits up to and including the highest that is set, for positive numbers below 2^52."""
    return np.frexp(x.astype(np.float64))[1].astype(np.int64)


def int16_multiplier(site: Site[Softmax]) -> Multiplier:
    """From differences of inputs to 1/65535 of 10; scale times beta in float32."""
    return Multiplier.of(float(np.float32(site.x().scale) * np.float32(site.args.beta)) / (10.0 / 65535.0))


def int16_rows(site: Site[Softmax], x: Array) -> Array:
    """reference_ops::SoftmaxInt16 on int16[rows, depth]."""
    m = int16_multiplier(site)
    wide = x.astype(np.int64)
    below = wide - wide.max(axis=1, keepdims=True)
    scaled = multiply_by_quantized_multiplier(below, m.value, m.shift) + INT16_MAX
    exps = interpolate(exp_table(), np.clip(scaled, INT16_MIN, INT16_MAX))
    total = exps.sum(axis=1, keepdims=True)
    leading = 32 - bit_length(total)
    mantissa = (((total << (leading - 1)) + (1 << 13)) >> 14) - (1 << 15) - (1 << 16)
    reciprocal = interpolate(reciprocal_table(), np.clip(mantissa, INT16_MIN, INT16_MAX))
    shift = 31 - leading
    return saturated(np.maximum((exps * reciprocal + (1 << (shift - 1))) >> shift, 0), DType.INT16)


def float_rows(site: Site[Softmax], x: Array) -> Array:
    """reference_ops::Softmax of float32 on float32[rows, depth], sums from left to right."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        exps = exp_f32((x - x.max(axis=1, keepdims=True)) * np.float32(site.args.beta))
        total = np.add.accumulate(exps, axis=1, dtype=np.float32)[:, -1:]
    return div_f32(exps, total)


def reference(site: Site[Softmax], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Softmax and SoftmaxInt16."""
    x = values[0]
    assert x is not None
    rows = {DType.INT8: int8_rows, DType.INT16: int16_rows, DType.FLOAT32: float_rows}[site.x().dtype]
    return (rows(site, x.reshape(-1, x.shape[-1])).reshape(x.shape),)


def depth_of(site: Site[Softmax]) -> int:
    """Elements of a row."""
    return site.x().shape[-1]


def rows_of(site: Site[Softmax]) -> int:
    """How many rows."""
    return site.x().elements // depth_of(site)


def f32_args(site: Site[Softmax]) -> SoftmaxF32Args:
    """The struct of the float32 kernel."""
    return SoftmaxF32Args(rows=rows_of(site), depth=depth_of(site), beta=float(np.float32(site.args.beta)))


def s8_kernel(name: str, y: DType, needs: Isa = Isa.NONE) -> Kernel:
    """The kernel from int8 with the model's table of exps."""

    def bind(site: Site[Softmax]) -> tuple[Call]:
        exps = exps_of(site)
        note = "exp(-d * scale * beta) in 1/2^31 for d = 0, 1, ..."
        args = SoftmaxArgs(rows=rows_of(site), depth=depth_of(site), entries=len(exps))
        table = Constant(label="exps", data=exps, shape_note=note)
        return (kernel.call(Input(index=0), table, Output(index=0), args=args),)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype="const int8_t"),
            Param(name="exps", ctype="const int32_t"),
            Param(name="y", ctype=y.c),
        ),
        args=SoftmaxArgs,
        bind=bind,
        accepts=lambda site: (site.x().dtype, site.y().dtype) == (DType.INT8, y),
        needs=needs,
        overlap=elementwise,
    )
    return kernel


def s8_dsp_kernel(name: str, y: DType) -> Kernel:
    """The same for cores with the DSP extension: entry 255 - d of its table is exp of d below the largest value."""

    def bind(site: Site[Softmax]) -> tuple[Call]:
        exps = exps_of(site)
        table = np.zeros(256, np.int32)
        table[256 - len(exps) :] = exps[::-1]
        note = "exp(-d * scale * beta) in 1/2^31 for d = 255, 254, ... 0"
        args = SoftmaxArgs(rows=rows_of(site), depth=depth_of(site), entries=len(exps))
        constant = Constant(label="exps", data=table, shape_note=note)
        return (kernel.call(Input(index=0), constant, Output(index=0), args=args),)

    kernel = replace(s8_kernel(name, y, Isa.DSP), bind=bind)
    return kernel


def bind_s16(site: Site[Softmax]) -> tuple[Call]:
    """One call with the two tables that no model changes."""
    m = int16_multiplier(site)
    args = SoftmaxS16Args(rows=rows_of(site), depth=depth_of(site), multiplier=m.value, shift=m.shift)
    exps = Constant(label="exps", data=exp_table(), shape_note="exp over [-10, 0]")
    reciprocals = Constant(label="reciprocals", data=reciprocal_table(), shape_note="1 / (1 + x) over [0, 1]")
    return (SOFTMAX_S16.call(Input(index=0), exps, reciprocals, Output(index=0), args=args),)


SOFTMAX_S16 = Kernel(
    name="nk_softmax_s16",
    params=(
        Param(name="x", ctype="const int16_t"),
        Param(name="exps", ctype="const int16_t"),
        Param(name="reciprocals", ctype="const int16_t"),
        Param(name="y", ctype="int16_t"),
    ),
    args=SoftmaxS16Args,
    bind=bind_s16,
    accepts=lambda site: site.x().dtype is DType.INT16,
    overlap=elementwise,
)

SOFTMAX = Operator(
    name="softmax",
    tflite=("SOFTMAX",),
    summary="exp(beta * x) over its sum along the last dimension",
    args=Softmax,
    infer=infer,
    reference=reference,
    constraints=(types_fit, has_rows, output_scale, beta_fits),
    kernels=(
        s8_kernel("nk_softmax_s8_mve", DType.INT8, Isa.MVE),
        s8_dsp_kernel("nk_softmax_s8_dsp", DType.INT8),
        s8_dsp_kernel("nk_softmax_s8_s16_dsp", DType.INT16),
        s8_kernel("nk_softmax_s8", DType.INT8),
        s8_kernel("nk_softmax_s8_s16", DType.INT16),
        softmax_s16_kernel(int16_multiplier),
        SOFTMAX_S16,
        unary_kernel("nk_softmax_f32", DType.FLOAT32, DType.FLOAT32, SoftmaxF32Args, f32_args),
    ),
)

OPERATORS: tuple[Operator[Softmax], ...] = (SOFTMAX,)
