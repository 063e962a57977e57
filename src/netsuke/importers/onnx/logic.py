"""Truth values: comparisons, connectives, Where, Cast; Pow, whose exponent is mostly a small number."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, in_order, number, real_operand, scaled, unary
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.layout import Shape, plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import DType
from netsuke.ops.unary import NoArgs

RELATIONS = {
    "And": "logical_and",
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Or": "logical_or",
}
CAST_TYPES = {
    1: DType.FLOAT32,
    6: DType.INT32,
    7: DType.INT32,
    9: DType.BOOL,
    10: DType.FLOAT32,
    11: DType.FLOAT32,
    16: DType.FLOAT32,
}
"""ONNX element type → ours: floating point is float32, whole numbers of 64 bits are int32."""


def relation(walk: Walk, node: OnnxNode) -> None:
    """Two operands compared, or two truth values joined."""
    a, b = (plain_operand(walk, node, i) for i in (0, 1))
    walk.put(node.outputs[0], binary(walk, RELATIONS[node.op], a, b, node.outputs[0]))


def plain_operand(walk: Walk, node: OnnxNode, index: int) -> Value | Known:
    """An operand of any type; quantised ones as real numbers."""
    found = walk.operand(node, index)
    return found if isinstance(found, Known) else walk.builder.real(found)


def not_(walk: Walk, node: OnnxNode) -> None:
    """The other truth value."""
    walk.put(node.outputs[0], unary(walk, "logical_not", walk.value(node), node.outputs[0]))


def where(walk: Walk, node: OnnxNode) -> None:
    """The second operand where the first holds, else the third; all in ONNX's order."""
    operands = [plain_operand(walk, node, i) for i in range(3)]
    dtypes = [walk.builder.type_of(v).dtype for v in operands[1:] if isinstance(v, Value)]
    dtype = dtypes[0] if dtypes else DType.of(constant_data(operands[1]))
    shapes = [v.shape if isinstance(v, Value) else v.data.shape for v in operands]
    names = [
        stored(walk, v, DType.BOOL if i == 0 else dtype, node.outputs[0]) for i, v in enumerate(operands)
    ]
    tensor = walk.builder.emit("select_v2", NoArgs(), tuple(names), node.outputs[0], dtype)
    shape: Shape = np.broadcast_shapes(*shapes)
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=plain(shape)))


def constant_data(v: Value | Known) -> np.ndarray:
    """A constant's data, whole numbers as int32."""
    assert isinstance(v, Known)
    return v.data.astype(np.int32) if v.data.dtype == np.int64 else v.data


def stored(walk: Walk, v: Value | Known, dtype: DType, wanted: str) -> str:
    """The tensor of an operand in ONNX's order."""
    if isinstance(v, Known):
        return walk.builder.constant(f"{wanted}_constant", v.data.astype(dtype.numpy))
    return walk.builder.reshaped(in_order(walk, v).tensor, v.shape)


def cast(walk: Walk, node: OnnxNode) -> None:
    """Another element type."""
    to = node.int_("to", 0)
    x = walk.builder.real(walk.value(node))
    if to not in CAST_TYPES:
        raise Refusal(node, f"element type number {to}; float, int32, int64 and bool can be compiled")
    converted(walk, node, x, CAST_TYPES[to])


def cast_like(walk: Walk, node: OnnxNode) -> None:
    """The element type of the second operand."""
    like = walk.operand(node, 1)
    dtype = DType.of(constant_data(like)) if isinstance(like, Known) else walk.builder.type_of(like).dtype
    x = walk.operand(node, 0)
    if isinstance(x, Known):
        walk.put(node.outputs[0], Known(data=x.data.astype(dtype.numpy)))
        return
    converted(walk, node, walk.builder.real(x), dtype)


def converted(walk: Walk, node: OnnxNode, x: Value, dtype: DType) -> None:
    """A CAST, or nothing."""
    same = walk.builder.type_of(x).dtype is dtype
    walk.put(node.outputs[0], x if same else unary(walk, "cast", x, node.outputs[0], dtype=dtype))


def power(walk: Walk, node: OnnxNode) -> None:
    """Small constant exponents as products and roots, others as POW."""
    x, y, output = real_operand(walk, node, 0), real_operand(walk, node, 1), node.outputs[0]
    if isinstance(x, Value) and isinstance(y, Known) and y.data.size == 1:
        simple = simple_power(walk, x, float(y.data.reshape(())), output)
        if simple is not None:
            walk.put(output, simple)
            return
    walk.put(output, binary(walk, "pow", x, y, output))


def simple_power(walk: Walk, x: Value, exponent: float, output: str) -> Value | None:
    """x to the power of 1, 2, 3, 1/2, -1/2 or -1; None for other exponents."""
    if exponent == 1.0:
        return scaled(walk, x, 1.0, output)
    if exponent == 2.0:
        return unary(walk, "square", x, output)
    if exponent == 3.0:
        return binary(walk, "mul", unary(walk, "square", x, f"{output}_square"), x, output)
    if exponent == -1.0:
        return binary(walk, "div", number(1.0), x, output)
    return unary(walk, {0.5: "sqrt", -0.5: "rsqrt"}[exponent], x, output) if abs(exponent) == 0.5 else None


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(RELATIONS, relation),
    "Cast": cast,
    "CastLike": cast_like,
    "Not": not_,
    "Pow": power,
    "Where": where,
}
