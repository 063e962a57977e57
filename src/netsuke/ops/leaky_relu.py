"""LEAKY_RELU: x where it is positive, else alpha * x."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import KernelArgs
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import infer, int16_is_symmetric, lookup_kernels, saturated, unary_kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyRelu(Args):
    """`alpha` is the slope below zero, a float32 number of either sign."""

    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyReluF32Args(KernelArgs):
    """How many elements, and the slope below zero."""

    c_name: ClassVar[str] = "nk_leaky_relu_f32_args"
    count: int
    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyReluS16Args(KernelArgs):
    """Multipliers from input to output scale: for x >= 0, and for x < 0 with alpha's size; then its sign."""

    c_name: ClassVar[str] = "nk_leaky_relu_s16_args"
    count: int
    multiplier_positive: int
    shift_positive: int
    multiplier_negative: int
    shift_negative: int
    sign_negative: int


def real_multipliers(site: Site[LeakyRelu]) -> tuple[float, float]:
    """For x >= 0 and for x < 0, in float32 (LeakyReluPrepare)."""
    x, y, alpha = np.float32(site.x().scale), np.float32(site.y().scale), np.float32(site.args.alpha)
    return float(x / y), float(x * alpha / y)


def multipliers(site: Site[LeakyRelu]) -> tuple[Multiplier, Multiplier]:
    """The same in fixed point; the second without alpha's sign."""
    positive, negative = real_multipliers(site)
    return Multiplier.of(positive), Multiplier.of(abs(negative))


def sign_of_alpha(site: Site[LeakyRelu]) -> int:
    """-1 or 1."""
    return -1 if site.args.alpha < 0 else 1


def finite_alpha(site: Site[LeakyRelu]) -> str | None:
    """Alpha is a finite number."""
    return None if math.isfinite(site.args.alpha) else str(site.args.alpha)


def rescale_fits(site: Site[LeakyRelu]) -> str | None:
    """The input's scale, and alpha times it, are less than 2^13 times the output's."""
    if site.x().dtype is DType.FLOAT32:
        return None
    largest = max(map(abs, real_multipliers(site)))
    return (
        None
        if largest < 1 << 13
        else f"scales {site.x().scale} and {site.y().scale}, alpha {site.args.alpha}"
    )


def quantized(site: Site[LeakyRelu], x: Array) -> Array:
    """reference_ops::QuantizeLeakyRelu: below zero rescaled by alpha's size, then given its sign."""
    positive, negative = multipliers(site)
    value = x.astype(np.int64) - site.x().zero_point
    y = np.where(
        value >= 0,
        multiply_by_quantized_multiplier(value, positive.value, positive.shift),
        sign_of_alpha(site) * multiply_by_quantized_multiplier(value, negative.value, negative.shift),
    )
    return saturated(y + site.y().zero_point, site.y().dtype)


def reference(site: Site[LeakyRelu], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::LeakyRelu and QuantizeLeakyRelu."""
    x = values[0]
    assert x is not None
    if site.x().dtype is not DType.FLOAT32:
        return (quantized(site, x),)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return (np.where(x > 0, x, x * np.float32(site.args.alpha)),)


def f32_args(site: Site[LeakyRelu]) -> LeakyReluF32Args:
    """The struct of the float32 kernel."""
    return LeakyReluF32Args(count=site.y().elements, alpha=float(np.float32(site.args.alpha)))


def s16_args(site: Site[LeakyRelu]) -> LeakyReluS16Args:
    """The struct of the int16 kernel."""
    positive, negative = multipliers(site)
    return LeakyReluS16Args(
        count=site.y().elements,
        multiplier_positive=positive.value, shift_positive=positive.shift,
        multiplier_negative=negative.value, shift_negative=negative.shift,
        sign_negative=sign_of_alpha(site),
    )  # fmt: skip


LEAKY_RELU = Operator(
    name="leaky_relu",
    tflite=("LEAKY_RELU",),
    summary="x where it is positive, else alpha * x",
    args=LeakyRelu,
    infer=infer,
    reference=reference,
    constraints=(
        dtypes_of(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
        int16_is_symmetric,
        finite_alpha,
        rescale_fits,
    ),
    rows=ELEMENTWISE,
    kernels=(
        *lookup_kernels(quantized),
        unary_kernel("nk_leaky_relu_s16", DType.INT16, DType.INT16, LeakyReluS16Args, s16_args),
        unary_kernel("nk_leaky_relu_f32", DType.FLOAT32, DType.FLOAT32, LeakyReluF32Args, f32_args),
    ),
)

OPERATORS: tuple[Operator[LeakyRelu], ...] = (LEAKY_RELU,)
