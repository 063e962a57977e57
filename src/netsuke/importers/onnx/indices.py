"""Operators that pick, repeat or fill elements by index: Gather, Tile, Expand, Pad of every mode, Trilu."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.arithmetic import in_axes, in_order
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.constants import normal_axes
from netsuke.importers.onnx.layout import Shape, permuted, plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.parts import pad as constant_pad
from netsuke.importers.onnx.parts import pad_amounts, taken
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import Array
from netsuke.ops.gather import Gather
from netsuke.ops.tile import Tile
from netsuke.ops.unary import NoArgs

MOST_REPEATS = 3
"""Axes that one TILE repeats: its kernel has a loop for each, and for what lies between."""


def gather(walk: Walk, node: OnnxNode) -> None:
    """Slices along an axis: one constant index is a slice, others a GATHER."""
    data, indices = walk.operand(node, 0), walk.operand(node, 1)
    x = data if isinstance(data, Value) else constant_value(walk, data.data, f"{node.outputs[0]}_table")
    (axis,) = normal_axes(node, [node.int_("axis", 0)], len(x.shape))
    if isinstance(indices, Known):
        found = indices.data.astype(np.int64)
        found = np.where(found < 0, found + x.shape[axis], found)
        if found.size and (found.min() < 0 or found.max() >= x.shape[axis]):
            raise Refusal(node, f"indices {found.min()} to {found.max()} of a size of {x.shape[axis]}")
        if found.size == 1:
            one_slice(walk, node, x, axis, int(found.reshape(())), found.shape)
            return
        walk.put(node.outputs[0], picked(walk, x, axis, found, node.outputs[0]))
        return
    x, i = in_order(walk, x), in_order(walk, indices)
    names = (walk.builder.reshaped(x.tensor, x.shape), walk.builder.reshaped(i.tensor, i.shape))
    kind = walk.builder.type_of(x)
    tensor = walk.builder.emit(
        "gather", Gather(axis=axis), names, node.outputs[0], kind.dtype, kind.quantization
    )
    shape = (*x.shape[:axis], *i.shape, *x.shape[axis + 1 :])
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=plain(shape)))


def constant_value(walk: Walk, data: Array, wanted: str) -> Value:
    """A constant as a value in ONNX's order; whole numbers as int32."""
    small = data.astype(np.int32) if data.dtype == np.int64 else data
    return Value(tensor=walk.builder.constant(wanted, small), shape=data.shape, placed=plain(data.shape))


def one_slice(walk: Walk, node: OnnxNode, x: Value, axis: int, index: int, shape: Shape) -> None:
    """A single index: a slice of which the axis is left out."""
    x, order = in_axes(walk, x)
    ranges = [range(d) for d in x.shape]
    ranges[axis] = range(index, index + 1)
    taken(walk, node.outputs[0], x, order, ranges)
    found = walk.value_of(node.outputs[0])
    walk.put(node.outputs[0], replace(found, shape=(*x.shape[:axis], *shape, *x.shape[axis + 1 :])))


def picked(walk: Walk, x: Value, axis: int, indices: Array, wanted: str) -> Value:
    """GATHER of constant indices along an ONNX axis; one dimension of indices keeps the layout."""
    order: tuple[int | None, ...] = tuple(range(len(x.shape)))
    if indices.ndim != 1:
        x = in_order(walk, x)
        x = replace(x, tensor=walk.builder.reshaped(x.tensor, x.shape))
    else:
        x, order = in_axes(walk, x)
    name = walk.builder.constant(f"{wanted}_indices", indices.astype(np.int32))
    kind = walk.builder.type_of(x)
    tensor = walk.builder.emit(
        "gather", Gather(axis=order.index(axis)), (x.tensor, name), wanted, kind.dtype, kind.quantization
    )
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return Value(
        tensor=tensor, shape=shape, placed=permuted(shape, order) if indices.ndim == 1 else plain(shape)
    )


def tile(walk: Walk, node: OnnxNode) -> None:
    """Repeated along every axis."""
    x = walk.value(node)
    multiples = tuple(int(n) for n in walk.known(node, 1).data.reshape(-1))
    if len(multiples) != len(x.shape) or min(multiples, default=1) < 1:
        raise Refusal(
            node, f"repeats {list(multiples)} for {list(x.shape)}; one of 1 or more each was wanted"
        )
    walk.put(node.outputs[0], repeated(walk, x, multiples, node.outputs[0]))


def repeated(walk: Walk, x: Value, multiples: Shape, wanted: str) -> Value:
    """TILE in the layout that x has; nothing where every multiple is 1."""
    if all(n == 1 for n in multiples):
        return x
    repeats = [i for i, n in enumerate(multiples) if n > 1]
    if len(repeats) > MOST_REPEATS:
        later = repeats[MOST_REPEATS:]
        first = tuple(1 if i in later else n for i, n in enumerate(multiples))
        rest = tuple(n if i in later else 1 for i, n in enumerate(multiples))
        return repeated(walk, repeated(walk, x, first, f"{wanted}_partly"), rest, wanted)
    x, order = in_axes(walk, x)
    args = Tile(multiples=tuple(1 if axis is None else multiples[axis] for axis in order))
    kind = walk.builder.type_of(x)
    tensor = walk.builder.emit("tile", args, (x.tensor,), wanted, kind.dtype, kind.quantization)
    shape = tuple(n * d for n, d in zip(multiples, x.shape, strict=True))
    return Value(tensor=tensor, shape=shape, placed=permuted(shape, order))


def expand(walk: Walk, node: OnnxNode) -> None:
    """Dimensions of 1 repeated."""
    x = walk.value(node)
    wanted = tuple(int(d) for d in walk.known(node, 1).data.reshape(-1))
    shape = np.broadcast_shapes(x.shape, wanted)
    full = (1,) * (len(shape) - len(x.shape)) + x.shape
    multiples = tuple(n // d for n, d in zip(shape, full, strict=True))
    walk.put(node.outputs[0], repeated(walk, replace(x, shape=full), multiples, node.outputs[0]))


def pad(walk: Walk, node: OnnxNode) -> None:
    """A frame of one value, or of what lies inside: constant, reflect, edge, wrap."""
    mode = node.text("mode", "constant")
    if mode == "constant":
        constant_pad(walk, node)
        return
    modes = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}
    if mode not in modes:
        raise Refusal(node, f"mode is {mode!r}; constant, reflect, edge or wrap was wanted")
    x = walk.value(node)
    for axis, (before, after) in enumerate(pad_amounts(walk, node, x.shape)):
        if before or after:
            size = x.shape[axis]
            if mode == "reflect" and max(before, after) >= size:
                raise Refusal(node, f"pads {before} and {after} reflect more than there is of {size}")
            indices = np.pad(np.arange(size), (max(before, 0), max(after, 0)), mode=modes[mode])  # type: ignore[call-overload]
            indices = indices[max(-before, 0) : len(indices) - max(-after, 0)]
            x = picked(walk, x, axis, indices, node.outputs[0])
    walk.put(node.outputs[0], x)


def trilu(walk: Walk, node: OnnxNode) -> None:
    """The upper or lower triangle of matrices, 0 elsewhere."""
    x = in_order(walk, walk.builder.real(walk.value(node)))
    if len(x.shape) < 2:
        raise Refusal(node, f"the input has {len(x.shape)} dimensions; matrices were wanted")
    k = walk.optional(node, 1)
    offset = 0 if k is None else int(k.data.reshape(()))
    ones = np.ones(x.shape[-2:], np.bool_)
    mask = np.triu(ones, offset) if node.int_("upper", 1) else np.tril(ones, offset)
    dtype = walk.builder.type_of(x).dtype
    names = (
        walk.builder.constant(f"{node.outputs[0]}_mask", mask),
        walk.builder.reshaped(x.tensor, x.shape),
        walk.builder.constant(f"{node.outputs[0]}_else", np.zeros((1,), dtype.numpy)),
    )
    tensor = walk.builder.emit("select_v2", NoArgs(), names, node.outputs[0], dtype)
    walk.put(node.outputs[0], Value(tensor=tensor, shape=x.shape, placed=plain(x.shape)))


HANDLERS: dict[str, Handler] = {
    "Expand": expand,
    "Gather": gather,
    "Pad": pad,
    "Tile": tile,
    "Trilu": trilu,
}
