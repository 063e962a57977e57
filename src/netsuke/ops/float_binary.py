"""DIV, POW and SQUARED_DIFFERENCE of float32, broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.arithmetic import ArithmeticF32Args, f32_args, operands
from netsuke.ops.broadcast import RowsArgs, at_most_rank_6, binary_kernels, infer
from netsuke.ops.extremum import ExtremumArgs, args_of
from netsuke.ops.float_functions import pow_f32, quiet, quotient_f32
from netsuke.ops.float_math import clamp_f32
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import NoArgs

FLOATS = dtypes_of(DType.FLOAT32, inputs=(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Div(Args):
    """`clamp` is the fused activation as a range of values."""

    clamp: Clamp | None = None


def div_reference(site: Site[Div], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Div of float32: the quotient, then the clamp (of which no activation is one too)."""
    a, b = operands(values)
    return (clamp_f32(quotient_f32(a, b), full_clamp(site.args.clamp, site.y())),)


def pow_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Pow of float32."""
    del site
    return (pow_f32(*operands(values)),)


def squared_difference_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """The square of the difference."""
    del site
    a, b = operands(values)
    with np.errstate(all="ignore"):
        difference = a - b
        return (quiet(difference * difference),)


def rows_args(site: Site[NoArgs]) -> RowsArgs:
    """The rows alone."""
    return args_of(site)


DIV = Operator(
    name="div",
    tflite=("DIV",),
    summary="quotient of two tensors, broadcast",
    args=Div,
    infer=infer,
    reference=div_reference,
    constraints=(FLOATS, at_most_rank_6),
    rows=ELEMENTWISE,
    kernels=binary_kernels("div", DType.FLOAT32, ArithmeticF32Args, f32_args),
)
POW = Operator(
    name="pow",
    tflite=("POW",),
    summary="one tensor to the power of another, broadcast",
    args=NoArgs,
    infer=infer,
    reference=pow_reference,
    constraints=(FLOATS, at_most_rank_6),
    rows=ELEMENTWISE,
    kernels=binary_kernels("pow", DType.FLOAT32, ExtremumArgs, rows_args),
)
SQUARED_DIFFERENCE = Operator(
    name="squared_difference",
    tflite=("SQUARED_DIFFERENCE",),
    summary="square of the difference of two tensors, broadcast",
    args=NoArgs,
    infer=infer,
    reference=squared_difference_reference,
    constraints=(FLOATS, at_most_rank_6),
    rows=ELEMENTWISE,
    kernels=binary_kernels("squared_difference", DType.FLOAT32, ExtremumArgs, rows_args),
)

OPERATORS: tuple[Operator[Div] | Operator[NoArgs], ...] = (DIV, POW, SQUARED_DIFFERENCE)
