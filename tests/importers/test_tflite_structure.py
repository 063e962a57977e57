"""What the importer makes of a file's structure, and what it lists as missing."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from netsuke.errors import ImportModelError, UnsupportedModel
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
)
from netsuke.ir import Graph
from netsuke.ops.interpret import interpret
from tests.importers.file_builder import RELU, File, Q, one_relu, refused
from tests.importers.models import LiteRt
from tests.importers.patching import patched


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
    file.op("ARG_MIN", (x,), (a,))
    file.op("TFLite_Detection_PostProcess", (a,), (b,), custom=True)
    file.op("WHILE", (b,), (y,))
    file.outputs = [y]
    with pytest.raises(UnsupportedOperators) as caught:
        file.load()
    found = caught.value.operators
    assert [u.op for u in found] == ["ARG_MIN", "TFLite_Detection_PostProcess", "WHILE"]
    assert all(isinstance(u, Unsupported) and u.hint for u in found)
    assert found[1].place == "operator 1, writing 'middle'"
    assert "ARG_MAX" in found[0].hint
    assert "post-processing" in found[1].hint
    assert isinstance(caught.value, UnsupportedModel)
    assert "3 operators" in str(caught.value)


def test_a_long_list_is_cut_in_the_message_only() -> None:
    file = File()
    x = file.input((1, 4))
    for _ in range(100):
        y = file.tensor((1, 4))
        file.op("ARG_MIN", (x,), (y,))
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
