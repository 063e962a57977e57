"""PACK and UNPACK: tensors of one shape stacked along a new axis, and taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.ir import Args, Array
from netsuke.ops.block_copy import (
    MAX_RANK,
    Axis,
    block_kernel,
    copy_blocks,
    dense_steps,
    grid,
    slab,
)
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.operator import Operator, Shape, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Args):
    """Where in the output the new dimension stands, 0..rank of an input."""

    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpack(Args):
    """The dimension of the input that is taken apart, 0..rank-1: one output an index."""

    axis: int


def same_dtypes(site: Site[Any]) -> str | None:
    """All inputs and outputs have the same element type."""
    seen = [site.x(i).dtype.value for i in range(len(site.inputs))] + [y.dtype.value for y in site.outputs]
    return None if len(set(seen)) == 1 else ", ".join(seen)


def packs_one_shape(site: Site[Pack]) -> str | None:
    """The inputs have one shape of at most 5 dimensions; the new axis is before, between or after these."""
    shapes = [site.x(i).shape for i in range(len(site.inputs))]
    if len(set(shapes)) == 1 and 0 <= site.args.axis <= len(shapes[0]) < MAX_RANK:
        return None
    return f"axis {site.args.axis} for {', '.join(str(list(shape)) for shape in shapes)}"


def unpacks_all(site: Site[Unpack]) -> str | None:
    """There is an output for every index of an axis of the input, which has at most 6 dimensions."""
    axis, shape = site.args.axis, site.x().shape
    if 0 <= axis < len(shape) <= MAX_RANK and len(site.outputs) == shape[axis]:
        return None
    return f"{len(site.outputs)} outputs along axis {axis} of {list(shape)}"


def pack_infer(site: Site[Pack]) -> tuple[Shape]:
    """The inputs' shape with their number put in at the axis."""
    shape, axis = site.x().shape, site.args.axis
    return ((*shape[:axis], len(site.inputs), *shape[axis:]),)


def unpack_infer(site: Site[Unpack]) -> tuple[Shape, ...]:
    """The input's shape without the axis, once for every index of it."""
    shape, axis = site.x().shape, site.args.axis
    return ((*shape[:axis], *shape[axis + 1 :]),) * shape[axis]


def pack_reference(site: Site[Pack], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Pack."""
    return (np.stack([x for x in values if x is not None], axis=site.args.axis),)


def unpack_reference(site: Site[Unpack], values: Sequence[Array | None]) -> tuple[Array, ...]:
    """reference_ops::Unpack."""
    x = values[0]
    assert x is not None
    return tuple(np.array(part) for part in np.moveaxis(x, site.args.axis, 0))


def sheet(stacked: Shape, axis: int) -> tuple[Axis, ...]:
    """The grid of one sheet of a stack: x_step inside the stack, y_step in the sheet alone."""
    shape = (*stacked[:axis], *stacked[axis + 1 :])
    steps = dense_steps(stacked)
    return grid(shape, (*steps[:axis], *steps[axis + 1 :]), dense_steps(shape))


def pack_bind(site: Site[Pack]) -> tuple[Call, ...]:
    """One copy an input, to its sheet of the output."""
    (shape,), axis = pack_infer(site), site.args.axis
    turned = [Axis(count=a.count, x_step=a.y_step, y_step=a.x_step) for a in sheet(shape, axis)]
    return tuple(
        copy_blocks(
            Input(index=i), Output(index=0, offset=slab(site.y(), axis, i)), turned, site.x().dtype.size
        )
        for i in range(len(site.inputs))
    )


def unpack_bind(site: Site[Unpack]) -> tuple[Call, ...]:
    """One copy an output, from its sheet of the input."""
    x, axis = site.x(), site.args.axis
    axes = sheet(x.shape, axis)
    return tuple(
        copy_blocks(Input(index=0, offset=slab(x, axis, i)), Output(index=i), axes, x.dtype.size)
        for i in range(len(site.outputs))
    )


PACK = Operator(
    name="pack",
    tflite=("PACK",),
    summary="tensors of one shape stacked along a new axis",
    args=Pack,
    infer=pack_infer,
    reference=pack_reference,
    constraints=(same_dtypes, packs_one_shape),
    kernels=(block_kernel(pack_bind),),
)
UNPACK = Operator(
    name="unpack",
    tflite=("UNPACK",),
    summary="a tensor taken apart along an axis",
    args=Unpack,
    infer=unpack_infer,
    reference=unpack_reference,
    constraints=(same_dtypes, unpacks_all),
    kernels=(block_kernel(unpack_bind),),
)

OPERATORS: tuple[Operator[Pack] | Operator[Unpack], ...] = (PACK, UNPACK)
