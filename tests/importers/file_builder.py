"""Builds .tflite files tensor by tensor, sound or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netsuke.errors import ImportModelError, NetsukeError
from netsuke.exporters.tflite.serialise import serialise
from netsuke.importers.tflite import load
from netsuke.importers.tflite import options as o
from netsuke.importers.tflite.records import (
    ElementType,
    ModelRecord,
    OperatorRecord,
    QuantizationRecord,
    SubgraphRecord,
    TensorRecord,
)
from netsuke.ir import Array, Graph

RELU = "RELU"
Q = QuantizationRecord(scale=(0.5,), zero_point=(3,))


class File:
    """Builds a file tensor by tensor; the graph's inputs are the tensors that nothing else gives."""

    def __init__(self) -> None:
        self.tensors: list[TensorRecord] = []
        self.operators: list[OperatorRecord] = []
        self.buffers: list[Array] = [np.zeros(0, np.uint8)]
        self.others: list[SubgraphRecord] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def tensor(self, shape: tuple[int, ...], name: str = "", **fields: Any) -> int:
        fields.setdefault("type", ElementType.INT8)
        if fields["type"] is ElementType.INT8:
            fields.setdefault("quantization", Q)
        self.tensors.append(TensorRecord(name=name or f"t{len(self.tensors)}", shape=shape, **fields))
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], name: str = "", **fields: Any) -> int:
        self.inputs.append(self.tensor(shape, name, **fields))
        return self.inputs[-1]

    def constant(self, value: Any, dtype: str = "int32") -> int:
        array = np.asarray(value, dtype)
        self.buffers.append(np.frombuffer(array.tobytes(), np.uint8))
        kind = ElementType[dtype.upper()]
        return self.tensor(array.shape, type=kind, buffer=len(self.buffers) - 1)

    def op(self, op: str, inputs: tuple[int, ...], outputs: tuple[int, ...], options: o.Options | None = None,
           **fields: Any) -> None:  # fmt: skip
        record = OperatorRecord(
            op=op, inputs=inputs, outputs=outputs, options=options or o.NoOptions(), **fields
        )
        self.operators.append(record)

    def subgraph(self) -> SubgraphRecord:
        return SubgraphRecord(
            name="main",
            tensors=tuple(self.tensors),
            operators=tuple(self.operators),
            inputs=tuple(self.inputs),
            outputs=tuple(self.outputs),
        )

    def data(self) -> bytes:
        return serialise(ModelRecord(subgraphs=(self.subgraph(), *self.others), buffers=tuple(self.buffers)))

    def load(self) -> Graph:
        return load(self.data(), "model")


def one_relu(**fields: Any) -> File:
    """x → RELU → y, with fields of x's tensor changed."""
    file = File()
    x, y = file.input((1, 4), "x", **fields), file.tensor((1, 4), "y")
    file.op(RELU, (x,), (y,))
    file.outputs = [y]
    return file


def refused(file: File, match: str, error: type[NetsukeError] = ImportModelError) -> None:
    with pytest.raises(error, match=match):
        file.load()
