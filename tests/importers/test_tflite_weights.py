"""Weights as files store them: behind the flatbuffer, sparse, float16, int4, and int8 under a float layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from netsuke.errors import ImportModelError
from netsuke.exporters.tflite import write
from netsuke.importers.tflite import load
from netsuke.ir import Array, DType, Graph, Quantization, TensorType
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.interpret import interpret
from tests.importers.models import LiteRt
from tests.importers.patching import patched, sparsified, with_external_buffers
from tests.ops.case import one_node

WEIGHTS = 1
"""The weights' tensor index in the exported file: input, weights, bias, output."""


def dense_layer(weights: Array, bias: Array) -> Graph:
    """A float32 fully connected layer."""
    outputs, depth = weights.shape
    return one_node(
        "layer",
        "fully_connected",
        FullyConnected(),
        [
            TensorType(shape=(2, depth), dtype=DType.FLOAT32),
            (TensorType(shape=weights.shape, dtype=DType.FLOAT32), weights),
            (TensorType(shape=(outputs,), dtype=DType.FLOAT32), bias),
        ],
        [TensorType(shape=(2, outputs), dtype=DType.FLOAT32)],
    ).graph


def random_layer(outputs: int = 8, depth: int = 12, kept: float = 1.0) -> tuple[Graph, Array]:
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(outputs, depth)).astype(np.float32)
    weights[rng.random(weights.shape) > kept] = 0
    return dense_layer(weights, rng.normal(size=outputs).astype(np.float32)), weights


def weights_of(graph: Graph) -> Array:
    data = graph.tensors[graph.nodes[-1].inputs[WEIGHTS]].data
    assert data is not None
    return data


def test_weights_behind_the_flatbuffer() -> None:
    graph, weights = random_layer()
    inside = write(graph)
    outside = with_external_buffers(inside)
    assert weights.tobytes() in outside[-weights.nbytes - 128 :]
    assert load(outside, "case") == load(inside, "case")
    np.testing.assert_array_equal(weights_of(load(outside, "case")), weights)
    x = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    np.testing.assert_array_equal(LiteRt(outside).run(x)[0], interpret(load(outside, "case"), [x]).outputs[0])


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_weights_behind_the_flatbuffer_that_end_outside_the_file(cut: int) -> None:
    outside = with_external_buffers(write(random_layer()[0]))
    with pytest.raises(ImportModelError, match="end outside the file"):
        load(outside[:-cut], "case")


@pytest.mark.parametrize("place", [2**64 - 16, 2**63, 2**32])
def test_weights_at_an_absurd_place(place: int) -> None:
    def change(model: schema.ModelT) -> None:
        model.buffers[1].data, model.buffers[1].offset, model.buffers[1].size = None, place, 64

    with pytest.raises(ImportModelError, match="end outside the file"):
        load(patched(write(random_layer()[0]), change), "case")


SPARSE_FORMS = {
    "csr": ((0, 1), (), (), (False, True)),
    "csc": ((1, 0), (), (), (False, True)),
    "all-csr": ((0, 1), (), (), (True, True)),
    "dense": ((0, 1), (), (), (False, False)),
    "block-1x4": ((0, 1, 2), (1,), (4,), (False, True, False)),
    "block-4x1": ((0, 1, 2), (0,), (4,), (False, True, False)),
    "block-2x3": ((0, 1, 2, 3), (0, 1), (2, 3), (False, True, False, False)),
    "block-2x3-turned": ((1, 0, 3, 2), (0, 1), (2, 3), (False, True, False, False)),
    "block-all-csr": ((0, 1, 2), (1,), (4,), (True, True, False)),
}


@pytest.mark.parametrize("width", [8, 16, 32])
@pytest.mark.parametrize("form", SPARSE_FORMS)
@pytest.mark.parametrize("kept", [0.0, 0.2, 1.0])
def test_sparse_weights_become_dense(form: str, width: int, kept: float) -> None:
    graph, weights = random_layer(kept=kept)
    sparse = sparse_file(graph, weights, form, width)
    np.testing.assert_array_equal(weights_of(load(sparse, "case")), weights)


def sparse_file(graph: Graph, weights: Array, form: str, width: int, *, densify: bool = False) -> bytes:
    """The graph's file with sparse weights; `densify` puts a DENSIFY between them and the layer."""
    values, parameters = sparsified(weights, *SPARSE_FORMS[form], width=width)

    def change(model: schema.ModelT) -> None:
        subgraph = model.subgraphs[0]
        tensor = subgraph.tensors[WEIGHTS]
        tensor.sparsity = parameters
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
        if densify:
            dense = schema.TensorT()
            dense.name, dense.shape, dense.type, dense.buffer = b"dense", list(weights.shape), 0, 0
            subgraph.tensors.append(dense)
            add_operator(model, "DENSIFY", [WEIGHTS], [len(subgraph.tensors) - 1])
            layer = subgraph.operators[-1]
            layer.inputs = [layer.inputs[0], len(subgraph.tensors) - 1, *layer.inputs[2:]]

    return patched(write(graph), change)


def add_operator(model: schema.ModelT, op: str, inputs: list[int], outputs: list[int]) -> None:
    """Puts an operator before all others."""
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op)
    code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = len(model.operatorCodes) - 1, inputs, outputs
    model.subgraphs[0].operators.insert(0, operator)


@pytest.mark.parametrize("form", ["csr", "block-1x4", "block-2x3"])
def test_densify_is_folded_and_equals_litert(form: str) -> None:
    graph, weights = random_layer(kept=0.3)
    data = sparse_file(graph, weights, form, 16, densify=True)
    back = load(data, "case")
    assert [node.op for node in back.nodes] == ["fully_connected"]
    np.testing.assert_array_equal(weights_of(back), weights)
    x = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    np.testing.assert_array_equal(LiteRt(data).run(x)[0], interpret(back, [x]).outputs[0])


@pytest.mark.parametrize("what", ["order", "blocks", "compressed blocks", "indices", "segments", "values"])
def test_damaged_sparsity_is_refused(what: str) -> None:
    graph, weights = random_layer(kept=0.3)

    def change(model: schema.ModelT) -> None:
        sparsity = model.subgraphs[0].tensors[WEIGHTS].sparsity
        compressed = sparsity.dimMetadata[1]
        if what == "order":
            sparsity.traversalOrder = [0, 0]
        elif what == "blocks":
            sparsity.blockMap = [1, 1]
        elif what == "compressed blocks":  # whose size nothing says
            sparsity.traversalOrder, sparsity.blockMap = [0, 1, 2], [1]
            sparsity.dimMetadata.append(compressed)
        elif what == "indices":
            compressed.arrayIndices.values = [12, *compressed.arrayIndices.values[1:]]
        elif what == "segments":
            compressed.arraySegments.values = [0, 200, *compressed.arraySegments.values[2:]]
        else:
            buffer = model.buffers[model.subgraphs[0].tensors[WEIGHTS].buffer]
            buffer.data = buffer.data[:-4]

    with pytest.raises(ImportModelError, match="sparse"):
        load(patched(sparse_file(graph, weights, "csr", 32), change), "case")


def test_sparse_constant_of_giant_shape_is_refused() -> None:
    graph, weights = random_layer(kept=0.3)

    def change(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[WEIGHTS].shape = [8, 60_000_000]

    with pytest.raises(ImportModelError, match="stores"):
        load(patched(sparse_file(graph, weights, "csr", 32), change), "case")


def test_float16_weights_become_float32() -> None:
    graph, weights = random_layer()
    half = weights.astype(np.float16)

    def change(model: schema.ModelT) -> None:
        subgraph = model.subgraphs[0]
        stored = schema.TensorT()
        stored.name, stored.shape, stored.type = b"half", list(weights.shape), schema.TensorType.FLOAT16
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(half.tobytes(), np.uint8)
        model.buffers.append(buffer)
        stored.buffer = len(model.buffers) - 1
        subgraph.tensors.append(stored)
        subgraph.tensors[WEIGHTS].buffer = 0
        add_operator(model, "DEQUANTIZE", [len(subgraph.tensors) - 1], [WEIGHTS])
        model.operatorCodes[-1].version = 3

    data = patched(write(graph), change)
    back = load(data, "case")
    assert [node.op for node in back.nodes] == ["fully_connected"]
    np.testing.assert_array_equal(weights_of(back), half.astype(np.float32))
    x = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    np.testing.assert_array_equal(LiteRt(data).run(x)[0], interpret(back, [x]).outputs[0])


@pytest.mark.parametrize("depth", [12, 13])
def test_int4_weights_become_int8(depth: int) -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(-7, 8, (5, depth), np.int8)
    graph = int8_layer(weights)
    flat = np.append(weights.ravel(), np.zeros(weights.size % 2, np.int8)).astype(np.uint8)
    raw = (flat[0::2] & 15) | (flat[1::2] << 4)

    def change(model: schema.ModelT) -> None:
        tensor = model.subgraphs[0].tensors[WEIGHTS]
        tensor.type = schema.TensorType.INT4
        model.buffers[tensor.buffer].data = raw

    back = load(patched(write(graph), change), "case")
    np.testing.assert_array_equal(weights_of(back), weights)
    eight = graph.tensors["x1"].quantization
    assert eight is not None
    assert back.tensors["x1"].quantization == replace(eight, bits=4)


def int8_layer(weights: Array) -> Graph:
    outputs, depth = weights.shape
    scales = Quantization(scale=(0.5, 0.25, 0.125, 0.5, 1.0), zero_point=(0,) * 5, axis=0)
    x = TensorType(shape=(2, depth), dtype=DType.INT8, quantization=Quantization.per_tensor(0.5, -3))
    y = TensorType(shape=(2, outputs), dtype=DType.INT8, quantization=Quantization.per_tensor(4.0, 2))
    w = TensorType(shape=weights.shape, dtype=DType.INT8, quantization=scales)
    return one_node("layer", "fully_connected", FullyConnected(), [x, (w, weights), None], [y]).graph


@pytest.mark.parametrize("per_channel", [True, False])
def test_int8_weights_of_a_float_layer_become_their_real_values(per_channel: bool) -> None:
    graph, _ = random_layer(outputs=5)
    stored = np.random.default_rng(3).integers(-127, 128, (5, 12), np.int8)
    scale = np.array([0.5, 0.1, 0.01, 0.3, 1.0] if per_channel else [0.1], np.float32)

    def change(model: schema.ModelT) -> None:
        tensor = model.subgraphs[0].tensors[WEIGHTS]
        tensor.type = schema.TensorType.INT8
        model.buffers[tensor.buffer].data = np.frombuffer(stored.tobytes(), np.uint8)
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = scale, [0] * len(scale)

    back = load(patched(write(graph), change), "case")
    np.testing.assert_array_equal(weights_of(back), stored.astype(np.float32) * scale[:, None])
