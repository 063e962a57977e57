"""PRELU: x where it is positive, else x times a slope that is a tensor of its own, broadcast to x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.arithmetic import operands
from netsuke.ops.broadcast import RowsArgs, at_most_rank_6, binary_kernels, broadcast_shape, infer, rows_of
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import NoArgs, saturated


@dataclass(frozen=True, slots=True, kw_only=True)
class PreluArgs(RowsArgs):
    """Input 0 is x, input 1 alpha. `positive` rescales x >= 0, `negative` rescales x * alpha for x < 0."""

    c_name: ClassVar[str] = "nk_prelu_args"
    offset_0: int
    offset_1: int
    multiplier_positive: int
    shift_positive: int
    multiplier_negative: int
    shift_negative: int
    offset: int
    clamp_low: int
    clamp_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreluF32Args(RowsArgs):
    """The rows alone."""

    c_name: ClassVar[str] = "nk_prelu_f32_args"


def alpha_broadcasts(site: Site[NoArgs]) -> str | None:
    """Alpha broadcasts to the input's shape; the input is not stretched."""
    x, alpha = site.x(0).shape, site.x(1).shape
    return None if broadcast_shape(x, alpha) == x else f"shapes {list(x)} and {list(alpha)}"


def real_multipliers(site: Site[NoArgs]) -> tuple[float, float]:
    """For x >= 0 and for x < 0, in float32 (PreluPrepare)."""
    x, alpha, y = (np.float32(t.scale) for t in (site.x(0), site.x(1), site.y()))
    return float(x / y), float(x * alpha / y)


def rescale_fits(site: Site[NoArgs]) -> str | None:
    """The input's scale, and alpha's times it, are less than 2^13 times the output's."""
    if site.y().dtype is DType.FLOAT32:
        return None
    return None if max(real_multipliers(site)) < 1 << 13 else f"multipliers {real_multipliers(site)}"


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Prelu and BroadcastPrelu4DSlow; ApplyPrelu for float32."""
    x, alpha = operands(values)
    if site.y().dtype is DType.FLOAT32:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            return (np.where(x >= 0, x, x * alpha),)
    positive, negative = map(Multiplier.of, real_multipliers(site))
    value = x.astype(np.int64) - site.x(0).zero_point
    slope = alpha.astype(np.int64) - site.x(1).zero_point
    y = np.where(
        value >= 0,
        multiply_by_quantized_multiplier(value, positive.value, positive.shift),
        multiply_by_quantized_multiplier(value * slope, negative.value, negative.shift),
    )
    return (saturated(y + site.y().zero_point, site.y().dtype),)


def s8_args(site: Site[NoArgs]) -> PreluArgs:
    """The struct of the int8 kernels."""
    positive, negative = map(Multiplier.of, real_multipliers(site))
    low, high = site.y().dtype.range
    return PreluArgs(
        **rows_of(site),
        offset_0=-site.x(0).zero_point, offset_1=-site.x(1).zero_point,
        multiplier_positive=positive.value, shift_positive=positive.shift,
        multiplier_negative=negative.value, shift_negative=negative.shift,
        offset=site.y().zero_point, clamp_low=low, clamp_high=high,
    )  # fmt: skip


def f32_args(site: Site[NoArgs]) -> PreluF32Args:
    """The struct of the float32 kernels."""
    return PreluF32Args(**rows_of(site))


PRELU = Operator(
    name="prelu",
    tflite=("PRELU",),
    summary="x where it is positive, else x times a slope per element or channel",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(
        dtypes_of(DType.INT8, DType.FLOAT32, inputs=(0, 1)),
        at_most_rank_6,
        alpha_broadcasts,
        rescale_fits,
    ),
    rows=ELEMENTWISE,
    kernels=(
        *binary_kernels("prelu", DType.INT8, PreluArgs, s8_args),
        *binary_kernels("prelu", DType.FLOAT32, PreluF32Args, f32_args),
    ),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (PRELU,)
