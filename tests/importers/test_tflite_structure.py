"""What the importer makes of a file's structure, good and bad."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite

from netsuke.errors import GraphError, ImportModelError, NetsukeError, UnsupportedModel
from netsuke.exporters.tflite import write
from netsuke.exporters.tflite.serialise import serialise
from netsuke.importers import Unsupported, UnsupportedOperators
from netsuke.importers.tflite import load
from netsuke.importers.tflite import options as o
from netsuke.importers.tflite.names import layer_of, unique_names
from netsuke.importers.tflite.read import read
from netsuke.importers.tflite.records import (
    ElementType,
    ModelRecord,
    OperatorRecord,
    QuantizationRecord,
    SubgraphRecord,
    TensorRecord,
)
from netsuke.ir import Array, DType, Graph
from netsuke.ops.interpret import interpret
from netsuke.ops.pool import Pool2d
from tests.importers.models import LiteRt
from tests.importers.patching import patched
from tests.ops.case import one_node, tensor_type

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


def test_records_come_back() -> None:
    file = one_relu()
    record = ModelRecord(subgraphs=(file.subgraph(),), buffers=tuple(file.buffers), description="words")
    back = read(serialise(record))
    assert back.subgraphs == record.subgraphs
    assert back.description == "words"


# What netsuke lacks


def test_every_unsupported_operator_is_listed_with_its_place_and_hint() -> None:
    file = File()
    x, a, b, y = file.input((1, 4)), file.tensor((1, 4)), file.tensor((1, 4), "middle"), file.tensor((1, 4))
    file.op("ABS", (x,), (a,))
    file.op("TFLite_Detection_PostProcess", (a,), (b,), custom=True)
    file.op("WHILE", (b,), (y,))
    file.outputs = [y]
    with pytest.raises(UnsupportedOperators) as caught:
        file.load()
    found = caught.value.operators
    assert [u.op for u in found] == ["ABS", "TFLite_Detection_PostProcess", "WHILE"]
    assert all(isinstance(u, Unsupported) and u.hint for u in found)
    assert found[1].place == "operator 1, writing 'middle'"
    assert "MAXIMUM" in found[0].hint
    assert "post-processing" in found[1].hint
    assert isinstance(caught.value, UnsupportedModel)
    assert "3 operators" in str(caught.value)


def test_a_long_list_is_cut_in_the_message_only() -> None:
    file = File()
    x = file.input((1, 4))
    for _ in range(100):
        y = file.tensor((1, 4))
        file.op("ABS", (x,), (y,))
        x = y
    file.outputs = [x]
    with pytest.raises(UnsupportedOperators, match="and 60 more") as caught:
        file.load()
    assert len(caught.value.operators) == 100


def test_operator_of_a_later_schema_is_called_by_its_number() -> None:
    def change(model: Any) -> None:
        model.operatorCodes[0].builtinCode = 4000

    with pytest.raises(UnsupportedOperators, match="operator number 4000"):
        load(patched(one_relu().data(), change), "model")


def test_a_form_that_an_operator_does_not_have_is_listed() -> None:
    file = File()
    x, y = file.input((1, 4, 4, 1), type=ElementType.INT32), file.tensor((1, 4, 4, 1), type=ElementType.INT32)
    file.op(
        "MAX_POOL_2D",
        (x,),
        (y,),
        o.Pool2DOptions(padding=1, stride_w=1, stride_h=1, filter_width=1, filter_height=1),
    )
    file.outputs = [y]
    with pytest.raises(UnsupportedOperators, match="int32") as caught:
        file.load()
    assert caught.value.operators[0].op == "max_pool_2d"


def test_fused_tanh_is_no_clamp() -> None:
    file = File()
    a, b, y = file.input((1, 4)), file.input((1, 4)), file.tensor((1, 4))
    file.op("ADD", (a, b), (y,), o.AddOptions(fused_activation_function=4))
    file.outputs = [y]
    refused(file, "fused activation number 4", UnsupportedOperators)


def test_shape_computed_at_run_time() -> None:
    file = File()
    x, perm, y = file.input((1, 4)), file.input((2,), type=ElementType.INT32), file.tensor((4, 1))
    file.op("TRANSPOSE", (x, perm), (y,), o.TransposeOptions())
    file.outputs = [y]
    refused(file, "computed at run time", UnsupportedOperators)


@pytest.mark.parametrize(
    "kind", [ElementType.STRING, ElementType.COMPLEX64, ElementType.FLOAT16, ElementType.UINT32]
)
def test_element_type_that_no_graph_has(kind: ElementType) -> None:
    refused(one_relu(type=kind, quantization=None), kind.name)


# What is left out


def test_dead_operators_and_unused_tensors_are_dropped() -> None:
    file = one_relu()
    dead = file.tensor((1, 4), "dead")
    file.op("ABS", (0,), (dead,))  # netsuke has no ABS, and nothing needs it
    file.constant([1, 2, 3])
    graph = file.load()
    assert set(graph.tensors) == {"x", "y"}
    assert [node.op for node in graph.nodes] == ["relu"]


def test_an_unused_input_stays() -> None:
    file = one_relu()
    file.input((1, 7), "unused")
    assert file.load().inputs == ("x", "unused")


@pytest.mark.parametrize("op", ["RESHAPE", "TRANSPOSE_CONV"])
def test_what_computes_a_shape_is_not_needed(op: str) -> None:
    """Keras writes SHAPE → PACK → RESHAPE for a batch of unknown size."""
    file = File()
    x = file.input((1, 2, 2, 1))
    shape = file.tensor((4,), type=ElementType.INT32)
    file.op("SHAPE", (x,), (shape,))
    if op == "RESHAPE":
        y = file.tensor((1, 4))
        file.op("RESHAPE", (x, shape), (y,), o.ReshapeOptions())
    else:
        y = file.tensor((1, 4, 4, 1))
        file.buffers.append(np.ones(4, np.uint8))
        weights = file.tensor(
            (1, 2, 2, 1), buffer=1, quantization=QuantizationRecord(scale=(0.1,), zero_point=(0,))
        )
        file.op(
            "TRANSPOSE_CONV",
            (shape, weights, x),
            (y,),
            o.TransposeConvOptions(padding=1, stride_w=2, stride_h=2),
        )
    file.outputs = [y]
    assert [node.op for node in file.load().nodes] == [op.lower()]


def test_batch_of_unknown_size_is_one() -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = [-1, 4]

    assert load(patched(one_relu().data(), change), "model").tensors["x"].shape == (1, 4)


def test_another_axis_of_unknown_size_is_refused() -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = [-1, -1]

    with pytest.raises(ImportModelError, match="fixed input shape"):
        load(patched(one_relu().data(), change), "model")


def test_float_tensors_lose_a_meaningless_quantisation() -> None:
    file = File()
    x = file.input((1, 4), type=ElementType.FLOAT32, quantization=Q)
    y = file.tensor((1, 4), type=ElementType.FLOAT32)
    file.op(RELU, (x,), (y,))
    file.outputs = [y]
    assert file.load().tensors["t0"].quantization is None


# Names


def test_tensor_names_are_made_unique() -> None:
    assert unique_names(["x", "x", "x_2", "x", "y"]) == ("x", "x_2", "x_2_2", "x_3", "y")
    assert len(set(unique_names(["same"] * 5000))) == 5000
    assert all(len(name) < 1024 for name in unique_names(["n" * 4000, "n" * 4000]))


@pytest.mark.parametrize(
    ("tensor", "op", "wanted"),
    [
        ("model/conv2d_3/BiasAdd;model/bn/FusedBatchNormV3", "CONV_2D", "conv2d_3"),
        ("m/act/Relu;m/bn/FusedBatchNormV3;m/conv2d_9/Conv2D;m/conv2d_6/Conv2D", "CONV_2D", "conv2d_6"),
        ("m/depthwise_conv2d/depthwise;m/conv2d/BiasAdd", "CONV_2D", "conv2d"),
        ("m/depthwise_conv2d/depthwise;m/conv2d/BiasAdd", "DEPTHWISE_CONV_2D", "depthwise_conv2d"),
        ("functional_1/flatten/Reshape", "RESHAPE", "flatten"),
        ("model_1/stream_6/strided_slice1", "STRIDED_SLICE", "stream_6"),
        ("StatefulPartitionedCall:0", "SOFTMAX", ""),
        ("Identity", "SOFTMAX", ""),
        ("../../etc/passwd", "RELU", "passwd"),
        ("a\nb; rm -rf", "RELU", "a_b"),
        ("", "RELU", ""),
        ("Ünïcode/ünïcode", "RELU", ""),
    ],
)
def test_layer_names(tensor: str, op: str, wanted: str) -> None:
    assert layer_of(tensor, op) == wanted


def test_nodes_of_one_layer_have_different_names() -> None:
    file = File()
    x = file.input((1, 4))
    for _ in range(3):
        y = file.tensor((1, 4), "model/block/Relu")
        file.op(RELU, (x,), (y,))
        x = y
    file.outputs = [x]
    assert [node.name for node in file.load().nodes] == ["block", "block_relu", "block_relu_2"]


# Canonical forms, held against LiteRT


def against_litert(file: File, *ops: str) -> Graph:
    data = file.data()
    graph = load(data, "model")
    assert tuple(node.op for node in graph.nodes) == ops
    rng = np.random.default_rng(0)
    x = rng.integers(-128, 128, graph.tensors[graph.inputs[0]].shape, np.int8)
    for ours, theirs in zip(interpret(graph, [x]).outputs, LiteRt(data).run(x), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    return graph


@pytest.mark.parametrize(
    ("begin", "end", "strides", "masks", "shape"),
    [
        ((0, 1, -2), (2, -1, 9), (1, 1, 1), {}, (2, 2, 2)),
        ((9, 9, 9), (0, 0, 0), (1, -2, 1), {"begin_mask": 5, "end_mask": 7}, (2, 2, 5)),
        ((1, 1), (2, 9), (1, 1), {"shrink_axis_mask": 1}, (3, 5)),
        ((0, 1), (0, 3), (1, 1), {"ellipsis_mask": 1}, (2, 4, 2)),
        ((0, 0, 1), (0, 0, 3), (1, 1, 1), {"begin_mask": 1, "end_mask": 1, "new_axis_mask": 2}, (2, 1, 2, 5)),
        (
            (0, 0, 1),
            (0, 0, 2),
            (1, 1, 1),
            {"ellipsis_mask": 1, "new_axis_mask": 2, "shrink_axis_mask": 4},
            (2, 4, 1),
        ),
        ((0, 1, 1), (2, 2, 3), (1, 1, 1), {"offset": True}, (2, 2, 3)),
    ],
)
def test_strided_slice(
    begin: tuple[int, ...],
    end: tuple[int, ...],
    strides: tuple[int, ...],
    masks: dict[str, Any],
    shape: tuple[int, ...],
) -> None:
    file = File()
    x, y = file.input((2, 4, 5)), file.tensor(shape)
    operands = (x, file.constant(begin), file.constant(end), file.constant(strides))
    file.op("STRIDED_SLICE", operands, (y,), o.StridedSliceOptions(**masks), version=2)
    file.outputs = [y]
    ops = ("strided_slice", "reshape") if "new_axis_mask" in masks else ("strided_slice",)
    against_litert(file, *ops)


def test_slice_with_open_size() -> None:
    file = File()
    x, y = file.input((2, 4, 5)), file.tensor((1, 4, 3))
    file.op(
        "SLICE", (x, file.constant((1, 0, 2)), file.constant((1, -1, 3))), (y,), o.SliceOptions(), version=2
    )
    file.outputs = [y]
    against_litert(file, "strided_slice")


def test_split_v_with_an_open_size() -> None:
    file = File()
    x, a, b = file.input((2, 5)), file.tensor((2, 2)), file.tensor((2, 3))
    file.op(
        "SPLIT_V",
        (x, file.constant((2, -1)), file.constant(1)),
        (a, b),
        o.SplitVOptions(num_splits=2),
        version=2,
    )
    file.outputs = [a, b]
    against_litert(file, "split")


def test_squeeze_and_expand_dims_are_reshapes() -> None:
    file = File()
    x, a, b = file.input((1, 3, 1)), file.tensor((3,)), file.tensor((3, 1))
    file.op("SQUEEZE", (x,), (a,), o.SqueezeOptions(squeeze_dims=(0, 2)))
    file.op("EXPAND_DIMS", (a, file.constant(1)), (b,))
    file.outputs = [b]
    against_litert(file, "reshape", "reshape")


@pytest.mark.parametrize("op", ["PAD", "PADV2"])
def test_pad_values(op: str) -> None:
    file = File()
    x, y = file.input((1, 2)), file.tensor((1, 4))
    operands = (x, file.constant(((0, 0), (1, 1))))
    if op == "PADV2":
        operands = (*operands, file.constant((-7,), "int8"))
    file.op(op, operands, (y,), version=2)
    file.outputs = [y]
    graph = against_litert(file, "pad")
    assert graph.nodes[0].args.value == (-7 if op == "PADV2" else 3)  # type: ignore[attr-defined]


# Streaming state


def streaming(initial: bool = True, kind: tuple[int, ...] = (1, 4)) -> File:
    """y = the x of the step before."""
    file = File()
    x, y = file.input((1, 4), "x"), file.tensor(kind, "y")
    if initial:
        file.op("CALL_ONCE", (), (), o.CallOnceOptions(init_subgraph_index=1))
        once = File()
        once.buffers = file.buffers
        handle = once.tensor((), type=ElementType.RESOURCE)
        once.op("VAR_HANDLE", (), (handle,), o.VarHandleOptions(shared_name="memory"))
        once.op("ASSIGN_VARIABLE", (handle, once.constant(((1, 2, 3, 4),), "int8")), ())
        file.others = [once.subgraph()]
    handle = file.tensor((), type=ElementType.RESOURCE)
    file.op("VAR_HANDLE", (), (handle,), o.VarHandleOptions(shared_name="memory"))
    file.op("READ_VARIABLE", (handle,), (y,))
    file.op("ASSIGN_VARIABLE", (handle, x), ())
    file.outputs = [y]
    return file


def test_initial_value_of_a_state() -> None:
    graph = streaming().load()
    assert [state.name for state in graph.states] == ["memory"]
    np.testing.assert_array_equal(graph.states[0].initial, [[1, 2, 3, 4]])


def test_a_state_that_nothing_initialises_starts_at_real_zero() -> None:
    np.testing.assert_array_equal(streaming(initial=False).load().states[0].initial, [[3, 3, 3, 3]])


def test_a_state_has_one_type() -> None:
    refused(streaming(kind=(1, 2)), "one type was wanted")


def test_once_called_subgraph_may_only_assign_constants() -> None:
    file = streaming()
    once = file.others[0]
    relu = OperatorRecord(op=RELU, inputs=(1,), outputs=(0,))
    file.others = [dataclasses.replace(once, operators=(relu,))]
    refused(file, "only constants may be assigned", UnsupportedOperators)


def test_a_subgraph_is_called_once_however_often_it_is_asked_for() -> None:
    file = streaming()
    file.operators[:1] *= 3
    assert len(file.load().states) == 1


def test_call_once_of_a_subgraph_that_is_not_there() -> None:
    file = streaming()
    file.others = []
    refused(file, "subgraph 1 of 1")


def test_handle_from_nowhere() -> None:
    file = streaming(initial=False)
    file.operators = [op for op in file.operators if op.op != "VAR_HANDLE"]
    refused(file, "not made by a VAR_HANDLE", UnsupportedOperators)


def test_a_giant_state_is_refused_before_it_is_made() -> None:
    file = File()
    y = file.tensor((1, 1 << 29))
    handle = file.tensor((), type=ElementType.RESOURCE)
    file.op("VAR_HANDLE", (), (handle,), o.VarHandleOptions(shared_name="memory"))
    file.op("READ_VARIABLE", (handle,), (y,))
    file.outputs = [y]
    refused(file, "netsuke takes states up to")


# Damage


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
    started = time.monotonic()
    with pytest.raises(ImportModelError, match=r"again and again|entries"):
        load(bytes(builder.Output()), "model")
    assert time.monotonic() - started < 3


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
