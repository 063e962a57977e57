"""CONCATENATION: tensors one after the other along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array, DType
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
from netsuke.ops.rows import ALONG_CHANNELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation(Args):
    """The dimension along which the inputs follow each other, 0..rank-1."""

    axis: int


def same_dtypes(site: Site[Concatenation]) -> str | None:
    """All inputs and the output have the same element type."""
    seen = [site.x(i).dtype.value for i in range(len(site.inputs))] + [site.y().dtype.value]
    return None if len(set(seen)) == 1 else ", ".join(seen)


def shapes_agree(site: Site[Concatenation]) -> str | None:
    """The inputs have one rank of 1 to 6 and differ in size along the axis only."""
    axis = site.args.axis
    shapes = [site.x(i).shape for i in range(len(site.inputs))]
    rank = len(shapes[0]) if shapes else 0
    fine = 0 <= axis < rank <= MAX_RANK and all(len(shape) == rank for shape in shapes)
    if fine and len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) == 1:
        return None
    return f"axis {axis} of {', '.join(str(list(shape)) for shape in shapes) or 'no input'}"


def same_quantization(site: Site[Concatenation]) -> str | None:
    """8-bit inputs have the output's scale and zero point: a concatenation does not requantise."""
    y = site.y()
    if y.dtype not in (DType.INT8, DType.UINT8):
        return None
    for i in range(len(site.inputs)):
        if site.x(i).quantization != y.quantization:
            return f"{site.x(i).quantization} for input {i}, {y.quantization} for the output"
    return None


def infer(site: Site[Concatenation]) -> tuple[Shape]:
    """Sizes along the axis add up."""
    axis = site.args.axis
    shapes = [site.x(i).shape for i in range(len(site.inputs))]
    total = sum(shape[axis] for shape in shapes)
    return ((*shapes[0][:axis], total, *shapes[0][axis + 1 :]),)


def reference(site: Site[Concatenation], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Concatenation."""
    return (np.concatenate([x for x in values if x is not None], axis=site.args.axis),)


def bind(site: Site[Concatenation]) -> tuple[Call, ...]:
    """One copy an input, to its slab of the output."""
    axis, y = site.args.axis, site.y()
    y_steps = dense_steps(y.shape)
    calls: list[Call] = []
    start = 0
    for i in range(len(site.inputs)):
        x = site.x(i)
        axes = grid(x.shape, dense_steps(x.shape), y_steps)
        target = Output(index=0, offset=slab(y, axis, start))
        calls.append(copy_blocks(Input(index=i), target, axes, x.dtype.size))
        start += x.shape[axis]
    return tuple(calls)


CONCATENATION = Operator(
    name="concatenation",
    tflite=("CONCATENATION",),
    summary="tensors one after the other along an axis",
    args=Concatenation,
    infer=infer,
    reference=reference,
    constraints=(same_dtypes, shapes_agree, same_quantization),
    rows=ALONG_CHANNELS,
    kernels=(block_kernel(bind),),
)

OPERATORS: tuple[Operator[Concatenation], ...] = (CONCATENATION,)
