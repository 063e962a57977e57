"""Where the elements of an ONNX value lie in our tensor, so that layouts change only when they must.

ONNX numbers the elements of a value in row-major order of its shape: its *linear index*. A `Placed` says
which linear index each place of the stored tensor holds, by one step for every stored dimension:

    linear index = sum over dimensions of (index along the dimension x its step)

An image [1, C, H, W] kept channels last has dims [1, H, W, C] and steps [C*H*W, W, 1, H*W]. An ONNX Reshape
changes no linear index, and a Transpose changes only the steps: neither moves a byte. What must have a
certain order (a Conv, a dense layer, an output) asks for it; `moves` then gives the one transpose that is
left, or none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Sizes of the stored dimensions, and for each the step in linear indices of the ONNX value."""

    dims: Shape
    steps: tuple[int, ...]

    def significant(self) -> tuple[tuple[int, int], ...]:
        """(size, step) of the dimensions larger than 1: what decides the order of the bytes."""
        return tuple((d, s) for d, s in zip(self.dims, self.steps, strict=True) if d > 1)

    def indices(self) -> Array:
        """int64 [dims]: the linear index that each place holds."""
        found = np.zeros(self.dims, dtype=np.int64)
        for axis, (size, step) in enumerate(zip(self.dims, self.steps, strict=True)):
            column = np.arange(size, dtype=np.int64) * step
            found += column.reshape([-1 if i == axis else 1 for i in range(len(self.dims))])
        return found

    def store(self, value: Array) -> Array:
        """An array in ONNX order as it is stored."""
        return np.asarray(value.reshape(-1)[self.indices()], order="C")


def row_steps(shape: Shape) -> tuple[int, ...]:
    """Steps of a dense row-major array."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def plain(shape: Shape) -> Placed:
    """ONNX's own order."""
    return Placed(dims=shape, steps=row_steps(shape))


def permuted(shape: Shape, order: Sequence[int | None]) -> Placed:
    """Stored dimension i is ONNX axis order[i]; None stands for a dimension of 1 that ONNX does not have."""
    steps = row_steps(shape)
    return Placed(
        dims=tuple(1 if axis is None else shape[axis] for axis in order),
        steps=tuple(0 if axis is None else steps[axis] for axis in order),
    )


def channels_last_order(rank: int) -> tuple[int | None, ...]:
    """[N, C, H, W] → NHWC; [N, C, L] → [N, 1, L, C]: a signal is an image of one row."""
    return (0, None, 2, 1) if rank == 3 else (0, *range(2, rank), 1)


def channels_last(shape: Shape) -> Placed:
    """Channels last, as convolutions and pools want it."""
    return permuted(shape, channels_last_order(len(shape)))


def order_of(placed: Placed, shape: Shape) -> tuple[int | None, ...] | None:
    """The ONNX axis of every stored dimension (None: a dimension of 1 of its own); None when axes are joined
    or split."""
    steps = row_steps(shape)
    free = list(range(len(shape)))
    order: list[int | None] = []
    for size, step in zip(placed.dims, placed.steps, strict=True):
        match = next((a for a in free if shape[a] == size and steps[a] == step), None)
        if match is None and size == 1:
            match = next((a for a in free if shape[a] == 1 and size == 1), None)
        if match is None and size > 1:
            return None
        if match is not None:
            free.remove(match)
        order.append(match)
    return tuple(order) if not free else None


def transposed(placed: Placed, shape: Shape, perm: Sequence[int]) -> Placed | None:
    """The same bytes seen through an ONNX Transpose; None when a dimension crosses axes."""
    steps = row_steps(shape)
    fine = split(placed, steps)
    new_steps = row_steps(tuple(shape[axis] for axis in perm))
    moved: list[int] = []
    for size, step in zip(fine.dims, fine.steps, strict=True):
        axis = next(
            (a for a in range(len(shape)) if steps[a] <= step and size * step <= steps[a] * shape[a]), None
        )
        if size == 1:
            moved.append(0)
        elif axis is None or step % steps[axis]:
            return None
        else:
            moved.append(step // steps[axis] * new_steps[list(perm).index(axis)])
    return regrouped(Placed(dims=fine.dims, steps=tuple(moved)), placed.dims)


def regrouped(fine: Placed, dims: Shape) -> Placed:
    """Joined back to `dims` where neighbours still walk together; else as fine as it was."""
    found: list[int] = []
    at = 0
    for size in dims:
        start = at
        count = 1
        while at < len(fine.dims) and (count < size or (size == 1 and at == start)):
            count *= fine.dims[at]
            at += 1
        group = range(start, at)
        together = all(fine.steps[i] == fine.steps[i + 1] * fine.dims[i + 1] for i in group[:-1])
        if count != size or not together:
            return fine
        found.append(fine.steps[at - 1] if group else 0)
    return Placed(dims=dims, steps=tuple(found)) if at == len(fine.dims) else fine


def split(placed: Placed, at_steps: Iterable[int]) -> Placed:
    """Dimensions cut at these steps, where they divide: finer dims over the same bytes."""
    dims: list[int] = []
    steps: list[int] = []
    cuts = sorted(set(at_steps))
    for size, step in zip(placed.dims, placed.steps, strict=True):
        inner: list[tuple[int, int]] = []
        for cut in cuts:
            if size > 1 and step < cut < step * size and cut % step == 0 and size % (cut // step) == 0:
                inner.append((cut // step, step))
                size, step = size // (cut // step), cut
        pieces = [(size, step), *reversed(inner)]
        dims += [d for d, _ in pieces]
        steps += [s for _, s in pieces]
    return Placed(dims=tuple(dims), steps=tuple(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A transpose of the stored tensor seen as `shape`."""

    shape: Shape
    perm: tuple[int, ...]


def moves(source: Placed, target: Placed) -> Move | None:
    """The transpose that takes one order to the other; None when the bytes already lie right.

    Raises:
        ValueError: when no transpose does (the two do not hold the same value).
    """
    have, want = source.significant(), target.significant()
    if want == in_line(want):
        # Any cut of the linear order will do: one that the source's dimensions fit is sure to be reached.
        want = in_line(have)
        target = joined(want) if target.significant() != want else target
    have_fine = split(joined(have), [s for _, s in want]).significant()
    want_fine = split(joined(want), [s for _, s in have_fine]).significant()
    if have_fine == want_fine:
        return None
    if sorted(have_fine) != sorted(want_fine):
        raise ValueError(f"no transpose takes {have} to {want}")
    whole = whole_dimensions(source, target)
    if whole is not None:
        return Move(shape=source.dims, perm=whole)
    blocks = together(have_fine, want_fine)
    wanted = sorted(range(len(blocks)), key=lambda b: want_fine.index(blocks[b][0]))
    return Move(shape=tuple(math.prod(d for d, _ in block) for block in blocks), perm=tuple(wanted))


def in_line(pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same sizes, largest step first, with the steps of a dense row-major array."""
    sizes = tuple(d for d, _ in sorted(pairs, key=lambda pair: -pair[1]))
    return tuple(zip(sizes, row_steps(sizes), strict=True))


def whole_dimensions(source: Placed, target: Placed) -> tuple[int, ...] | None:
    """The permutation of dimensions that gives the target as it is; None when they are cut or joined."""
    free = list(range(len(source.dims)))
    perm: list[int] = []
    for size, step in zip(target.dims, target.steps, strict=True):
        found = next(
            (i for i in free if source.dims[i] == size and (size == 1 or source.steps[i] == step)), None
        )
        if found is None:
            return None
        free.remove(found)
        perm.append(found)
    return None if free else tuple(perm)


def joined(pairs: Sequence[tuple[int, int]]) -> Placed:
    """A Placed from (size, step) pairs."""
    return Placed(dims=tuple(d for d, _ in pairs), steps=tuple(s for _, s in pairs))


def together(have: Sequence[tuple[int, int]], want: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Runs of dimensions that are neighbours before and after: the transpose moves them as one."""
    blocks: list[list[tuple[int, int]]] = []
    for pair in have:
        if blocks and want.index(pair) == want.index(blocks[-1][-1]) + 1:
            blocks[-1].append(pair)
        else:
            blocks.append([pair])
    return blocks
