"""Small steps that handlers are made of: real numbers in, a node of ours, real numbers out; layouts kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.elementwise import of_two, with_constant
from netsuke.importers.onnx.layout import Shape, order_of, permuted, plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import RealRange, Walk
from netsuke.ir import Args, Array, DType
from netsuke.ops.reduce import Reduce
from netsuke.ops.unary import NoArgs


def real_value(walk: Walk, node: OnnxNode, index: int = 0) -> Value:
    """A run-time operand as float32.

    Raises:
        Refusal: when it holds whole numbers or truth values.
    """
    x = walk.builder.real(walk.value(node, index))
    dtype = walk.builder.type_of(x).dtype
    if dtype is not DType.FLOAT32:
        raise Refusal(node, f"input {index} is {dtype.value}; it is compiled for floating point only")
    return x


def real_operand(walk: Walk, node: OnnxNode, index: int) -> Value | Known:
    """An operand as float32, computed or constant."""
    found = walk.operand(node, index)
    return found if isinstance(found, Known) else real_value(walk, node, index)


def unary(
    walk: Walk, op: str, x: Value, wanted: str, args: Args | None = None, dtype: DType | None = None
) -> Value:
    """A node of one operand whose output has its shape and layout."""
    kind = walk.builder.type_of(x)
    tensor = walk.builder.emit(op, args or NoArgs(), (x.tensor,), wanted, dtype or kind.dtype)
    return replace(x, tensor=tensor)


def scaled(walk: Walk, x: Value, factor: float, wanted: str) -> Value:
    """x times a number."""
    return with_constant(walk, "mul", x, number(factor), wanted)


def shifted(walk: Walk, x: Value, term: float, wanted: str, clamp: RealRange | None = None) -> Value:
    """x plus a number, clamped."""
    return with_constant(walk, "add", x, number(term), wanted, clamp=clamp)


def number(value: float) -> Known:
    """A float32 number as a constant."""
    return Known(data=np.asarray(value, dtype=np.float32))


def binary(
    walk: Walk, op: str, a: Value | Known, b: Value | Known, wanted: str, clamp: RealRange | None = None
) -> Value:
    """A node of two operands, at most one of them a constant."""
    if isinstance(a, Value) and isinstance(b, Value):
        return of_two(walk, op, a, b, wanted, None, clamp)
    if isinstance(a, Value):
        assert isinstance(b, Known)
        return with_constant(walk, op, a, b, wanted, clamp=clamp)
    assert isinstance(b, Value)
    return with_constant(walk, op, b, a, wanted, clamp=clamp, first=True)


def reduced(walk: Walk, op: str, x: Value, axes: Sequence[int], wanted: str, *, keep: bool) -> Value:
    """A reduction over ONNX axes, in the layout that x has."""
    x, order = in_axes(walk, x)
    args = Reduce(axes=tuple(i for i, axis in enumerate(order) if axis in axes), keep_dims=True)
    tensor = walk.builder.emit(op, args, (x.tensor,), wanted, walk.builder.type_of(x).dtype)
    full = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    shape = full if keep else tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
    return Value(tensor=tensor, shape=shape, placed=permuted(full, order))


def in_axes(walk: Walk, x: Value) -> tuple[Value, tuple[int | None, ...]]:
    """The value with every stored dimension one whole ONNX axis, and which."""
    order = order_of(x.placed, x.shape)
    if order is not None:
        return x, order
    return walk.builder.arrange(x, plain(x.shape)), tuple(range(len(x.shape)))


def in_order(walk: Walk, x: Value) -> Value:
    """The value in ONNX's own order."""
    return walk.builder.arrange(x, plain(x.shape))


def reshaped(x: Value, shape: Shape) -> Value:
    """The same elements under another ONNX shape: nothing moves."""
    return replace(x, shape=shape)


def per_axis(data: Array, axis: int, rank: int) -> Known:
    """A flat constant that runs along one axis, shaped to broadcast."""
    return Known(data=data.reshape([-1 if i == axis else 1 for i in range(rank)]))
