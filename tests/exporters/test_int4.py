"""Weights that were quantised to four bits or fewer are INT4 in the files, which LiteRT and onnxruntime read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import tflite

from netsuke.compress.recipe import Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.exporters.onnx import write as write_onnx
from netsuke.exporters.tflite import write as write_tflite
from netsuke.importers.loading import load_onnx
from netsuke.importers.tflite import load as load_tflite
from netsuke.ir import Array, Graph
from netsuke.ops.geometry import Padding
from netsuke.ops.interpret import interpret
from netsuke.ops.operator import site_of
from netsuke.ops.packed_bits import bits_of
from netsuke.prove.stimuli import random_inputs
from tests.importers.onnx.models import model, random, step
from tests.ops.case import Case
from tests.ops.cases_conv_2d import Geometry, conv_case
from tests.ops.cases_depthwise import depthwise_case
from tests.ops.cases_fully_connected import connected_case
from tests.ops.conv_operands import BY_NAME, Style
from tests.ops.oracle import litert


def cases(style: Style) -> list[Case]:
    return [
        conv_case(style, Geometry(image=(5, 6, 3), out=5)),
        depthwise_case(style, Geometry(image=(5, 6, 7), out=7, padding=Padding.VALID)),
        connected_case(style, (2, 21), 5, 21),
    ]


def marked(case: Case) -> Case:
    """The weights said to have as many bits as hold them, as a quantisation to so many bits says it."""
    graph = case.graph
    name = graph.nodes[0].inputs[1]
    tensor = graph.tensors[name]
    bits = bits_of(site_of(graph, graph.nodes[0]))
    assert tensor.quantization is not None
    tensor = replace(tensor, quantization=replace(tensor.quantization, bits=bits))
    return replace(case, graph=graph.with_(tensors={**graph.tensors, name: tensor}))


def few_bits(bits: int) -> Style:
    return replace(BY_NAME["s8"], name=f"s8-w{bits}", bits=bits)


SMALL = [case for bits in (4, 2) for case in cases(few_bits(bits))]
CASES = [marked(case) for case in SMALL]


def weights(graph: Graph) -> Array:
    return data_of(graph, graph.nodes[0].inputs[1])


def data_of(graph: Graph, name: str) -> Array:
    data = graph.tensors[name].data
    assert data is not None
    return data


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_tflite(case: Case) -> None:
    data = write_tflite(case.graph)
    types = tensor_types(data)
    assert tflite.TensorType.INT4 in types
    back = load_tflite(data, case.graph.name)
    np.testing.assert_array_equal(weights(back), weights(case.graph))
    assert bits_said(back) == 4
    vectors = random_inputs(case.graph, 3, seed=1)
    for vector, theirs in zip(vectors, litert(case.graph, vectors), strict=True):
        np.testing.assert_array_equal(interpret(back, vector).outputs[0], theirs[0])


def test_small_weights_that_nobody_quantised_to_four_bits_stay_int8() -> None:
    for case in (*cases(BY_NAME["s8"]), *SMALL):
        assert tflite.TensorType.INT4 not in tensor_types(write_tflite(case.graph))
        assert onnx.TensorProto.INT4 not in initializer_types(write_onnx(case.graph))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_onnx(case: Case) -> None:
    data = write_onnx(case.graph)
    assert onnx.TensorProto.INT4 in initializer_types(data)
    back = load_onnx(data, Path("m.onnx"))
    assert bits_said(back) == 4
    session = ort.InferenceSession(data)
    for vector in random_inputs(case.graph, 3, seed=1):
        ours = interpret(case.graph, vector).outputs[0]
        again = interpret(back, vector).outputs[0]
        np.testing.assert_array_equal(again.reshape(ours.shape), ours)
        theirs = session.run(None, {session.get_inputs()[0].name: vector[0]})[0]
        assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= 1


@pytest.mark.parametrize(("kind", "middle"), [("INT4", 0), ("UINT4", 8)])
def test_onnx_integers_of_four_bits_become_symmetric_weights(kind: str, middle: int) -> None:
    """A UINT4 zero point of 8 is what stands for symmetric weights: they can be kept packed."""
    dtype = onnx.helper.tensor_dtype_to_np_dtype(getattr(onnx.TensorProto, kind))
    stored = np.random.default_rng(0).integers(-8, 8, (3, 4))
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("DequantizeLinear", ["q", "s", "z"], ["x"]),
            onnx.helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["real"], axis=0),
            onnx.helper.make_node("Gemm", ["x", "real"], ["sums"], transB=1),
            onnx.helper.make_node("QuantizeLinear", ["sums", "s", "z"], ["y"]),
        ],
        "g",
        [onnx.helper.make_tensor_value_info("q", onnx.TensorProto.INT8, [2, 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.INT8, [2, 3])],
        [
            onnx.numpy_helper.from_array(np.float32(0.1), "s"),
            onnx.numpy_helper.from_array(np.int8(-3), "z"),
            onnx.numpy_helper.from_array((stored + middle).astype(dtype), "w"),
            onnx.numpy_helper.from_array(np.float32([0.1, 0.2, 0.05]), "ws"),
            onnx.numpy_helper.from_array(np.full(3, middle).astype(dtype), "wz"),
        ],
    )
    opset = onnx.helper.make_opsetid("", 21)
    made = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10)
    loaded = load_onnx(made.SerializeToString(), Path("m.onnx"))
    layer = next(node for node in loaded.nodes if node.op == "fully_connected")
    found = loaded.tensors[layer.inputs[1]]
    np.testing.assert_array_equal(data_of(loaded, layer.inputs[1]), stored)
    assert found.quantization is not None
    assert not any(found.quantization.zero_point)
    assert found.quantization.bits == 4


def test_layers_that_a_recipe_quantises_to_four_bits_are_int4_and_no_others() -> None:
    """The mark goes from the recipe to the files, and from the files back."""
    steps = [step("Gemm", "x a", "h", transB=1), step("Gemm", "h b", "y", transB=1)]
    file = model(steps, {"x": (1, 6)}, {"a": random(5, 6, seed=1), "b": random(3, 5, seed=2)})
    graph = load_onnx(file, Path("two.onnx"))
    first = graph.nodes[0].name
    samples = ArraySamples(arrays=(random(16, 1, 6, seed=3),))
    for recipe, count in ((Recipe(), 0), (Recipe(weights_4=(first,)), 1), (Recipe(weights_2=("all",)), 2)):
        done = quantize_by(graph, samples, recipe).graph
        lite, standard = write_tflite(done), write_onnx(done)
        assert tensor_types(lite).count(tflite.TensorType.INT4) == count
        # A scale a channel: ONNX wants zero points of the same type.
        assert initializer_types(standard).count(onnx.TensorProto.INT4) == 2 * count
        for back in (load_tflite(lite, "two"), load_onnx(standard, Path("two.onnx"))):
            marked_ones = [t for t in back.tensors.values() if t.quantization and t.quantization.bits]
            assert len(marked_ones) == count


def bits_said(graph: Graph) -> int | None:
    quantization = graph.tensors[graph.nodes[0].inputs[1]].quantization
    assert quantization is not None
    return quantization.bits


def tensor_types(data: bytes) -> list[int]:
    graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
    return [graph.Tensors(i).Type() for i in range(graph.TensorsLength())]


def initializer_types(data: bytes) -> list[int]:
    return [tensor.data_type for tensor in onnx.load_from_string(data).graph.initializer]
