"""Changes to .tflite files by LiteRT's own object form: our writer shall not test our reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from netsuke.ir import Array


def patched(data: bytes, change: Callable[[schema.ModelT], None]) -> bytes:
    """The file after `change` of its object form."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    change(model)
    return packed(model)


def packed(model: schema.ModelT) -> bytes:
    """The bytes of an object form."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def with_external_buffers(data: bytes) -> bytes:
    """The same model with every buffer behind the flatbuffer."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    contents = [
        None if b.data is None or not len(b.data) else bytes(bytearray(b.data)) for b in model.buffers
    ]
    for buffer, content in zip(model.buffers, contents, strict=True):
        if content is not None:
            buffer.data, buffer.offset, buffer.size = None, 2, len(content)  # of the final fields' size
    place = -(-len(packed(model)) // 16) * 16
    tail = b""
    for buffer, content in zip(model.buffers, contents, strict=True):
        if content is not None:
            buffer.offset = place + len(tail)
            tail += content + b"\0" * (-len(content) % 16)
    return packed(model).ljust(place, b"\0") + tail


def sparsified(
    values: Array,
    order: Sequence[int],
    block_map: Sequence[int],
    block: Sequence[int],
    csr: Sequence[bool],
    width: int,
) -> tuple[Array, schema.SparsityParametersT]:
    """(stored values, SparsityParameters) of a dense array; `csr` says which levels are compressed.

    Written as the definition says, value by value: levels are walked in order, a compressed level keeps the
    coordinates below which some value is not zero.
    """
    sizes = list(values.shape)
    for axis, size in zip(block_map, block, strict=True):
        sizes[axis] //= size
    sizes += list(block)
    dense = np.zeros([sizes[axis] for axis in order], values.dtype)
    for place in product(*(range(sizes[axis]) for axis in order)):
        at = dict(zip(order, place, strict=True))
        index = [at[axis] for axis in range(values.ndim)]
        for number, axis in enumerate(block_map):
            index[axis] = index[axis] * block[number] + at[values.ndim + number]
        dense[place] = values[tuple(index)]
    parents: list[tuple[int, ...]] = [()]
    levels = []
    for depth, compressed in enumerate(csr):
        children: list[tuple[int, ...]] = []
        segments, indices = [0], []
        for parent in parents:
            for i in range(dense.shape[depth]):
                if not compressed or dense[(*parent, i)].any():
                    children.append((*parent, i))
                    indices.append(i)
            segments.append(len(indices))
        levels.append(
            level(dense.shape[depth], segments, indices, width) if compressed else level(dense.shape[depth])
        )
        parents = children
    parameters = schema.SparsityParametersT()
    parameters.traversalOrder, parameters.blockMap = list(order), list(block_map)
    parameters.dimMetadata = levels
    return np.array([dense[parent] for parent in parents], values.dtype), parameters


def level(
    size: int, segments: Sequence[int] = (), indices: Sequence[int] = (), width: int = 0
) -> schema.DimensionMetadataT:
    """One DimensionMetadata: dense, or compressed with indices of `width` bits."""
    found = schema.DimensionMetadataT()
    if not segments:
        found.format, found.denseSize = 0, size
        return found
    found.format = 1
    kind = {32: 1, 16: 2, 8: 3}[width]
    cls = {32: schema.Int32VectorT, 16: schema.Uint16VectorT, 8: schema.Uint8VectorT}[width]
    found.arraySegmentsType = found.arrayIndicesType = kind
    found.arraySegments, found.arrayIndices = cls(), cls()
    found.arraySegments.values, found.arrayIndices.values = list(segments), list(indices)
    return found
