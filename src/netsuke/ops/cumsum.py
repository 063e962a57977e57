"""CUMSUM: sums of all that came before, along a dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumsum(Args):
    """`axis` in 0..rank-1; `exclusive`: an element's own value is left out; `reverse`: from the end to the front."""

    axis: int
    exclusive: bool = False
    reverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CumsumArgs(KernelArgs):
    """The input as outer x size x inner."""

    c_name: ClassVar[str] = "nk_cumsum_args"
    outer: int
    size: int
    inner: int
    exclusive: int
    reverse: int


def axis_exists(site: Site[Cumsum]) -> str | None:
    """The axis is a dimension of the input, counted from 0."""
    axis, shape = site.args.axis, site.x().shape
    return None if 0 <= axis < len(shape) else f"axis {axis} of {list(shape)}"


def infer(site: Site[Cumsum]) -> tuple[Shape]:
    """The input's shape."""
    return (site.x().shape,)


def reference(site: Site[Cumsum], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::CumSum of float32."""
    x, a = values[0], site.args
    assert x is not None
    steps = np.moveaxis(x, a.axis, 0)
    steps = steps[::-1] if a.reverse else steps
    made = np.zeros_like(steps)
    total = np.zeros_like(steps[0])
    for i, step in enumerate(steps):
        after = total + step
        made[i] = total if a.exclusive else after
        total = after
    made = made[::-1] if a.reverse else made
    return (np.ascontiguousarray(np.moveaxis(made, 0, a.axis)),)


def bind(site: Site[Cumsum]) -> tuple[Call]:
    """One call."""
    shape, a = site.x().shape, site.args
    args = CumsumArgs(
        outer=math.prod(shape[: a.axis]), size=shape[a.axis], inner=math.prod(shape[a.axis + 1 :]),
        exclusive=int(a.exclusive), reverse=int(a.reverse),
    )  # fmt: skip
    return (CUMSUM_F32.call(Input(index=0), Output(index=0), args=args),)


CUMSUM_F32 = Kernel(
    name="nk_cumsum_f32",
    params=(Param(name="x", ctype="const float"), Param(name="y", ctype="float")),
    args=CumsumArgs,
    bind=bind,
)

CUMSUM = Operator(
    name="cumsum",
    tflite=("CUMSUM",),
    summary="running sums along a dimension",
    args=Cumsum,
    infer=infer,
    reference=reference,
    constraints=(dtypes_of(DType.FLOAT32), axis_exists),
    kernels=(CUMSUM_F32,),
)

OPERATORS: tuple[Operator[Cumsum], ...] = (CUMSUM,)
