"""Records → the bytes of a .tflite file (schema version 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import flatbuffers
import numpy as np
import tflite
from tflite.BuiltinOperator import BuiltinOperator

from netsuke.importers.tflite.options import NoOptions, Options, Wire
from netsuke.importers.tflite.records import (
    ModelRecord,
    OperatorRecord,
    QuantizationRecord,
    SubgraphRecord,
    TensorRecord,
)
from netsuke.ir import Array

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
LAST_BYTE_CODE = 127
"""Operator codes above this do not fit the deprecated byte: PLACEHOLDER_FOR_GREATER_OP_CODES stands there."""
BUFFER_ALIGNMENT = 16

OpCode = tuple[str, int, bool]
"""Operator name, version, custom."""


def serialise(model: ModelRecord) -> bytes:
    """The file. Weights lie inside it; every buffer starts at a multiple of 16."""
    builder = flatbuffers.Builder(1024 + sum(b.nbytes + BUFFER_ALIGNMENT for b in model.buffers))
    codes = list(dict.fromkeys(code_of(op) for graph in model.subgraphs for op in graph.operators))
    buffers = offsets(builder, [write_buffer(builder, data) for data in model.buffers])
    subgraphs = offsets(builder, [write_subgraph(builder, graph, codes) for graph in model.subgraphs])
    operator_codes = offsets(builder, [write_code(builder, code) for code in codes])
    description = builder.CreateString(model.description)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, SCHEMA_VERSION)
    tflite.ModelAddOperatorCodes(builder, operator_codes)
    tflite.ModelAddSubgraphs(builder, subgraphs)
    tflite.ModelAddDescription(builder, description)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), IDENTIFIER)
    return bytes(builder.Output())


def code_of(op: OperatorRecord) -> OpCode:
    """What tells two operator codes apart."""
    return op.op, op.version, op.custom


def offsets(builder: flatbuffers.Builder, entries: Sequence[int]) -> int:
    """A vector of tables or strings."""
    builder.StartVector(4, len(entries), 4)
    for entry in reversed(entries):
        builder.PrependUOffsetTRelative(entry)
    return int(builder.EndVector())


def numbers(builder: flatbuffers.Builder, values: Sequence[float], dtype: str) -> int:
    """A vector of numbers."""
    return int(builder.CreateNumpyVector(np.asarray(values, dtype=dtype)))


def write_buffer(builder: flatbuffers.Builder, data: Array) -> int:
    """One Buffer; an empty one carries no vector, which is how a tensor without a value is written."""
    vector = 0
    if data.nbytes:
        raw = data.tobytes()
        builder.StartVector(1, len(raw), BUFFER_ALIGNMENT)
        builder.head -= len(raw)
        builder.Bytes[builder.head : builder.head + len(raw)] = raw
        vector = builder.EndVector()
    tflite.BufferStart(builder)
    if vector:
        tflite.BufferAddData(builder, vector)
    return int(tflite.BufferEnd(builder))


def write_code(builder: flatbuffers.Builder, code: OpCode) -> int:
    """One OperatorCode."""
    name, version, custom = code
    number = BuiltinOperator.CUSTOM if custom else getattr(BuiltinOperator, name)
    custom_name = builder.CreateString(name) if custom else 0
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(number, LAST_BYTE_CODE))
    if custom:
        tflite.OperatorCodeAddCustomCode(builder, custom_name)
    tflite.OperatorCodeAddVersion(builder, version)
    tflite.OperatorCodeAddBuiltinCode(builder, number)
    return int(tflite.OperatorCodeEnd(builder))


def write_subgraph(builder: flatbuffers.Builder, graph: SubgraphRecord, codes: list[OpCode]) -> int:
    """One SubGraph."""
    tensors = offsets(builder, [write_tensor(builder, tensor) for tensor in graph.tensors])
    operators = offsets(builder, [write_operator(builder, op, codes) for op in graph.operators])
    inputs = numbers(builder, graph.inputs, "int32")
    outputs = numbers(builder, graph.outputs, "int32")
    name = builder.CreateString(graph.name)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    tflite.SubGraphAddName(builder, name)
    return int(tflite.SubGraphEnd(builder))


def write_tensor(builder: flatbuffers.Builder, tensor: TensorRecord) -> int:
    """One Tensor."""
    name = builder.CreateString(tensor.name)
    shape = numbers(builder, tensor.shape, "int32")
    quantization = write_quantization(builder, tensor.quantization) if tensor.quantization else 0
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tensor.type.value)
    tflite.TensorAddBuffer(builder, tensor.buffer)
    tflite.TensorAddName(builder, name)
    if quantization:
        tflite.TensorAddQuantization(builder, quantization)
    tflite.TensorAddIsVariable(builder, tensor.is_variable)
    tflite.TensorAddHasRank(builder, True)
    return int(tflite.TensorEnd(builder))


def write_quantization(builder: flatbuffers.Builder, quantization: QuantizationRecord) -> int:
    """One QuantizationParameters."""
    scale = numbers(builder, quantization.scale, "float32")
    zero_point = numbers(builder, quantization.zero_point, "int64")
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scale)
    tflite.QuantizationParametersAddZeroPoint(builder, zero_point)
    tflite.QuantizationParametersAddQuantizedDimension(builder, quantization.axis)
    return int(tflite.QuantizationParametersEnd(builder))


def write_operator(builder: flatbuffers.Builder, op: OperatorRecord, codes: list[OpCode]) -> int:
    """One Operator."""
    inputs = numbers(builder, op.inputs, "int32")
    outputs = numbers(builder, op.outputs, "int32")
    intermediates = numbers(builder, op.intermediates, "int32") if op.intermediates else 0
    options = write_options(builder, op.options)
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, codes.index(code_of(op)))
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if options:
        tflite.OperatorAddBuiltinOptionsType(builder, op.options.union)
        tflite.OperatorAddBuiltinOptions(builder, options)
    if intermediates:
        tflite.OperatorAddIntermediates(builder, intermediates)
    return int(tflite.OperatorEnd(builder))


def write_options(builder: flatbuffers.Builder, options: Options) -> int:
    """The options' table; 0 where the operator has none."""
    if isinstance(options, NoOptions):
        return 0
    layout = [(f.metadata["wire"], getattr(options, f.name), f.default) for f in fields(options)]  # type: ignore[arg-type]
    stored = [out_of_line(builder, wire, value) for wire, value, _ in layout]
    builder.StartObject(len(layout))
    for index, ((wire, value, default), offset) in enumerate(zip(layout, stored, strict=True)):
        match wire:
            case Wire.INT8:
                builder.PrependInt8Slot(index, value, default)
            case Wire.INT32:
                builder.PrependInt32Slot(index, value, default)
            case Wire.FLOAT32:
                builder.PrependFloat32Slot(index, value, default)
            case Wire.BOOL:
                builder.PrependBoolSlot(index, value, default)
            case Wire.INT32S | Wire.STRING:
                builder.PrependUOffsetTRelativeSlot(index, offset, 0)
    return int(builder.EndObject())


def out_of_line(builder: flatbuffers.Builder, wire: Wire, value: object) -> int:
    """Vectors and strings are written before the table that refers to them; 0 for the kinds that lie in the
    table.
    """
    if wire is Wire.INT32S:
        assert isinstance(value, tuple)
        return numbers(builder, value, "int32")
    if wire is Wire.STRING:
        return int(builder.CreateString(str(value)))
    return 0
