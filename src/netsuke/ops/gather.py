"""GATHER: slices of a tensor in the order, and as often, as a tensor of indices says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site

INDICES = 1
TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Args):
    """Operands: x, indices int32 of any shape. `axis` (0..rank-1 of x) is replaced by the indices' dimensions.

    An index below 0 counts from the end; one that is outside even so reads the nearest slice inside.
    """

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherArgs(KernelArgs):
    """x as outer x size x a slice's bytes; `count` indices."""

    c_name: ClassVar[str] = "nk_gather_args"
    outer: int
    size: int
    count: int
    nbytes: int


def types_fit(site: Site[Gather]) -> str | None:
    """x and output have one type of up to 4 bytes, the indices int32."""
    x, indices, y = site.x().dtype, site.x(INDICES).dtype, site.y().dtype
    fine = x is y and x in TYPES and indices is DType.INT32
    return None if fine else f"{x.value}, {indices.value} to {y.value}"


def axis_exists(site: Site[Gather]) -> str | None:
    """The axis is a dimension of the input, counted from 0, and the output has at most 8."""
    axis, shape = site.args.axis, site.x().shape
    rank = len(shape) - 1 + len(site.x(INDICES).shape)
    return (
        None
        if 0 <= axis < len(shape) and rank <= 8
        else f"axis {axis} of {list(shape)}, output of rank {rank}"
    )


def indices_inside(site: Site[Gather]) -> str | None:
    """Constant indices are 0 or more and below the axis's size."""
    data = site.x(INDICES).data
    if data is None or not data.size:
        return None
    size = site.x().shape[site.args.axis]
    return (
        None
        if data.min() >= 0 and data.max() < size
        else f"{data.min()} to {data.max()} for a size of {size}"
    )


def infer(site: Site[Gather]) -> tuple[Shape]:
    """The axis becomes the indices' dimensions."""
    shape, axis = site.x().shape, site.args.axis
    return ((*shape[:axis], *site.x(INDICES).shape, *shape[axis + 1 :]),)


def reference(site: Site[Gather], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Gather, which refuses indices outside; here they count from the end, or come to the nearest."""
    x, indices = values[0], values[INDICES]
    assert x is not None
    assert indices is not None
    size = x.shape[site.args.axis]
    wide = indices.astype(np.int64)
    inside = np.clip(np.where(wide < 0, wide + size, wide), 0, size - 1)
    return (np.ascontiguousarray(np.take(x, inside, axis=site.args.axis)),)


def bind(site: Site[Gather]) -> tuple[Call]:
    """One call."""
    shape, axis = site.x().shape, site.args.axis
    args = GatherArgs(
        outer=math.prod(shape[:axis]),
        size=shape[axis],
        count=site.x(INDICES).elements,
        nbytes=math.prod(shape[axis + 1 :]) * site.x().dtype.size,
    )
    return (GATHER_KERNEL.call(Input(index=0), Input(index=INDICES), Output(index=0), args=args),)


GATHER_KERNEL = Kernel(
    name="nk_gather",
    params=(
        Param(name="x", ctype="const void"),
        Param(name="indices", ctype="const int32_t"),
        Param(name="y", ctype="void"),
    ),
    args=GatherArgs,
    bind=bind,
)

GATHER = Operator(
    name="gather",
    tflite=("GATHER",),
    summary="slices chosen by indices",
    args=Gather,
    infer=infer,
    reference=reference,
    constraints=(types_fit, axis_exists, indices_inside),
    kernels=(GATHER_KERNEL,),
)

OPERATORS: tuple[Operator[Gather], ...] = (GATHER,)
