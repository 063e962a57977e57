"""RELU, RELU6 and RELU_N1_TO_1 as operators of their own; fused ones are clamps of their producers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.float_math import clamp_f32
from netsuke.ops.kernel import KernelArgs
from netsuke.ops.operator import Constraint, Operator, Site, dtypes_of
from netsuke.ops.quantize import quantize_s16_kernel, requantized
from netsuke.ops.rescale_dsp import quantize_s16_dsp
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import (
    NoArgs,
    infer,
    int16_is_symmetric,
    lookup_kernels,
    unary_kernel,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClampF32Args(KernelArgs):
    """How many elements, and the range that is left of them."""

    c_name: ClassVar[str] = "nk_clamp_f32_args"
    count: int
    low: float
    high: float


def multiplier(site: Site[NoArgs]) -> float:
    """From the input's scale to the output's, divided in float32 (ReluPrepare)."""
    return float(np.float32(site.x().scale) / np.float32(site.y().scale))


def rescale_fits(site: Site[NoArgs]) -> str | None:
    """The input's scale is less than 2^13 times the output's."""
    if site.x().dtype is DType.FLOAT32:
        return None
    real = multiplier(site)
    return None if real < 1 << 13 else f"scales {site.x().scale} and {site.y().scale}"


def clamp(site: Site[Any], activation: Activation) -> tuple[int, int]:
    """The range of stored values."""
    found = clamp_of(activation, site.y())
    assert found is not None
    return int(found[0]), int(found[1])


def quantized(activation: Activation) -> Callable[[Site[Any], Array], Array]:
    """optimized_ops::ReluX (its scalar form) on stored values: requantise, then clamp."""

    def function(site: Site[Any], x: Array) -> Array:
        return requantized(site, x, Multiplier.of(multiplier(site)), clamp(site, activation))

    return function


def reference(activation: Activation) -> Callable[[Site[NoArgs], Sequence[Array | None]], tuple[Array]]:
    """The operator's reference: float32 keeps a NaN and a zero's sign."""

    def run(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
        x = values[0]
        assert x is not None
        if site.x().dtype is DType.FLOAT32:
            return (clamp_f32(x, activation.value),)
        return (quantized(activation)(site, x),)

    return run


def operator_of(name: str, activation: Activation, types: tuple[DType, ...]) -> Operator[NoArgs]:
    """One of the three."""
    low, high = activation.value

    def clamp_args(site: Site[NoArgs]) -> ClampF32Args:
        return ClampF32Args(count=site.y().elements, low=low, high=high)

    float_kernel = (
        unary_kernel("nk_relu_f32", DType.FLOAT32, DType.FLOAT32)
        if activation is Activation.RELU
        else unary_kernel("nk_clamp_f32", DType.FLOAT32, DType.FLOAT32, ClampF32Args, clamp_args)
    )
    s16_kernels = tuple(
        make(lambda site: Multiplier.of(multiplier(site)), lambda site: clamp(site, activation))
        for make in (quantize_s16_dsp, quantize_s16_kernel)
    )
    constraints: tuple[Constraint[Any], ...] = (dtypes_of(*types), int16_is_symmetric, rescale_fits)
    return Operator(
        name=name,
        tflite=(name.upper(),),
        summary=f"x clamped to {low:g}..{high:g}",
        args=NoArgs,
        infer=infer,
        reference=reference(activation),
        constraints=constraints,
        rows=ELEMENTWISE,
        kernels=(*lookup_kernels(quantized(activation)), *s16_kernels, float_kernel),
    )


BYTES_SHORTS_FLOATS = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)
RELU = operator_of("relu", Activation.RELU, BYTES_SHORTS_FLOATS)
RELU6 = operator_of("relu6", Activation.RELU6, BYTES_SHORTS_FLOATS)
RELU_N1_TO_1 = operator_of("relu_n1_to_1", Activation.RELU_N1_TO_1, (DType.INT8, DType.UINT8, DType.FLOAT32))

OPERATORS: tuple[Operator[NoArgs], ...] = (RELU, RELU6, RELU_N1_TO_1)
