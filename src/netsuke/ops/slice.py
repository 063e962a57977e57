"""STRIDED_SLICE and SLICE: a regular part of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir import Args, Array
from netsuke.ops.block_copy import (
    MAX_RANK,
    block_kernel,
    copy_blocks,
    dense_steps,
    grid,
)
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.operator import Operator, Shape, Site
from netsuke.ops.reshape import same_dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class StridedSlice(Args):
    """For every dimension of the input the first index, the index before which the part ends, and the stride.

    Masks and negative indices are resolved (see `resolve`): begin is in 0..size-1, end in 0..size, or -1
    where a negative stride takes index 0 too. `shrink_axes` are dimensions of size 1 that the output drops.
    """

    begin: tuple[int, ...]
    end: tuple[int, ...]
    strides: tuple[int, ...]
    shrink_axes: tuple[int, ...] = ()

    def indices(self, axis: int) -> range:
        """The input's indices that are taken along a dimension."""
        return range(self.begin[axis], self.end[axis], self.strides[axis])


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceMasks:
    """StridedSliceOptions of TFLite: bit i speaks of entry i of begin, end and strides."""

    begin: int = 0
    end: int = 0
    ellipsis: int = 0
    shrink_axis: int = 0


def resolve(
    shape: Shape, begin: Sequence[int], end: Sequence[int], strides: Sequence[int], masks: SliceMasks
) -> StridedSlice:
    """Canonical arguments from TFLite's: masks applied, indices wrapped and clamped, other dimensions whole.

    Raises:
        GraphError: on more entries than dimensions, a stride of zero, or a dropped index that is outside.
    """
    entries = spread(len(shape), len(begin), masks)
    resolved: list[tuple[int, int, int]] = []
    shrunk: list[int] = []
    for axis, (size, entry) in enumerate(zip(shape, entries, strict=True)):
        if entry is None:
            resolved.append((0, size, 1))
        elif masks.shrink_axis >> entry & 1:
            resolved.append(single(size, 0 if masks.begin >> entry & 1 else begin[entry]))
            shrunk.append(axis)
        else:
            if strides[entry] == 0:
                raise GraphError(f"got strides {list(strides)}; a stride may be negative, but not zero")
            first = None if masks.begin >> entry & 1 else begin[entry]
            last = None if masks.end >> entry & 1 else end[entry]
            resolved.append(slice(first, last, strides[entry]).indices(size))
    return StridedSlice(
        begin=tuple(b for b, _, _ in resolved),
        end=tuple(e for _, e, _ in resolved),
        strides=tuple(s for _, _, s in resolved),
        shrink_axes=tuple(shrunk),
    )


def spread(rank: int, entries: int, masks: SliceMasks) -> list[int | None]:
    """For each dimension its entry, or None where an ellipsis or a missing entry takes it whole."""
    if masks.ellipsis.bit_count() > 1:
        raise GraphError(f"got the ellipsis mask {masks.ellipsis:#b}; at most one ellipsis was wanted")
    named = entries - masks.ellipsis.bit_count()
    if named > rank:
        raise GraphError(f"got {named} slice entries for {rank} dimensions; at most one each was wanted")
    before = masks.ellipsis.bit_length() - 1 if masks.ellipsis else named
    whole: list[int | None] = [None] * (rank - named)
    after = range(before + 1, entries) if masks.ellipsis else range(0)
    return [*range(before), *whole, *after]


def single(size: int, index: int) -> tuple[int, int, int]:
    """The part that holds one index (negative: from the end).

    Raises:
        GraphError: when it is outside.
    """
    wrapped = index + size if index < 0 else index
    if not 0 <= wrapped < size:
        raise GraphError(f"got index {index} into a dimension of {size}; one inside it was wanted")
    return wrapped, wrapped + 1, 1


def inside(site: Site[StridedSlice]) -> str | None:
    """Begin, end and stride are resolved and take 1 or more indices of every dimension; rank at most 6.

    A negative stride that takes index 0 has the end -1.
    """
    a, shape = site.args, site.x().shape
    if not len(a.begin) == len(a.end) == len(a.strides) == len(shape) <= MAX_RANK:
        return f"{len(a.begin)}, {len(a.end)} and {len(a.strides)} entries for shape {list(shape)}"
    for axis, size in enumerate(shape):
        taken = a.indices(axis) if a.strides[axis] else range(0)
        if not taken or min(taken[0], taken[-1]) < 0 or max(taken[0], taken[-1]) >= size:
            return f"{a.begin[axis]}:{a.end[axis]}:{a.strides[axis]} of a dimension of {size}"
    return None


def shrinks_single(site: Site[StridedSlice]) -> str | None:
    """Each dropped dimension is one of the input's, named once, with one index taken."""
    axes, rank = site.args.shrink_axes, len(site.x().shape)
    fine = len(set(axes)) == len(axes) and all(0 <= axis < rank for axis in axes)
    if fine and all(len(site.args.indices(axis)) == 1 for axis in axes):
        return None
    return f"shrink axes {list(axes)}"


def whole_shape(site: Site[StridedSlice]) -> Shape:
    """Indices taken along each dimension, dropped dimensions included."""
    return tuple(len(site.args.indices(axis)) for axis in range(len(site.x().shape)))


def infer(site: Site[StridedSlice]) -> tuple[Shape]:
    """Indices taken along each dimension that is kept."""
    taken = enumerate(whole_shape(site))
    return (tuple(size for axis, size in taken if axis not in site.args.shrink_axes),)


def reference(site: Site[StridedSlice], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::StridedSlice."""
    x = values[0]
    assert x is not None
    part = x[np.ix_(*(list(site.args.indices(axis)) for axis in range(x.ndim)))] if x.ndim else x
    return (part.reshape(infer(site)[0]),)


def bind(site: Site[StridedSlice]) -> tuple[Call]:
    """One copy, from the first element taken."""
    x, a, shape = site.x(), site.args, whole_shape(site)
    steps = dense_steps(x.shape)
    first = sum(begin * step for begin, step in zip(a.begin, steps, strict=True))
    strided = [stride * step for stride, step in zip(a.strides, steps, strict=True)]
    axes = grid(shape, strided, dense_steps(shape))
    return (copy_blocks(Input(index=0, offset=first), Output(index=0), axes, x.dtype.size),)


STRIDED_SLICE = Operator(
    name="strided_slice",
    tflite=("STRIDED_SLICE", "SLICE"),
    summary="a regular part of a tensor",
    args=StridedSlice,
    infer=infer,
    reference=reference,
    constraints=(same_dtype, inside, shrinks_single),
    kernels=(block_kernel(bind),),
)

OPERATORS: tuple[Operator[StridedSlice], ...] = (STRIDED_SLICE,)
