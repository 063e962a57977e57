"""Operators that pick and place elements by constant indices: a Gather from a flat tensor.

The indices are found by doing the same to numbers of elements.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netsuke.importers.onnx.model import Refusal
from netsuke.importers.onnx.writing import MOST, Writing
from netsuke.ir import Array


def numbers(w: Writing, index: int = 0) -> Array:
    """int64: every element of an input by its number."""
    shape = w.shape(index)
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def picked(w: Writing, flat: str, at: Array) -> None:
    """The result: elements of a flat tensor."""
    if not 1 <= at.size <= MOST:
        raise Refusal(w.node, f"{at.size} elements are picked one by one; 1 to {MOST} were wanted")
    found = w.add("Gather", flat, w.constant(at.reshape(-1)), axis=0)
    w.add("Reshape", found, w.constant(np.array(at.shape, np.int64)), result=w.result)


def flattened(w: Writing, index: int) -> str:
    """An input as one row."""
    return w.add("Reshape", w.node.inputs[index], w.constant(np.array([-1], np.int64)))


def inside(w: Writing, indices: Array, size: int) -> Array:
    """Indices counted from the front.

    Raises:
        Refusal: when one is outside.
    """
    found = np.where(indices < 0, indices + size, indices).astype(np.int64)
    if found.size and (found.min() < 0 or found.max() >= size):
        raise Refusal(w.node, f"indices from {indices.min()} to {indices.max()} for a size of {size}")
    return found


def gather_elements(w: Writing) -> None:
    """An index for every element, along an axis."""
    shape = w.shape(0)
    axis = w.axis(0, len(shape))
    indices = inside(w, w.known(1), shape[axis])
    picked(w, flattened(w, 0), np.take_along_axis(cut(numbers(w), indices.shape, axis), indices, axis))


def cut(whole: Array, shape: tuple[int, ...], axis: int) -> Array:
    """The front part of the other axes, as many as there are indices."""
    return whole[tuple(slice(None) if i == axis else slice(d) for i, d in enumerate(shape))]


def gather_nd(w: Writing) -> None:
    """Slices by tuples of indices."""
    indices, batch = w.known(1), w.node.int_("batch_dims", 0)
    shape = w.shape(0)
    depth = indices.shape[-1]
    if not 0 <= batch < indices.ndim or batch + depth > len(shape):
        raise Refusal(w.node, f"indices {list(indices.shape)} with {batch} batch axes for {list(shape)}")
    tuples = [inside(w, indices[..., i], shape[batch + i]) for i in range(depth)]
    grid = np.ogrid[tuple(slice(d) for d in indices.shape[:batch])] if batch else []
    rest = indices.ndim - 1 - batch
    leading = [np.asarray(g).reshape(g.shape + (1,) * rest) for g in grid]
    picked(w, flattened(w, 0), np.asarray(numbers(w)[(*leading, *tuples)]))


def scattered(w: Writing, place: Callable[[Array, Array], None]) -> None:
    """Elements of the first input, some of them replaced by those of the third."""
    reduction = w.node.text("reduction", "none")
    if reduction != "none":
        raise Refusal(w.node, f"reduction is {reduction!r}; replacing alone can be compiled")
    if max(int(np.prod(w.shape(i))) for i in (0, 2)) > MOST:
        raise Refusal(w.node, f"more than {MOST} elements would be placed one by one")
    target, updates = numbers(w, 0), numbers(w, 2)
    place(target, updates + target.size)
    both = w.add("Concat", flattened(w, 0), flattened(w, 2), axis=0)
    picked(w, both, target)


def scatter_elements(w: Writing) -> None:
    """An index for every update, along an axis; the last of several for one place stays."""
    shape = w.shape(0)
    axis = w.axis(0, len(shape))
    indices = inside(w, w.known(1), shape[axis])

    def place(target: Array, updates: Array) -> None:
        for at in np.ndindex(indices.shape):
            target[(*at[:axis], indices[at], *at[axis + 1 :])] = updates[at]

    scattered(w, place)


def scatter_nd(w: Writing) -> None:
    """Slices put to tuples of indices."""
    indices, shape = w.known(1).astype(np.int64), w.shape(0)
    depth = indices.shape[-1]
    tuples = np.stack([inside(w, indices[..., i], shape[i]) for i in range(depth)], axis=-1)

    def place(target: Array, updates: Array) -> None:
        for at in np.ndindex(indices.shape[:-1]):
            target[tuple(tuples[at])] = updates[at]

    scattered(w, place)


def reverse_sequence(w: Writing) -> None:
    """The first elements of every sequence in the other order."""
    time, batch = w.node.int_("time_axis", 0), w.node.int_("batch_axis", 1)
    lengths, whole = w.known(1).reshape(-1), numbers(w)
    if {time, batch} != {0, 1} or whole.ndim < 2 or len(lengths) != whole.shape[batch]:
        raise Refusal(w.node, f"axes {time} and {batch}, {len(lengths)} lengths for {list(whole.shape)}")
    rows = np.moveaxis(whole, (batch, time), (0, 1)).copy()
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = row[:length][::-1].copy()
    picked(w, flattened(w, 0), np.moveaxis(rows, (0, 1), (batch, time)))
