"""Sparse constants → dense arrays (TFLite's SparsityParameters: mixed dense and CSR levels, blocks
included).
"""

from __future__ import annotations

import numpy as np

from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.records import SparseDimension, SparsityRecord
from netsuke.ir import Array


def dense(values: Array, shape: tuple[int, ...], sparsity: SparsityRecord, name: str) -> Array:
    """The dense array of `shape`; `values` are the stored elements in traversal order.

    A blocked axis is split into (blocks, block size); the levels walk all those axes in `traversal_order`.
    Level by level each stored position gets the coordinates of the next axis, all positions at once.

    Raises:
        ImportModelError: when the levels do not describe such an array.
    """
    sizes = level_sizes(shape, sparsity, name)
    limit = max(len(values), *(len(d.segments) for d in sparsity.dimensions if d.segments is not None), 1)
    positions = np.zeros(1, np.int64)
    coordinates: dict[int, Array] = {}
    for axis, level in zip(sparsity.traversal_order, sparsity.dimensions, strict=True):
        parents, here = walk(positions, level, sizes[axis], limit, name)
        coordinates = {known: found[parents] for known, found in coordinates.items()}
        coordinates[axis] = here
        positions = np.arange(len(here))
    if len(positions) != len(values):
        raise Malformed(f"sparse tensor {name!r} places {len(positions):,} of its {len(values):,} values")
    index = plain_index(shape, sparsity, sizes, coordinates)
    result = np.zeros(shape, values.dtype)
    result[index] = values
    return result


def level_sizes(shape: tuple[int, ...], sparsity: SparsityRecord, name: str) -> list[int]:
    """The size of every axis, blocks behind the plain ones (which count blocks where they are blocked)."""
    rank, blocked = len(shape), len(sparsity.block_map)
    order, dimensions = sparsity.traversal_order, sparsity.dimensions
    if sorted(order) != list(range(rank + blocked)) or len(dimensions) != len(order):
        raise Malformed(f"sparse tensor {name!r} of rank {rank} walks its axes as {list(order)}")
    if len(set(sparsity.block_map)) != blocked or not set(sparsity.block_map) <= set(range(rank)):
        raise Malformed(f"sparse tensor {name!r} has blocks over axes {list(sparsity.block_map)}")
    sizes = [*shape, *(0 for _ in sparsity.block_map)]
    for block, axis in enumerate(sparsity.block_map):
        size = dimensions[order.index(rank + block)].dense_size
        if size < 1 or shape[axis] % size:
            raise Malformed(f"sparse tensor {name!r} has blocks of {size} along an axis of {shape[axis]}")
        sizes[rank + block] = size
        sizes[axis] = shape[axis] // size
    return sizes


def walk(positions: Array, level: SparseDimension, size: int, limit: int, name: str) -> tuple[Array, Array]:
    """(parent, coordinate) of every position one level down; at most `limit`, which the file's lists set."""
    if level.segments is None or level.indices is None:
        if level.dense_size != size or len(positions) * size > limit:
            raise Malformed(
                f"sparse tensor {name!r} has a level of {level.dense_size} where its shape has {size}"
            )
        return np.repeat(positions, size), np.tile(np.arange(size), len(positions))
    segments, indices = level.segments, level.indices
    counts = np.diff(segments)
    if (
        len(segments) != len(positions) + 1
        or (counts < 0).any()
        or segments[0] != 0
        or segments[-1] != len(indices)
    ):
        raise Malformed(f"sparse tensor {name!r} has segments that do not fit its indices")
    if len(indices) > limit or (len(indices) and not 0 <= indices.min() <= indices.max() < size):
        raise Malformed(f"sparse tensor {name!r} has an index outside its axis of {size}")
    return np.repeat(positions, counts), indices


def plain_index(
    shape: tuple[int, ...], sparsity: SparsityRecord, sizes: list[int], coordinates: dict[int, Array]
) -> tuple[Array, ...]:
    """Coordinates in the dense array: block number times block size plus the place in the block."""
    rank = len(shape)
    index = [coordinates[axis] for axis in range(rank)]
    for block, axis in enumerate(sparsity.block_map):
        index[axis] = index[axis] * sizes[rank + block] + coordinates[rank + block]
    return tuple(index)
