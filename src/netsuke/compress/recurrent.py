"""LSTM and GRU in integers: weights with a scale a gate, biases in the scale of their products, a state of 16 bits."""

from __future__ import annotations

import math

import numpy as np

from netsuke.compress.coding import HIGHEST, SMALLEST_SCALE, coded
from netsuke.ir import Array, DType, Graph, Node, Quantization, Tensor, TensorType
from netsuke.ops.gru_s8 import RECURRENT_BIAS
from netsuke.ops.lstm_s8 import BIAS, CELL_POWERS, RECURRENT, WEIGHTS
from netsuke.ops.sigmoid_s16 import FRACTION_16

OPERATORS = {"lstm": 4, "gru": 3}
"""Operator → its gates."""
HEADROOM = 1.5
"""The cell state is seen after the last step only; it may have been larger before."""


def gate_scales(weights: Array, gates: int) -> Array:
    """float32 [rows]: largest magnitude of each gate over 127, repeated for the gate's rows."""
    largest = np.abs(weights).reshape(gates, -1).max(axis=1)
    scales = np.maximum(largest / HIGHEST[8], SMALLEST_SCALE).astype(np.float32)
    return np.repeat(scales, len(weights) // gates)


def by_row(scales: Array) -> Quantization:
    """A scale for every row."""
    return Quantization(scale=tuple(float(s) for s in scales), zero_point=(0,) * len(scales), axis=0)


def weights_kind(weights: Array, gates: int) -> TensorType:
    """int8 with a scale a gate."""
    return TensorType(shape=weights.shape, dtype=DType.INT8, quantization=by_row(gate_scales(weights, gates)))


def bias_kind(weights: Array, gates: int, x: TensorType) -> TensorType:
    """int32 in the scale of an operand times its weights."""
    scales = np.maximum(np.float32(x.scale) * gate_scales(weights, gates), np.finfo(np.float32).tiny)
    return TensorType(
        shape=(len(weights),), dtype=DType.INT32, quantization=by_row(scales.astype(np.float32))
    )


def state_kind(node: Node, shape: tuple[int, ...], seen: TensorType) -> TensorType:
    """int16: of a GRU from -1 to 1; of an LSTM with a power of two as its scale, which holds what the int8 type holds
    and half as much again."""
    low, high = (abs(v - seen.zero_point) * seen.scale for v in seen.dtype.range)
    needed = math.ceil(math.log2(max(HEADROOM * max(low, high), SMALLEST_SCALE) / DType.INT16.range[1]))
    scale = 2.0 ** min(max(needed, CELL_POWERS[0]), CELL_POWERS[-1]) if node.op == "lstm" else FRACTION_16
    return TensorType(shape=shape, dtype=DType.INT16, quantization=Quantization.per_tensor(scale))


def constant_kinds(graph: Graph, node: Node, x: TensorType, y: TensorType) -> dict[int, TensorType]:
    """Operand → the integer type of weights and biases."""
    gates = OPERATORS[node.op]
    w, r = (data_of(graph, node, index) for index in (WEIGHTS, RECURRENT))
    found = {WEIGHTS: weights_kind(w, gates), RECURRENT: weights_kind(r, gates)}
    if len(node.inputs) > BIAS and node.inputs[BIAS]:
        found[BIAS] = bias_kind(w, gates, x)
    if node.op == "gru":
        found[RECURRENT_BIAS] = bias_kind(r, gates, y)
    return found


def data_of(graph: Graph, node: Node, index: int) -> Array:
    """A constant operand's value."""
    data = graph.tensors[node.inputs[index]].data
    assert data is not None
    return data


def integer_constants(graph: Graph, node: Node, x: TensorType, y: TensorType) -> dict[int, Tensor]:
    """Operand → weights and biases as integers, under their own names."""
    return {
        index: Tensor(
            name=node.inputs[index], shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization,
            data=coded(data_of(graph, node, index), kind),
        )
        for index, kind in constant_kinds(graph, node, x, y).items()
    }  # fmt: skip


def rounded_constants(graph: Graph, node: Node, x: TensorType, y: TensorType) -> dict[int, Array]:
    """Operand → weights and biases as their integers stand for, float32."""
    found: dict[int, Array] = {}
    for index, tensor in integer_constants(graph, node, x, y).items():
        assert tensor.data is not None
        assert tensor.quantization is not None
        scales = np.asarray(tensor.quantization.scale, np.float32)
        column = scales.reshape(-1, *[1] * (tensor.data.ndim - 1))
        found[index] = (tensor.data.astype(np.float64) * column).astype(np.float32)
    return found
