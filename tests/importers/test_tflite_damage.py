"""Files that break a rule: one clear error each, and no work out of proportion."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite

from netsuke.errors import GraphError, ImportModelError, NetsukeError
from netsuke.exporters.tflite import write
from netsuke.exporters.tflite.serialise import serialise
from netsuke.importers.tflite import load
from netsuke.importers.tflite import options as o
from netsuke.importers.tflite.records import (
    ModelRecord,
    OperatorRecord,
    QuantizationRecord,
)
from netsuke.ir import DType
from netsuke.ops.pool import Pool2d
from tests.importers.file_builder import RELU, File, one_relu, refused
from tests.importers.patching import patched
from tests.ops.case import one_node, tensor_type


def test_operators_out_of_order() -> None:
    file = one_relu()
    z = file.tensor((1, 4), "z")
    file.op(RELU, (1,), (z,))
    file.operators.reverse()
    file.outputs = [z]
    refused(file, "reads 'y', which nothing before it writes")


def test_a_cycle() -> None:
    file = File()
    a, b = file.tensor((1, 4), "a"), file.tensor((1, 4), "b")
    file.op(RELU, (a,), (b,))
    file.op(RELU, (b,), (a,))
    file.outputs = [a]
    refused(file, "cycle")


def test_a_tensor_written_twice() -> None:
    file = one_relu()
    file.op(RELU, (0,), (1,))
    refused(file, "writes 'y', which is written before")


def test_the_same_output_twice() -> None:
    file = one_relu()
    file.outputs *= 2
    refused(file, "two of its outputs")


def test_no_outputs() -> None:
    file = one_relu()
    file.outputs = []
    refused(file, "no outputs")


def test_an_output_that_nothing_writes() -> None:
    file = one_relu()
    file.outputs = [file.tensor((1, 4))]
    refused(file, "written by no node", GraphError)


@pytest.mark.parametrize("shape", [(0, 4), (1, 0), (-1, 4), (1, -4)])
def test_sizes_below_one(shape: tuple[int, ...]) -> None:
    file = one_relu()
    file.tensors = [dataclasses.replace(t, shape=shape) for t in file.tensors]
    refused(file, "shape|operators", NetsukeError)


@pytest.mark.parametrize("shape", [(1 << 30, 1 << 30), (2**31 - 1,) * 8, (1, 1 << 30, 4)])
def test_giant_tensors(shape: tuple[int, ...]) -> None:
    file = one_relu()
    file.tensors = [dataclasses.replace(t, shape=shape) for t in file.tensors]
    refused(file, "far too large")


def test_too_many_dimensions() -> None:
    file = one_relu()
    file.tensors = [dataclasses.replace(t, shape=(1,) * 9) for t in file.tensors]
    refused(file, "damaged")


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e-38])
def test_scales_that_are_none(scale: float) -> None:
    refused(one_relu(quantization=QuantizationRecord(scale=(scale,), zero_point=(0,))), "scale")


@pytest.mark.parametrize(
    ("quantization", "match"),
    [
        (QuantizationRecord(scale=(1.0, 1.0), zero_point=(0, 0), axis=1), "2 scales"),
        (QuantizationRecord(scale=(1.0,) * 4, zero_point=(0, 0), axis=1), "2 zero points"),
        (QuantizationRecord(scale=(1.0,) * 4, zero_point=(0,) * 4, axis=7), "axis 7"),
        (QuantizationRecord(scale=(1.0,), zero_point=(200,)), "zero point outside"),
    ],
)
def test_quantisation_that_does_not_fit(quantization: QuantizationRecord, match: str) -> None:
    refused(one_relu(quantization=quantization), match, NetsukeError)


@pytest.mark.parametrize(
    "options",
    [
        o.Pool2DOptions(padding=1, stride_w=0, stride_h=1, filter_width=1, filter_height=1),
        o.Pool2DOptions(padding=1, stride_w=-1, stride_h=1, filter_width=1, filter_height=1),
        o.Pool2DOptions(padding=1, stride_w=1 << 30, stride_h=1, filter_width=1, filter_height=1),
        o.Pool2DOptions(padding=1, stride_w=1, stride_h=1, filter_width=0, filter_height=1),
        o.Pool2DOptions(padding=7, stride_w=1, stride_h=1, filter_width=1, filter_height=1),
        o.Pool2DOptions(padding=1, stride_w=1, stride_h=1, filter_width=9, filter_height=1),
        o.SoftmaxOptions(beta=1.0),
        o.NoOptions(),
    ],
)
def test_windows_that_make_no_sense(options: o.Options) -> None:
    file = File()
    x, y = file.input((1, 4, 4, 1)), file.tensor((1, 4, 4, 1))
    file.op("MAX_POOL_2D", (x,), (y,), options)
    file.outputs = [y]
    refused(file, "MAX_POOL_2D|max_pool_2d", NetsukeError)


def test_constant_of_another_size_than_its_shape() -> None:
    file = File()
    x, y = file.input((1, 4)), file.tensor((4, 1))
    perm = file.constant((1, 0))
    file.tensors[perm] = dataclasses.replace(file.tensors[perm], shape=(3,))
    file.op("TRANSPOSE", (x, perm), (y,))
    file.outputs = [y]
    refused(file, "8 bytes of 12")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_wrong_number_of_operands(count: int) -> None:
    file = one_relu()
    file.operators = [OperatorRecord(op="ADD", inputs=(0,) * count, outputs=(1,))]
    refused(file, f"has {count} inputs")


def test_absent_operand_where_one_is_needed() -> None:
    file = one_relu()
    file.operators = [OperatorRecord(op="ADD", inputs=(0, -1), outputs=(1,))]
    refused(file, "lacks input 1|cannot run", NetsukeError)


@pytest.mark.parametrize("index", [2, 1000, -2])
def test_operand_that_is_no_tensor(index: int) -> None:
    file = one_relu()
    file.operators = [OperatorRecord(op=RELU, inputs=(index,), outputs=(1,))]
    refused(file, f"tensor {index} of 2")


def test_schema_version() -> None:
    def change(model: Any) -> None:
        model.version = 2

    with pytest.raises(ImportModelError, match="schema version 2"):
        load(patched(one_relu().data(), change), "model")


def test_more_operators_than_any_model_has() -> None:
    record = one_relu().subgraph()
    many = dataclasses.replace(record, operators=record.operators * (1 << 15))
    with pytest.raises(ImportModelError, match="entries"):
        load(serialise(ModelRecord(subgraphs=(many,), buffers=())), "model")


@pytest.mark.parametrize("what", ["operands", "scales", "names", "operators"])
def test_shared_lists_cannot_multiply_the_work(what: str) -> None:
    """A list that thousands of tables refer to is cheap to store and would be dear to read."""
    builder = flatbuffers.Builder(1024)
    long = builder.CreateNumpyVector(np.ones(4000, np.int32 if what == "operands" else np.float32))
    name = builder.CreateString("n" * (4000 if what == "names" else 1))
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, long)
    quantization = tflite.QuantizationParametersEnd(builder)
    tflite.TensorStart(builder)
    tflite.TensorAddName(builder, name)
    if what == "scales":
        tflite.TensorAddQuantization(builder, quantization)
    tensor = tflite.TensorEnd(builder)
    tflite.OperatorStart(builder)
    if what == "operands":
        tflite.OperatorAddInputs(builder, long)
    operator = tflite.OperatorEnd(builder)
    tflite.OperatorCodeStart(builder)
    codes = vector(builder, [tflite.OperatorCodeEnd(builder)])
    tensors, operators = vector(builder, [tensor] * 10_000), vector(builder, [operator] * 10_000)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddOperators(builder, operators)
    subgraph = tflite.SubGraphEnd(builder)
    subgraphs = vector(builder, [subgraph] * (200 if what == "operators" else 1))
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, subgraphs)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    started = time.process_time()
    with pytest.raises(ImportModelError, match=r"again and again|entries"):
        load(bytes(builder.Output()), "model")
    assert time.process_time() - started < 3


def vector(builder: flatbuffers.Builder, tables: list[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in tables:
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def test_one_buffer_as_many_constants() -> None:
    """Each becomes an array of its own: their sum is bounded, whatever the file's size."""
    file = File()
    x = file.input((1, 1 << 22))
    file.buffers.append(np.zeros(1 << 22, np.uint8))
    for _ in range(80):
        constant, y = file.tensor((1, 1 << 22), buffer=1), file.tensor((1, 1 << 22))
        file.op("ADD", (x, constant), (y,), o.AddOptions())
        x = y
    file.outputs = [x]
    refused(file, "constants have more than")


def test_every_cut_of_a_file_is_refused() -> None:
    kind = tensor_type((1, 4, 4, 1), DType.INT8, 0.1)
    data = write(one_node("any", "max_pool_2d", Pool2d(kernel=(1, 1), stride=(1, 1)), [kind], [kind]).graph)
    for size in range(len(data)):
        with pytest.raises(ImportModelError):
            load(data[:size], "model")
