"""Gemm and MatMul: FULLY_CONNECTED where the weights are constant, else BATCH_MATMUL."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.conv import with_tail
from netsuke.importers.onnx.layout import Placed, plain, row_steps
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Walk, clamp_to
from netsuke.importers.onnx.weights import Weights, integer_coding, place, weights_of
from netsuke.ir import Array, DType, TensorType
from netsuke.ops.batch_matmul import BatchMatmul
from netsuke.ops.fully_connected import FullyConnected


def gemm(walk: Walk, node: OnnxNode) -> None:
    """y = alpha * x * B (or its transpose) + beta * c, B and c constant."""
    x = walk.value(node)
    if node.int_("transA", 0) or len(x.shape) != 2:
        raise Refusal(
            node,
            f"the first operand is {list(x.shape)}, transA {node.int_('transA', 0)}; rows were wanted",
        )
    weights = weights_of(
        node, _matrix(node, walk.known(node, 1)), walk.optional(node, 2), transpose=not node.int_("transB", 0)
    )
    alpha, beta = node.float_("alpha", 1.0), node.float_("beta", 1.0)
    if (alpha, beta) != (1.0, 1.0):
        bias = np.zeros(len(weights.real)) if weights.bias is None else weights.bias * np.float64(beta)
        weights = Weights(real=weights.real * np.float32(alpha), bias=bias.astype(np.float32))
    dense(walk, node, x, weights)


def matmul(walk: Walk, node: OnnxNode) -> None:
    """x * B, with the Add of a bias that follows."""
    b = walk.operand(node, 1)
    if isinstance(b, Value):
        of_two(walk, node, walk.value(node), b)
        return
    dense(walk, node, walk.value(node), weights_of(node, _matrix(node, b), None, transpose=True))


def _matrix(node: OnnxNode, known: Known) -> Known:
    if known.data.ndim != 2 or 0 in known.data.shape:
        raise Refusal(node, f"constant weights of shape {list(known.data.shape)}; a matrix was wanted")
    return known


def dense(walk: Walk, node: OnnxNode, x: Value, weights: Weights) -> None:
    """A fully connected layer over the last axis; the weights' columns take the order of x."""
    builder, (outputs, depth) = walk.builder, weights.real.shape
    if not x.shape or x.shape[-1] != depth:
        raise Refusal(
            node, f"an input {list(x.shape)} for weights of depth {depth}; its last size must be that"
        )
    weights, tail = with_tail(walk, node.outputs[0], weights)
    coding = integer_coding(walk, x, weights, tail.end)
    x = x if coding is not None else builder.real(x)
    columns = columns_of(x.placed, depth)
    if columns is None:
        x = builder.arrange(x, plain(x.shape))
        columns = np.arange(depth)
    view = np.arange(outputs)[:, np.newaxis] * depth + columns
    w, b = place(builder, tail.end, x, weights, coding, 0, view)
    dtype, quantization = (DType.FLOAT32, None) if coding is None else (coding.dtype, coding.quantization)
    kind = TensorType(shape=(), dtype=dtype, quantization=quantization)
    args = FullyConnected(clamp=clamp_to(tail.clamp, kind))
    inputs = (x.tensor, w, b) if b else (x.tensor, w)
    tensor = builder.emit("fully_connected", args, inputs, tail.end, dtype, quantization)
    dims = builder.tensors[tensor].shape
    walk.put(
        tail.end,
        Value(tensor=tensor, shape=(*x.shape[:-1], outputs), placed=Placed(dims=dims, steps=row_steps(dims))),
    )


def columns_of(placed: Placed, depth: int) -> Array | None:
    """Which index along the last axis each place of a stored row holds; None when rows differ."""
    index = placed.indices().reshape(-1, depth)
    columns: Array = index[0] % depth
    rows = np.arange(len(index))[:, np.newaxis] * depth
    return columns if np.array_equal(index, rows + columns) else None


def of_two(walk: Walk, node: OnnxNode, a: Value, b: Value) -> None:
    """Both matrices computed at run time."""
    builder, output = walk.builder, node.outputs[0]
    coding = walk.target(output)
    if coding is None or not (walk.is_integer(a) and walk.is_integer(b)):
        a, b, coding = builder.real(a), builder.real(b), None
    if min(len(a.shape), len(b.shape)) < 2:
        raise Refusal(node, f"operands {list(a.shape)} and {list(b.shape)}; matrices were wanted")
    a, b = (builder.arrange(v, plain(v.shape)) for v in (a, b))
    dtype, quantization = (DType.FLOAT32, None) if coding is None else (coding.dtype, coding.quantization)
    tensor = builder.emit("batch_matmul", BatchMatmul(), (a.tensor, b.tensor), output, dtype, quantization)
    shape = builder.tensors[tensor].shape
    walk.put(output, Value(tensor=tensor, shape=shape, placed=plain(shape)))


HANDLERS: dict[str, Handler] = {"Gemm": gemm, "MatMul": matmul}
