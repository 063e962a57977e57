"""Gemm and MatMul: FULLY_CONNECTED where the weights are a constant matrix, else BATCH_MATMUL."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, scaled
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.conv import with_tail
from netsuke.importers.onnx.indices import constant_value
from netsuke.importers.onnx.layout import Placed, Shape, plain, row_steps
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Walk, clamp_to
from netsuke.importers.onnx.weights import Weights, layer_input, place, weights_of
from netsuke.importers.onnx.widths import as_wide, width_of
from netsuke.ir import Array, DType, TensorType
from netsuke.ops.batch_matmul import BatchMatmul
from netsuke.ops.fully_connected import FullyConnected


def gemm(walk: Walk, node: OnnxNode) -> None:
    """y = alpha * A * B + beta * C, A and B or their transposes."""
    if any(len(shape_of(walk.operand(node, i))) != 2 for i in (0, 1)):
        raise Refusal(
            node, f"operands {[list(shape_of(walk.operand(node, i))) for i in (0, 1)]}; matrices were wanted"
        )
    b, c = walk.operand(node, 1), walk.values.get(node.input(2))
    a = walk.operand(node, 0)
    layer = isinstance(a, Value) and isinstance(b, Known) and is_bias(c, b, node)
    if not layer:
        product(walk, node, a, b, c)
        return
    assert isinstance(a, Value)
    assert isinstance(b, Known)
    assert c is None or isinstance(c, Known)
    x = turned(walk, a) if node.int_("transA", 0) else a
    weights = weights_of(node, _matrix(node, b), c, transpose=not node.int_("transB", 0))
    alpha, beta = node.float_("alpha", 1.0), node.float_("beta", 1.0)
    if (alpha, beta) != (1.0, 1.0):
        bias = np.zeros(len(weights.real)) if weights.bias is None else weights.bias * np.float64(beta)
        weights = Weights(real=weights.real * np.float32(alpha), bias=bias.astype(np.float32))
    dense(walk, node, x, weights)


def shape_of(v: Value | Known) -> Shape:
    """The ONNX shape of an operand."""
    return v.shape if isinstance(v, Value) else v.data.shape


def is_bias(c: Value | Known | None, b: Known, node: OnnxNode) -> bool:
    """Whether C is a constant that adds one number to each column, or absent."""
    if c is None:
        return True
    outputs = b.data.shape[0] if node.int_("transB", 0) else b.data.shape[1]
    return isinstance(c, Known) and c.data.shape in ((), (1,), (1, 1), (outputs,), (1, outputs))


def turned(walk: Walk, v: Value) -> Value:
    """A matrix seen the other way round: no byte moves."""
    x = walk.builder.arrange(v, plain(v.shape))
    rows, columns = v.shape
    return Value(tensor=x.tensor, shape=(columns, rows), placed=Placed(dims=x.placed.dims, steps=(1, rows)))


def product(walk: Walk, node: OnnxNode, a: Value | Known, b: Value | Known, c: Value | Known | None) -> None:
    """The general form: a matrix product of two tensors, then what is added."""
    y = node.outputs[0]
    sides = []
    for number, (v, attribute) in enumerate(((a, "transA"), (b, "transB"))):
        if isinstance(v, Known):
            data = v.data.T if node.int_(attribute, 0) else v.data
            sides.append(constant_value(walk, data.astype(np.float32), f"{y}_operand_{number}"))
        else:
            sides.append(turned(walk, v) if node.int_(attribute, 0) else v)
    alpha, beta = node.float_("alpha", 1.0), node.float_("beta", 1.0)
    made = of_two(walk, sides[0], sides[1], y if c is None and alpha == 1.0 else f"{y}_product")
    if alpha != 1.0:
        made = scaled(walk, made, alpha, f"{y}_scaled")
    if c is not None and beta != 0.0:
        if isinstance(c, Known):
            c = Known(data=c.data.astype(np.float32) * np.float32(beta))
        else:
            c = walk.builder.real(c) if beta == 1.0 else scaled(walk, walk.builder.real(c), beta, f"{y}_term")
        made = binary(walk, "add", made, c, y)
    walk.put(y, made)


def matmul(walk: Walk, node: OnnxNode) -> None:
    """A * B, with the Add of a bias that follows where B is a constant matrix."""
    a, b = walk.operand(node, 0), walk.operand(node, 1)
    if isinstance(a, Value) and isinstance(b, Known) and b.data.ndim == 2:
        dense(walk, node, a, weights_of(node, _matrix(node, b), None, transpose=True))
        return
    label = node.outputs[0]
    left, right = (
        v if isinstance(v, Value) else constant_value(walk, v.data.astype(np.float32), f"{label}_operand_{i}")
        for i, v in enumerate((a, b))
    )
    if min(len(left.shape), len(right.shape)) < 1:
        raise Refusal(
            node, f"operands {list(left.shape)} and {list(right.shape)}; vectors or matrices were wanted"
        )
    row, column = len(left.shape) == 1, len(right.shape) == 1
    left = replace(left, shape=(1, *left.shape)) if row else left
    right = replace(right, shape=(*right.shape, 1)) if column else right
    made = of_two(walk, left, right, label)
    shape = made.shape[:-1] if column else made.shape
    if row:
        shape = (*shape[:-2], shape[-1]) if not column else shape[:-1]
    walk.put(label, replace(made, shape=shape))


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
    x, coding = layer_input(walk, x, weights, tail.end)
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


def of_two(walk: Walk, a: Value, b: Value, output: str) -> Value:
    """Both matrices tensors of the graph."""
    builder = walk.builder
    coding = walk.target(output)
    if coding is None or not (walk.is_integer(a) and walk.is_integer(b)):
        a, b, coding = builder.real(a), builder.real(b), None
    if coding is not None:
        coding = width_of(walk, coding, a, b)
        a = as_wide(walk, a, coding)
        # int16 times int8 is a form of its own, where the latter has zero point 0.
        b = b if builder.type_of(b).zero_point == 0 else as_wide(walk, b, coding)
    a, b = (builder.arrange(v, plain(v.shape)) for v in (a, b))
    dtype, quantization = (DType.FLOAT32, None) if coding is None else (coding.dtype, coding.quantization)
    tensor = builder.emit("batch_matmul", BatchMatmul(), (a.tensor, b.tensor), output, dtype, quantization)
    shape = builder.tensors[tensor].shape
    return Value(tensor=tensor, shape=shape, placed=plain(shape))


HANDLERS: dict[str, Handler] = {"Gemm": gemm, "MatMul": matmul}
