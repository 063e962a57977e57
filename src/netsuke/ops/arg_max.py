"""ARG_MAX: where the largest element of each row along one dimension stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgMax(Args):
    """`axis` is the dimension that is searched and goes, in 0..rank-1; the output is int32 or int64."""

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgMaxArgs(KernelArgs):
    """The input as outer x size x inner."""

    c_name: ClassVar[str] = "nk_arg_max_args"
    outer: int
    size: int
    inner: int


def types_fit(site: Site[ArgMax]) -> str | None:
    """int8 or float32 to int32 or int64."""
    x, y = site.x().dtype, site.y().dtype
    fine = x in (DType.INT8, DType.FLOAT32) and y in (DType.INT32, DType.INT64)
    return None if fine else f"{x.value} to {y.value}"


def axis_exists(site: Site[ArgMax]) -> str | None:
    """The axis is a dimension of the input, counted from 0, and has elements."""
    axis, shape = site.args.axis, site.x().shape
    return None if 0 <= axis < len(shape) and shape[axis] > 0 else f"axis {axis} of {list(shape)}"


def infer(site: Site[ArgMax]) -> tuple[Shape]:
    """The input's shape without the axis."""
    shape, axis = site.x().shape, site.args.axis
    return (shape[:axis] + shape[axis + 1 :],)


def reference(site: Site[ArgMax], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::ArgMinMax: the first of equals."""
    x = values[0]
    assert x is not None
    return (np.asarray(np.argmax(x, axis=site.args.axis)).astype(site.y().dtype.numpy),)


def kernel_of(name: str, x: DType, y: DType) -> Kernel:
    """One kernel; int64 results are written through void *, for the arena aligns to 4 bytes only."""

    def bind(site: Site[ArgMax]) -> tuple[Call]:
        shape, axis = site.x().shape, site.args.axis
        args = ArgMaxArgs(outer=math.prod(shape[:axis]), size=shape[axis], inner=math.prod(shape[axis + 1 :]))
        return (kernel.call(Input(index=0), Output(index=0), args=args),)

    result = "void" if y is DType.INT64 else y.c
    kernel = Kernel(
        name=name,
        params=(Param(name="x", ctype=f"const {x.c}"), Param(name="y", ctype=result)),
        args=ArgMaxArgs,
        bind=bind,
        accepts=lambda site: (site.x().dtype, site.y().dtype) == (x, y),
    )
    return kernel


ARG_MAX = Operator(
    name="arg_max",
    tflite=("ARG_MAX",),
    summary="index of the largest element along a dimension",
    args=ArgMax,
    infer=infer,
    reference=reference,
    constraints=(types_fit, axis_exists),
    kernels=(
        kernel_of("nk_arg_max_s8_s32", DType.INT8, DType.INT32),
        kernel_of("nk_arg_max_s8_s64", DType.INT8, DType.INT64),
        kernel_of("nk_arg_max_f32_s32", DType.FLOAT32, DType.INT32),
        kernel_of("nk_arg_max_f32_s64", DType.FLOAT32, DType.INT64),
    ),
)

OPERATORS: tuple[Operator[ArgMax], ...] = (ARG_MAX,)
