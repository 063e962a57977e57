"""What an operator's encoder writes into: one subgraph's tensors and operators, and the file's buffers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.exporters.tflite.versions import version_of
from netsuke.importers.tflite.options import NoOptions, Options, VarHandleOptions
from netsuke.importers.tflite.records import (
    ABSENT,
    ElementType,
    OperatorRecord,
    QuantizationRecord,
    SubgraphRecord,
    TensorRecord,
)
from netsuke.ir import Array, DType, Quantization, State, Tensor, TensorType
from netsuke.ops.operator import Site

PER_CHANNEL_VERSION = 5
"""Of a DEQUANTIZE whose scales are per channel."""
ELEMENT_TYPES = {dtype: ElementType[dtype.name] for dtype in DType}


class Buffers:
    """The file's buffers; buffer 0 is the empty one, and equal constants share one."""

    def __init__(self) -> None:
        self.data: list[Array] = [np.zeros(0, np.uint8)]
        self._known: dict[bytes, int] = {}

    def add(self, data: Array) -> int:
        """The buffer that holds this array's bytes."""
        raw = data.tobytes()
        if raw not in self._known:
            self._known[raw] = len(self.data)
            self.data.append(np.frombuffer(raw, np.uint8))
        return self._known[raw]


class Emitter:
    """Builds one subgraph. Encoders ask for tensors by operand and emit operators in execution order."""

    def __init__(self, name: str, buffers: Buffers) -> None:
        self.name = name
        self.buffers = buffers
        self.tensors: list[TensorRecord] = []
        self.types: list[TensorType | None] = []
        self.operators: list[OperatorRecord] = []
        self._by_name: dict[str, int] = {}

    def tensor(self, tensor: Tensor) -> int:
        """The index of a graph's tensor, added when it is new."""
        if tensor.name not in self._by_name:
            buffer = 0 if tensor.data is None else self.buffers.add(tensor.data)
            self._by_name[tensor.name] = self._add(tensor.name, tensor.type, buffer)
        return self._by_name[tensor.name]

    def int4(self, tensor: Tensor) -> int:
        """The same for constant int8 weights of four bits or fewer, kept as INT4: two a byte, the first low."""
        key = f"{tensor.name}/int4"
        if key not in self._by_name:
            assert tensor.data is not None
            flat = np.pad(tensor.data.reshape(-1), (0, tensor.data.size % 2)).view(np.uint8) & 15
            index = self._add(tensor.name, tensor.type, self.buffers.add(flat[0::2] | flat[1::2] << 4))
            self.tensors[index] = replace(self.tensors[index], type=ElementType.INT4)
            self._by_name[key] = index
        return self._by_name[key]

    def constant(self, value: Array, name: str) -> int:
        """A constant that only the file has: a shape, a permutation, paddings."""
        kind = TensorType(shape=value.shape, dtype=DType.of(value))
        return self._add(name, kind, self.buffers.add(value))

    def int32(self, values: Any, name: str) -> int:
        """A constant of int32, as TFLite wants shapes and axes."""
        return self.constant(np.asarray(values, np.int32), name)

    def tensor_like(self, value: Array, like: TensorType, name: str) -> int:
        """A constant with the quantisation of another tensor."""
        kind = TensorType(shape=value.shape, dtype=DType.of(value), quantization=like.quantization)
        return self._add(name, kind, self.buffers.add(value))

    def compact(self, tensor: Tensor, values: Array, quantization: Quantization) -> int:
        """The index of a float constant that is written as int8 numbers, with a DEQUANTIZE; once."""
        if tensor.name not in self._by_name:
            kind = TensorType(shape=values.shape, dtype=DType.INT8, quantization=quantization)
            stored = self._add(f"{tensor.name}/int8", kind, self.buffers.add(values))
            made = self._by_name[tensor.name] = self._add(tensor.name, tensor.type, 0)
            version = PER_CHANNEL_VERSION if quantization.per_channel else None
            self.emit("DEQUANTIZE", (stored,), (made,), version=version)
        return self._by_name[tensor.name]

    def intermediate(self, kind: TensorType, name: str) -> int:
        """A tensor between two operators that only the file has."""
        return self._add(name, kind, 0)

    def variable(self, kind: TensorType, name: str) -> int:
        """A state that the operator keeps; LiteRT sets it to 0 with reset_all_variables."""
        index = self._add(name, kind, 0)
        self.tensors[index] = replace(self.tensors[index], is_variable=True)
        return index

    def handle(self, state: State) -> int:
        """The resource handle of a variable, by a VAR_HANDLE of this subgraph."""
        key = f"{state.name}/handle"
        if key not in self._by_name:
            self._by_name[key] = len(self.tensors)
            self.tensors.append(TensorRecord(name=key, shape=(), type=ElementType.RESOURCE))
            self.types.append(None)
            self.emit("VAR_HANDLE", (), (self._by_name[key],), VarHandleOptions(shared_name=state.name))
        return self._by_name[key]

    def x(self, site: Site[Any], index: int = 0) -> int:
        """The tensor index of input `index`; ABSENT where the node has none."""
        return self.tensor(site.x(index)) if site.has(index) else ABSENT

    def y(self, site: Site[Any], index: int = 0) -> int:
        """The tensor index of output `index`."""
        return self.tensor(site.y(index))

    def emit(
        self,
        op: str,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        options: Options | None = None,
        version: int | None = None,
        intermediates: tuple[int, ...] = (),
    ) -> None:
        """Appends an operator; the version comes from the operands' types unless it is given."""
        operands = [self.types[i] for i in (*inputs, *outputs) if i != ABSENT]
        known = version_of(op, [t for t in operands if t is not None])
        self.operators.append(
            OperatorRecord(
                op=op,
                inputs=inputs,
                outputs=outputs,
                options=options or NoOptions(),
                version=known if version is None else version,
                intermediates=intermediates,
            )
        )

    def record(self, inputs: tuple[int, ...] = (), outputs: tuple[int, ...] = ()) -> SubgraphRecord:
        """The finished subgraph."""
        return SubgraphRecord(
            name=self.name,
            tensors=tuple(self.tensors),
            operators=tuple(self.operators),
            inputs=inputs,
            outputs=outputs,
        )

    def _add(self, name: str, kind: TensorType, buffer: int) -> int:
        self.tensors.append(
            TensorRecord(
                name=name,
                shape=kind.shape,
                type=ELEMENT_TYPES[kind.dtype],
                buffer=buffer,
                quantization=quantization_record(kind.quantization),
            )
        )
        self.types.append(kind)
        return len(self.tensors) - 1


def quantization_record(quantization: Quantization | None) -> QuantizationRecord | None:
    """Our quantisation as the file has it."""
    if quantization is None:
        return None
    return QuantizationRecord(
        scale=quantization.scale, zero_point=quantization.zero_point, axis=quantization.axis or 0
    )
