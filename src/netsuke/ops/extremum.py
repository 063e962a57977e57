"""MAXIMUM and MINIMUM with broadcasting: stored values are compared, whatever their scales (as TFLite)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.arithmetic import operands
from netsuke.ops.broadcast import RowsArgs, at_most_rank_6, binary_kernels, infer, rows_of
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.rows_mve import rows_kernel
from netsuke.ops.unary import NoArgs

TYPES = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtremumArgs(RowsArgs):
    """The rows alone."""

    c_name: ClassVar[str] = "nk_extremum_args"


def maximum_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """MaximumOp: the first where it is greater, else the second (a NaN gives the second)."""
    del site
    x0, x1 = operands(values)
    return (np.where(x0 > x1, x0, x1),)


def minimum_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """MinimumOp: the first where it is less, else the second (a NaN gives the second)."""
    del site
    x0, x1 = operands(values)
    return (np.where(x0 < x1, x0, x1),)


def args_of(site: Site[NoArgs]) -> ExtremumArgs:
    """The struct of all kernels."""
    return ExtremumArgs(**rows_of(site))


def kernels_of(stem: str) -> tuple[Kernel, ...]:
    """Both kernels of every type, and Helium's of bytes."""
    helium = rows_kernel(f"nk_{stem}_s8_mve", ExtremumArgs, args_of)
    return helium, *(k for dtype in TYPES for k in binary_kernels(stem, dtype, ExtremumArgs, args_of))


MAXIMUM = Operator(
    name="maximum",
    tflite=("MAXIMUM",),
    summary="the larger of two tensors' elements, broadcast",
    args=NoArgs,
    infer=infer,
    reference=maximum_reference,
    constraints=(dtypes_of(*TYPES, inputs=(0, 1)), at_most_rank_6),
    rows=ELEMENTWISE,
    kernels=kernels_of("maximum"),
)
MINIMUM = Operator(
    name="minimum",
    tflite=("MINIMUM",),
    summary="the smaller of two tensors' elements, broadcast",
    args=NoArgs,
    infer=infer,
    reference=minimum_reference,
    constraints=(dtypes_of(*TYPES, inputs=(0, 1)), at_most_rank_6),
    rows=ELEMENTWISE,
    kernels=kernels_of("minimum"),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (MAXIMUM, MINIMUM)
