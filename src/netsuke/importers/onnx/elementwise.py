"""Operators that treat every element alike: one operand, or two broadcast against each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.layout import Placed, Shape, order_of, permuted
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.read import MAX_ELEMENTS
from netsuke.importers.onnx.rounding import quantized
from netsuke.importers.onnx.walk import Coding, Handler, RealRange, Tail, Walk, clamp_to
from netsuke.importers.onnx.widths import as_wide, check_int16, constant_as_wide, width_of
from netsuke.ir import Args, Array, DType, Quantization, TensorType
from netsuke.ops.add import AddSub
from netsuke.ops.compare import LOGIC, RELATIONS
from netsuke.ops.float_binary import Div
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.mul import Mul
from netsuke.ops.unary import NoArgs

SIGMOID_INT8 = Quantization.per_tensor(1 / 256, -128)
TANH_INT8 = Quantization.per_tensor(1 / 128, 0)
"""Outputs that TFLite's int8 kernels have by definition; another scale is reached by a QUANTIZE."""
FIXED_INT16 = Quantization.per_tensor(1 / 32768)
"""And those of int16, softmax's too."""
CLIPS: dict[RealRange, str] = {(0.0, np.inf): "relu", (0.0, 6.0): "relu6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """Our operator, its arguments made from the node, and the output's fixed int8 quantisation if any."""

    op: str
    args: Callable[[OnnxNode], Args] = lambda node: NoArgs()
    fixed: Quantization | None = None


UNARY = {
    "Sigmoid": Unary(op="logistic", fixed=SIGMOID_INT8),
    "Tanh": Unary(op="tanh", fixed=TANH_INT8),
    "HardSwish": Unary(op="hard_swish"),
    "LeakyRelu": Unary(op="leaky_relu", args=lambda node: LeakyRelu(alpha=node.float_("alpha", 0.01))),
}


def unary(walk: Walk, node: OnnxNode) -> None:
    """An operator of one operand: layout and shape stay as they are."""
    kind = UNARY[node.op]
    x, coding = operand(walk, walk.value(node), node.outputs[0])
    check_int16(node, kind.op, coding)
    quantization = None if coding is None else coding.quantization
    if coding is not None and kind.fixed is not None:
        quantization = FIXED_INT16 if coding.dtype is DType.INT16 else kind.fixed
    walk.put(node.outputs[0], same_shape(walk, kind.op, kind.args(node), x, node.outputs[0], quantization))


def operand(walk: Walk, x: Value, output: str) -> tuple[Value, Coding | None]:
    """The operand as integers with the output's coding, if both are quantised; else real numbers and None.

    Both have one width: where only one is int16, the other becomes so.
    """
    coding = walk.target(output)
    if coding is not None and walk.is_integer(x):
        coding = width_of(walk, coding, x)
        return as_wide(walk, x, coding), coding
    return walk.builder.real(x), None


def same_shape(
    walk: Walk, op: str, args: Args, x: Value, wanted: str, quantization: Quantization | None
) -> Value:
    """A node whose output has the operand's shape, layout and element type."""
    tensor = walk.builder.emit(op, args, (x.tensor,), wanted, walk.builder.type_of(x).dtype, quantization)
    return replace(x, tensor=tensor)


def clip(walk: Walk, node: OnnxNode) -> None:
    """Relu or Clip that no layer before took in."""
    limits = walk.limits(node)
    if limits is None:
        walk.put(node.outputs[0], between(walk, node))
        return
    x, coding = operand(walk, walk.value(node), node.outputs[0])
    quantization = None if coding is None else coding.quantization
    op = CLIPS.get(limits)
    if op is not None:
        walk.put(node.outputs[0], same_shape(walk, op, NoArgs(), x, node.outputs[0], quantization))
        return
    if coding is not None:
        x = walk.builder.quantized(x, coding.dtype, coding.quantization)
    walk.put(node.outputs[0], bounded(walk, x, limits, node.outputs[0]))


def between(walk: Walk, node: OnnxNode) -> Value:
    """Clip with bounds that are computed, or that cross: the greater of x and the lower one, then the smaller."""
    x: Value | Known = walk.builder.real(walk.value(node))
    y = node.outputs[0]
    for index, op in ((1, "Max"), (2, "Min")):
        if node.input(index):
            bound = walk.operand(node, index)
            whole = index == 2 or not node.input(2)
            x = combined(walk, BINARY[op], x, bound, Tail(end=y if whole else f"{y}_above"))
    assert isinstance(x, Value)
    return x


def bounded(walk: Walk, x: Value, limits: RealRange, wanted: str) -> Value:
    """MAXIMUM with the lower bound and MINIMUM with the upper one, where they bound anything."""
    kind = walk.builder.type_of(x)
    stored = clamp_to(limits, kind)
    assert stored is not None
    for op, bound, real in (("maximum", stored[0], limits[0]), ("minimum", stored[1], limits[1])):
        if np.isinf(real):
            continue
        data = np.full((1,) * len(x.placed.dims), bound, dtype=kind.dtype.numpy)
        name = walk.builder.constant(f"{wanted}_{op}", data, kind.quantization)
        tensor = walk.builder.emit(op, NoArgs(), (x.tensor, name), wanted, kind.dtype, kind.quantization)
        x = replace(x, tensor=tensor)
    return x


def prelu(walk: Walk, node: OnnxNode) -> None:
    """PRelu: a slope for every channel, broadcast from the left where its rank is one less."""
    x, slope = walk.value(node), walk.known(node, 1)
    output = node.outputs[0]
    x, coding = operand(walk, x, output)
    check_int16(node, "prelu", coding)
    if coding is not None and slope.stored is None:
        x, coding = walk.builder.real(x), None
    walk.put(output, with_constant(walk, "prelu", x, slope, output, coding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Our operator of two operands; unless `clamped` it has no fused clamp and does not rescale."""

    op: str
    clamped: bool = True


BINARY = {
    "Add": Binary(op="add"),
    "Sub": Binary(op="sub"),
    "Mul": Binary(op="mul"),
    "Div": Binary(op="div"),
    "Max": Binary(op="maximum", clamped=False),
    "Min": Binary(op="minimum", clamped=False),
    "Sum": Binary(op="add"),
}


def binary(walk: Walk, node: OnnxNode) -> None:
    """Two operands, one of them perhaps a constant, and the activation behind them; more than two one by one."""
    kind = BINARY[node.op]
    operands = [walk.operand(node, i) for i in range(len(node.inputs))]
    if len(operands) == 1 and isinstance(operands[0], Value):
        walk.put(node.outputs[0], operands[0])
        return
    # Constants last, so that two of them never meet before a computed value.
    if len(operands) > 2:
        operands.sort(key=lambda v: isinstance(v, Known))
    for number, other in enumerate(operands[1:-1]):
        name = f"{node.outputs[0]}_{number + 1}"
        operands[0] = combined(walk, kind, operands[0], other, Tail(end=name))
    if kind.op == "div" and isinstance(operands[1], Known):
        kind, operands[1] = BINARY["Mul"], reciprocal(node, operands[1])
    tail = walk.tail(node.outputs[0]) if kind.clamped else Tail(end=node.outputs[0])
    walk.put(tail.end, combined(walk, kind, operands[0], operands[-1], tail))


def combined(walk: Walk, kind: Binary, a: Value | Known, b: Value | Known, tail: Tail) -> Value:
    """One node of ours."""
    coding = walk.target(tail.end) if kind.op != "div" else None
    if coding is None or not all(_is_integer(walk, v) for v in (a, b)):
        coding = None
        a, b = (walk.builder.real(v) if isinstance(v, Value) else v for v in (a, b))
    if coding is not None:
        coding = width_of(walk, coding, a, b)
        a, b = (
            as_wide(walk, v, coding) if isinstance(v, Value) else constant_as_wide(v, coding) for v in (a, b)
        )
    if coding is not None and not kind.clamped:
        a, b = (_coded(walk, v, coding) for v in (a, b))
    if isinstance(a, Value) and isinstance(b, Value):
        return of_two(walk, kind.op, a, b, tail.end, coding, tail.clamp)
    if isinstance(a, Value) and isinstance(b, Known):
        return with_constant(walk, kind.op, a, b, tail.end, coding, tail.clamp)
    assert isinstance(a, Known)
    assert isinstance(b, Value)
    return with_constant(walk, kind.op, b, a, tail.end, coding, tail.clamp, first=True)


def _is_integer(walk: Walk, v: Value | Known) -> bool:
    if isinstance(v, Known):
        return v.stored is not None and v.stored.dtype in (np.int8, np.int16)
    return walk.is_integer(v)


def _coded(walk: Walk, v: Value | Known, coding: Coding) -> Value | Known:
    """An operand in the output's own scale, for operators that do not requantise."""
    if isinstance(v, Value):
        return walk.builder.quantized(v, coding.dtype, coding.quantization)
    q = coding.quantization
    ints = quantized(v.data, np.asarray(q.scale[0]), np.asarray(q.zero_point[0]), coding.dtype.numpy)
    return Known(data=v.data, stored=ints, quantization=q)


def reciprocal(node: OnnxNode, divisor: Known) -> Known:
    """1 / constant, so that a division becomes a MUL (which may differ from it in the last bit)."""
    if divisor.data.dtype != np.float32 or not np.all(divisor.data):
        raise Refusal(
            node, "it divides by a constant that is 0 or a whole number; only real numbers but 0 can be"
        )
    return Known(data=(1.0 / divisor.data.astype(np.float64)).astype(np.float32))


def args_of(op: str, limits: RealRange | None, kind: TensorType) -> Args:
    """Arguments of a binary operator with its fused clamp."""
    if op in ("add", "sub"):
        return AddSub(clamp=clamp_to(limits, kind))
    if op == "mul":
        return Mul(clamp=clamp_to(limits, kind))
    return Div(clamp=clamp_to(limits, kind)) if op == "div" else NoArgs()


UNBOUNDED: dict[str, Args] = {
    "add": AddSub(clamp=(-np.inf, np.inf)),
    "sub": AddSub(clamp=(-np.inf, np.inf)),
    "mul": Mul(clamp=(-np.inf, np.inf)),
    "div": Div(clamp=(-np.inf, np.inf)),
}
"""Where a model calculates with infinities (attention masks do), they stay: TFLite's operators make them finite."""


def _finish(
    walk: Walk, op: str, names: tuple[str, str], wanted: str, coding: Coding | None, limits: RealRange | None
) -> str:
    kept = walk.builder.tensors[names[0]].dtype
    dtype, quantization = (kept, None) if coding is None else (coding.dtype, coding.quantization)
    kind = TensorType(shape=(), dtype=dtype, quantization=quantization)
    args = args_of(op, limits, kind)
    if limits is None and dtype is DType.FLOAT32 and walk.infinite and op in UNBOUNDED:
        args = UNBOUNDED[op]
    result = DType.BOOL if op in RELATIONS or op in LOGIC else dtype
    return walk.builder.emit(op, args, names, wanted, result, quantization)


def of_two(
    walk: Walk, op: str, a: Value, b: Value, wanted: str,
    coding: Coding | None, clamp: RealRange | None,
) -> Value:  # fmt: skip
    """Both operands at run time: laid out as the larger one is."""
    if a.shape != b.shape or a.placed != b.placed:
        shape = np.broadcast_shapes(a.shape, b.shape)
        a, b = (_padded(v, len(shape)) for v in (a, b))
        larger = a if np.prod(a.shape) >= np.prod(b.shape) else b
        order = order_of(larger.placed, larger.shape) or tuple(range(len(shape)))
        a, b = (walk.builder.arrange(v, permuted(v.shape, order)) for v in (a, b))
        placed = permuted(shape, order)
    else:
        shape, placed = a.shape, a.placed
    tensor = _finish(walk, op, (a.tensor, b.tensor), wanted, coding, clamp)
    return Value(tensor=tensor, shape=shape, placed=placed)


def _padded(v: Value, rank: int) -> Value:
    """Dimensions of 1 in front, as broadcasting has it: no byte moves."""
    return replace(v, shape=(1,) * (rank - len(v.shape)) + v.shape)


def with_constant(
    walk: Walk, op: str, x: Value, known: Known, wanted: str,
    coding: Coding | None = None, clamp: RealRange | None = None, *, first: bool = False,
) -> Value:  # fmt: skip
    """One operand a constant, stored in the other's layout, small; `first`: it stands in front."""
    data = known.data if coding is None else known.stored
    assert data is not None
    if op == "prelu":
        data = left_aligned(data, x.shape)
    elif coding is None:
        data = data.astype(walk.builder.type_of(x).dtype.numpy)
    shape = np.broadcast_shapes(x.shape, data.shape)
    if math.prod(shape) > MAX_ELEMENTS:
        raise GraphError(
            f"a constant {list(data.shape)} would stretch {list(x.shape)} beyond any microcontroller"
        )
    if shape != x.shape:
        x = _padded(x, len(shape))
        order = order_of(x.placed, x.shape) or tuple(range(len(shape)))
        x = walk.builder.arrange(x, permuted(x.shape, order))
        placed = permuted(shape, order)
    else:
        placed = x.placed
    quantization = None if coding is None else known.quantization
    if quantization is not None and quantization.axis is not None:
        raise ValueError("a constant operand has one scale for every channel")
    name = walk.builder.constant(
        f"{wanted}_constant", compact(np.broadcast_to(data, shape), placed), quantization
    )
    names = (name, x.tensor) if first else (x.tensor, name)
    return Value(tensor=_finish(walk, op, names, wanted, coding, clamp), shape=shape, placed=placed)


def left_aligned(slope: Array, shape: Shape) -> Array:
    """A PRelu slope [C] or [C, 1, 1] for an image [N, C, H, W]."""
    if slope.ndim == 1 and len(shape) > 2 and slope.size == shape[1]:
        return slope.reshape(-1, *[1] * (len(shape) - 2))
    return slope


def compact(value: Array, placed: Placed) -> Array:
    """A broadcast array as stored, every dimension along which it repeats cut to 1."""
    stored = placed.store(np.ascontiguousarray(value))
    for axis in range(stored.ndim):
        head = np.take(stored, [0], axis=axis)
        if np.array_equal(np.broadcast_to(head, stored.shape), stored):
            stored = head
    return stored


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(BINARY, binary),
    "Relu": clip,
    "Clip": clip,
    "PRelu": prelu,
}
