"""A .tflite file as plain checked values: what `read` gives, what the exporter's `serialise` takes.

Nothing is interpreted here but the flatbuffer's structure: operators are names with options, tensors refer
to buffers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from netsuke.importers.tflite.options import NoOptions, Options
from netsuke.ir import Array

ABSENT = -1
"""The tensor index of an optional operand that is not there."""
NO_OPTIONS = NoOptions()


class ElementType(Enum):
    """TFLite's TensorType by its number in the schema."""

    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    STRING = 5
    BOOL = 6
    INT16 = 7
    COMPLEX64 = 8
    INT8 = 9
    FLOAT64 = 10
    COMPLEX128 = 11
    UINT64 = 12
    RESOURCE = 13
    VARIANT = 14
    UINT32 = 15
    UINT16 = 16
    INT4 = 17
    BFLOAT16 = 18
    INT2 = 19
    UINT4 = 20

    @property
    def numpy(self) -> np.dtype[np.generic] | None:
        """The numpy dtype of its elements in a buffer; None for the types without one."""
        try:
            return np.dtype(self.name.lower())
        except TypeError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationRecord:
    """Scales and zero points as stored; `axis` is the quantized dimension."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseDimension:
    """One level of a sparse tensor: dense (`dense_size` only) or CSR (`segments`, `indices`)."""

    dense_size: int
    segments: Array | None = field(default=None, compare=False)
    indices: Array | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparsityRecord:
    """TFLite's SparsityParameters: levels in traversal order, blocked dimensions after the plain ones."""

    traversal_order: tuple[int, ...]
    block_map: tuple[int, ...]
    dimensions: tuple[SparseDimension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRecord:
    """A tensor; `buffer` 0 means that it has no stored value. `dynamic` axes have size 1 in `shape`."""

    name: str
    shape: tuple[int, ...]
    type: ElementType
    buffer: int = 0
    quantization: QuantizationRecord | None = None
    sparsity: SparsityRecord | None = None
    is_variable: bool = False
    dynamic: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRecord:
    """An operator: BuiltinOperator name (a custom one by its own name, `custom` set), tensor indices, -1
    for absent.
    """

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options = NO_OPTIONS
    version: int = 1
    custom: bool = False
    intermediates: tuple[int, ...] = ()
    """Tensors that only say how values inside the operator are quantised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphRecord:
    """Tensors and the operators over them, in execution order."""

    name: str
    tensors: tuple[TensorRecord, ...]
    operators: tuple[OperatorRecord, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The file: subgraph 0 is the model; buffers are byte arrays (uint8, one axis)."""

    subgraphs: tuple[SubgraphRecord, ...]
    buffers: tuple[Array, ...]
    description: str = ""
