"""Bytes of a .tflite file → records, every index, enum and length checked."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from tflite.BuiltinOperator import BuiltinOperator

from netsuke.errors import ImportModelError
from netsuke.importers.file import MAX_FILE_BYTES, looks_like
from netsuke.importers.tflite.flatbuffer import Malformed, Table
from netsuke.importers.tflite.options import NoOptions, Options, options_by_union
from netsuke.importers.tflite.records import (
    ABSENT,
    ElementType,
    ModelRecord,
    OperatorRecord,
    QuantizationRecord,
    SparseDimension,
    SparsityRecord,
    SubgraphRecord,
    TensorRecord,
)
from netsuke.ir import Array

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
MAX_SUBGRAPHS = 256
MAX_ENTRIES = 1 << 16
"""Tensors, buffers or operator codes in a file."""
MAX_OPERATORS = 1 << 14
MAX_OPERANDS = 4096
MAX_RANK = 8
MAX_TENSOR_BYTES = 1 << 31
"""A tensor that a file may speak of; what a board can hold is far less."""
MIN_SCALE, MAX_SCALE = 1e-30, 1e30
EXTERNAL = 1
"""Buffer.offset above this says that the bytes lie outside the flatbuffer."""


def read(data: bytes) -> ModelRecord:
    """The records of a file.

    Raises:
        ImportModelError: when it is too large, another format, or damaged; the message says which.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ImportModelError(
            f"the file has {len(data):,} bytes; netsuke reads models up to {MAX_FILE_BYTES:,}"
        )
    if data[4:8] != IDENTIFIER:
        look = looks_like(data) or f"a .tflite file has {IDENTIFIER.decode()!r} as its bytes 4 to 7"
        raise ImportModelError(f"this is not a .tflite model: {look if data else 'the file is empty'}")
    root = Table.root(data)
    version = root.uint32(0)
    if version != SCHEMA_VERSION:
        raise ImportModelError(
            f"got a .tflite file of schema version {version}; netsuke reads version {SCHEMA_VERSION}"
        )
    codes = [read_code(table) for table in root.tables(1, MAX_ENTRIES)]
    buffers = tuple(read_buffer(table, data) for table in root.tables(4, MAX_ENTRIES))
    tables = root.tables(2, MAX_SUBGRAPHS)
    if not tables:
        raise Malformed("it holds no graph")
    reader = SubgraphReader(codes, len(buffers))
    return ModelRecord(
        subgraphs=tuple(reader.read(table) for table in tables), buffers=buffers, description=root.string(3)
    )


@cache
def operator_names() -> dict[int, str]:
    """Number in BuiltinOperator → name."""
    return {number: name for name, number in vars(BuiltinOperator).items() if name.isupper()}


def read_code(table: Table) -> tuple[str, int, bool]:
    """(operator name, version, custom) of an OperatorCode."""
    number = max(table.int8(0), table.int32(3))
    if number == BuiltinOperator.CUSTOM:
        return table.string(1) or "(custom operator without a name)", table.int32(2, 1), True
    return operator_names().get(number, f"operator number {number}"), table.int32(2, 1), False


def read_buffer(table: Table, data: bytes) -> Array:
    """A buffer's bytes as a view of the file, inside the flatbuffer or behind it."""
    offset, size = table.uint64(1), table.uint64(2)
    if offset <= EXTERNAL:
        return table.content(0)
    if offset + size > len(data):
        raise Malformed(f"weights at byte {offset:,} of {size:,} bytes end outside the file")
    return np.frombuffer(data, np.uint8, size, offset) if size else np.zeros(0, np.uint8)


class SubgraphReader:
    """Reads subgraphs, counting tensors and operators over all of them."""

    def __init__(self, codes: list[tuple[str, int, bool]], buffers: int) -> None:
        self.codes = codes
        self.buffers = buffers
        self.tensors_left = MAX_ENTRIES
        self.operators_left = MAX_OPERATORS

    def read(self, table: Table) -> SubgraphRecord:
        """One SubGraph."""
        tensors = tuple(self._tensor(t, i) for i, t in enumerate(table.tables(0, self.tensors_left)))
        operators = table.tables(3, self.operators_left)
        count = len(tensors)
        self.tensors_left -= count
        self.operators_left -= len(operators)
        return SubgraphRecord(
            name=table.string(4),
            tensors=tensors,
            operators=tuple(self._operator(t, count) for t in operators),
            inputs=indices(table, 1, count, optional=False),
            outputs=indices(table, 2, count, optional=False),
        )

    def _tensor(self, table: Table, index: int) -> TensorRecord:
        name = table.string(3) or f"tensor_{index}"
        number = table.int8(1)
        try:
            kind = ElementType(number)
        except ValueError:
            raise Malformed(f"tensor {name!r} has element type number {number}") from None
        buffer = table.uint32(2)
        if buffer >= max(self.buffers, 1):
            raise Malformed(f"tensor {name!r} refers to buffer {buffer} of {self.buffers}")
        sparsity = table.table(6)
        return TensorRecord(
            name=name,
            shape=read_shape(table, name, kind),
            type=kind,
            buffer=buffer if self.buffers else 0,
            quantization=read_quantization(table.table(4)),
            sparsity=None if sparsity is None else read_sparsity(sparsity),
            is_variable=table.flag(5),
            dynamic=tuple(axis for axis, size in enumerate(table.int32s(7, MAX_RANK)) if size < 0),
        )

    def _operator(self, table: Table, tensors: int) -> OperatorRecord:
        code = table.uint32(0)
        if code >= len(self.codes):
            raise Malformed(f"an operator refers to operator code {code} of {len(self.codes)}")
        op, version, custom = self.codes[code]
        return OperatorRecord(
            op=op,
            inputs=indices(table, 1, tensors, optional=True),
            outputs=indices(table, 2, tensors, optional=False),
            options=read_options(table),
            version=version,
            custom=custom,
        )


def read_shape(table: Table, name: str, kind: ElementType) -> tuple[int, ...]:
    """A tensor's shape; sizes are 0 or more and their product is bounded."""
    shape = table.int32s(0, MAX_RANK)
    if any(size < 0 for size in shape):
        raise Malformed(f"tensor {name!r} has shape {list(shape)}")
    width = 1 if kind.numpy is None else kind.numpy.itemsize
    if math.prod(shape) * width > MAX_TENSOR_BYTES:
        raise ImportModelError(
            f"tensor {name!r} of shape {list(shape)} has more than {MAX_TENSOR_BYTES:,} bytes; "
            "the file is damaged, or the model is far too large for a microcontroller"
        )
    return shape


def indices(table: Table, slot: int, tensors: int, *, optional: bool) -> tuple[int, ...]:
    """Tensor indices, each below `tensors`; -1 only where operands may be absent."""
    found = table.int32s(slot, MAX_OPERANDS)
    lowest = ABSENT if optional else 0
    for index in found:
        if not lowest <= index < tensors:
            raise Malformed(f"an operand refers to tensor {index} of {tensors}")
    return found


def read_options(table: Table) -> Options:
    """An operator's options; NoOptions for those that netsuke has no class for."""
    cls = options_by_union().get(table.uint8(3))
    options = table.table(4) if cls is not None else None
    return NoOptions() if cls is None or options is None else options.options(cls)


def read_quantization(table: Table | None) -> QuantizationRecord | None:
    """Scales and zero points; None when there are no scales."""
    if table is None:
        return None
    scale = table.numbers(2, "float32", MAX_ENTRIES)
    if not len(scale):
        return None
    if not ((scale >= MIN_SCALE) & (scale <= MAX_SCALE)).all():
        raise Malformed(
            f"a quantisation scale is {bad_scale(scale)!r}, not a number from {MIN_SCALE} to {MAX_SCALE}"
        )
    zero_point = table.numbers(3, "int64", MAX_ENTRIES)
    return QuantizationRecord(
        scale=tuple(float(s) for s in scale),
        zero_point=tuple(int(z) for z in zero_point) or (0,) * len(scale),
        axis=table.int32(6),
    )


def bad_scale(scale: Array) -> float:
    """The first scale that is out of range or not a number."""
    return float(scale[~((scale >= MIN_SCALE) & (scale <= MAX_SCALE))][0])


def read_sparsity(table: Table) -> SparsityRecord:
    """How a sparse tensor's values are laid out."""
    return SparsityRecord(
        traversal_order=table.int32s(0, 2 * MAX_RANK),
        block_map=table.int32s(1, MAX_RANK),
        dimensions=tuple(read_dimension(t) for t in table.tables(2, 2 * MAX_RANK)),
    )


def read_dimension(table: Table) -> SparseDimension:
    """One level: dense with a size, or compressed with segments and indices."""
    kind = table.int8(0)
    if kind == 0:
        return SparseDimension(dense_size=table.int32(1))
    if kind != 1:
        raise Malformed(f"a sparse dimension has format number {kind}")
    return SparseDimension(dense_size=0, segments=index_vector(table, 2), indices=index_vector(table, 4))


INDEX_TYPES = {1: "int32", 2: "uint16", 3: "uint8"}


def index_vector(table: Table, slot: int) -> Array:
    """A SparseIndexVector (a union: type, then table) as int64."""
    dtype = INDEX_TYPES.get(table.uint8(slot))
    vector = table.table(slot + 1)
    if dtype is None or vector is None:
        raise Malformed("a sparse dimension has no indices")
    return vector.numbers(0, dtype).astype(np.int64)
