"""SPLIT and SPLIT_V: a tensor cut into consecutive parts along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from netsuke.ir import Args, Array
from netsuke.ops.block_copy import (
    MAX_RANK,
    block_kernel,
    copy_blocks,
    dense_steps,
    grid,
    slab,
)
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.operator import Operator, Shape, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Args):
    """The dimension that is cut, 0..rank-1, and the size of each part along it: one an output."""

    axis: int
    sizes: tuple[int, ...]


def same_dtypes(site: Site[Split]) -> str | None:
    """The input and all outputs have the same element type."""
    seen = [site.x().dtype.value] + [y.dtype.value for y in site.outputs]
    return None if len(set(seen)) == 1 else ", ".join(seen)


def sizes_fit(site: Site[Split]) -> str | None:
    """The outputs' sizes are 1 or more and add up to the input's along the axis; its rank is at most 6."""
    axis, sizes, shape = site.args.axis, site.args.sizes, site.x().shape
    fine = (
        0 <= axis < len(shape) <= MAX_RANK and len(sizes) == len(site.outputs) and min(sizes, default=0) >= 1
    )
    if fine and sum(sizes) == shape[axis]:
        return None
    return f"sizes {list(sizes)} of {len(site.outputs)} outputs along axis {axis} of {list(shape)}"


def infer(site: Site[Split]) -> tuple[Shape, ...]:
    """The input's shape with each size along the axis."""
    axis, shape = site.args.axis, site.x().shape
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in site.args.sizes)


def reference(site: Site[Split], values: Sequence[Array | None]) -> tuple[Array, ...]:
    """reference_ops::Split."""
    x = values[0]
    assert x is not None
    cuts = list(accumulate(site.args.sizes))[:-1]
    return tuple(np.ascontiguousarray(part) for part in np.split(x, cuts, axis=site.args.axis))


def bind(site: Site[Split]) -> tuple[Call, ...]:
    """One copy an output, from its slab of the input."""
    x, axis = site.x(), site.args.axis
    x_steps = dense_steps(x.shape)
    starts = accumulate(site.args.sizes, initial=0)
    calls: list[Call] = []
    for i, (shape, start) in enumerate(zip(infer(site), starts, strict=False)):
        source = Input(index=0, offset=slab(x, axis, start))
        calls.append(
            copy_blocks(source, Output(index=i), grid(shape, x_steps, dense_steps(shape)), x.dtype.size)
        )
    return tuple(calls)


SPLIT = Operator(
    name="split",
    tflite=("SPLIT", "SPLIT_V"),
    summary="a tensor cut into parts along an axis",
    args=Split,
    infer=infer,
    reference=reference,
    constraints=(same_dtypes, sizes_fit),
    kernels=(block_kernel(bind),),
)

OPERATORS: tuple[Operator[Split], ...] = (SPLIT,)
