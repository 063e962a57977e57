"""HARD_SWISH: x * clamp(x + 3, 0, 6) / 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import INT32_MAX, Multiplier, rounding_divide_by_pot
from netsuke.ops.float_math import div_f32
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import NoArgs, infer, lookup_kernels, saturated, unary_kernel

INT16_MIN, INT16_MAX = -(1 << 15), (1 << 15) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier16:
    """A positive real number as `value` x 2^(exponent - 15)."""

    value: int
    exponent: int

    @classmethod
    def of(cls, real: float) -> Multiplier16:
        """The 32-bit multiplier reduced to 16 bits (DownScaleInt32ToInt16Multiplier)."""
        wide = Multiplier.of(real)
        nudge = 1 << 15
        value = INT16_MAX if wide.value >= INT32_MAX - nudge else (wide.value + nudge) >> 16
        return cls(value=value, exponent=wide.shift)


def output_multiplier(site: Site[NoArgs]) -> float:
    """From 1/128 of the input's scale to the output's, in float32 (HardSwishPrepare)."""
    fine = np.float32(1 / 128) * np.float32(site.x().scale)
    return float(fine / np.float32(site.y().scale))


def gate_multiplier(site: Site[NoArgs]) -> float:
    """From 1/128 of the input's scale to the gate's, where 3 is 2^15, in float32."""
    fine = np.float32(1 / 128) * np.float32(site.x().scale)
    return float(fine / np.float32(3 / 32768))


def output_scale_is_not_tiny(site: Site[NoArgs]) -> str | None:
    """The input's scale is less than 128 times the output's."""
    if site.y().dtype is DType.FLOAT32:
        return None
    fine = Multiplier.of(output_multiplier(site)).shift <= 0
    return None if fine else f"scales {site.x().scale} and {site.y().scale}"


def rounding_high_mul_16(a: Array, b: int) -> Array:
    """gemmlowp's SaturatingRoundingDoublingHighMul of int16, b >= 0."""
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return toward_zero(nudged)


def toward_zero(x: Array) -> Array:
    """x / 2^15 as C divides."""
    return np.where(x >= 0, x >> 15, -((-x) >> 15))


def saturated_16(x: Array) -> Array:
    """Clamped to int16."""
    return np.clip(x, INT16_MIN, INT16_MAX)


def quantized(site: Site[NoArgs], x: Array) -> Array:
    """reference_ops::HardSwish on 8-bit values: x in the output's scale times a gate in 0..1, in 16 bits."""
    output, gate = Multiplier16.of(output_multiplier(site)), Multiplier16.of(gate_multiplier(site))
    fine = (x.astype(np.int64) - site.x().zero_point) * 128
    before_shift = rounding_high_mul_16(fine, output.value)
    opening = fine
    if gate.exponent > 0:
        opening = saturated_16(opening << (gate.exponent - 1))
    opening = rounding_high_mul_16(opening, gate.value)
    if gate.exponent > 0:
        opening = saturated_16(opening << 1)
    if gate.exponent < 0:
        opening = rounding_divide_by_pot(opening, -gate.exponent)
    opening = (opening + (1 << 15)) >> 1
    product = rounding_divide_by_pot(toward_zero(opening * before_shift), -output.exponent)
    return saturated(product + site.y().zero_point, site.y().dtype)


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::HardSwish."""
    x = values[0]
    assert x is not None
    if site.x().dtype is not DType.FLOAT32:
        return (quantized(site, x),)
    zero, six = np.float32(0), np.float32(6)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        raised = x + np.float32(3)
        opened = np.where(raised > zero, raised, zero)
        gate = np.where(opened < six, opened, six)
        product = x * gate
    return (div_f32(product, six),)


HARD_SWISH = Operator(
    name="hard_swish",
    tflite=("HARD_SWISH",),
    summary="x * clamp(x + 3, 0, 6) / 6",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(dtypes_of(DType.INT8, DType.UINT8, DType.FLOAT32), output_scale_is_not_tiny),
    rows=ELEMENTWISE,
    kernels=(*lookup_kernels(quantized), unary_kernel("nk_hard_swish_f32", DType.FLOAT32, DType.FLOAT32)),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (HARD_SWISH,)
