"""Reductions over constant axes, ArgMax, running sums, Softmax's logarithm."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, in_axes, real_value, reduced, unary
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.constants import normal_axes
from netsuke.importers.onnx.indices import picked
from netsuke.importers.onnx.layout import permuted
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.pool import reduced as coded
from netsuke.importers.onnx.shape import last_axis
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import DType
from netsuke.ops.arg_max import ArgMax
from netsuke.ops.cumsum import Cumsum
from netsuke.ops.gather import Gather
from netsuke.ops.unary import NoArgs

STEPS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "ReduceL1": (("abs",), "sum", ()),
    "ReduceL2": (("square",), "sum", ("sqrt",)),
    "ReduceLogSum": ((), "sum", ("log",)),
    "ReduceMax": ((), "reduce_max", ()),
    "ReduceMean": ((), "mean", ()),
    "ReduceMin": ((), "reduce_min", ()),
    "ReduceProd": ((), "reduce_prod", ()),
    "ReduceSum": ((), "sum", ()),
    "ReduceSumSquare": (("square",), "sum", ()),
}
"""Functions before the reduction, the reduction, functions after it."""


def axes_of(walk: Walk, node: OnnxNode, rank: int) -> tuple[int, ...] | None:
    """The axes, all when none are named; None where that means that nothing is reduced."""
    axes = node.ints("axes")
    if node.input(1):
        axes = tuple(int(a) for a in walk.known(node, 1).data.reshape(-1))
    if axes:
        return normal_axes(node, axes, rank)
    return None if node.int_("noop_with_empty_axes", 0) else tuple(range(rank))


def reduction(walk: Walk, node: OnnxNode) -> None:
    """A reduction with what stands before and behind it; quantised means, sums and maxima stay integers."""
    before, op, after = STEPS[node.op]
    keep, y = bool(node.int_("keepdims", 1)), node.outputs[0]
    x = walk.value(node)
    axes = axes_of(walk, node, len(x.shape))
    if walk.builder.type_of(x).dtype is DType.BOOL and op in ("reduce_max", "reduce_min"):
        real = unary(walk, "cast", x, f"{y}_real", dtype=DType.FLOAT32)
        whole = reduced(walk, op, real, axes, f"{y}_{op}", keep=keep) if axes else real
        walk.put(y, unary(walk, "cast", whole, y, dtype=DType.BOOL))
        return
    if op in ("mean", "sum", "reduce_max") and not before and not after and axes:
        coded(walk, node, op, x, axes, keep=keep)
        return
    x = real_value(walk, node)
    for i, function in enumerate(before):
        x = unary(walk, function, x, f"{y}_{i}")
    if axes:
        x = reduced(walk, op, x, axes, y if not after else f"{y}_{op}", keep=keep)
    for function in after:
        x = unary(walk, function, x, y)
    walk.put(y, x)


def log_sum_exp(walk: Walk, node: OnnxNode) -> None:
    """log(sum(exp(x - max))) + max, which no large x makes overflow."""
    x, y = real_value(walk, node), node.outputs[0]
    axes = axes_of(walk, node, len(x.shape))
    if not axes:
        walk.put(y, x)
        return
    highest = reduced(walk, "reduce_max", x, axes, f"{y}_max", keep=True)
    exps = unary(walk, "exp", binary(walk, "sub", x, highest, f"{y}_below"), f"{y}_exp")
    total = unary(walk, "log", reduced(walk, "sum", exps, axes, f"{y}_sum", keep=True), f"{y}_log")
    result = binary(walk, "add", total, highest, y)
    shape = (
        result.shape if node.int_("keepdims", 1) else tuple(d for i, d in enumerate(x.shape) if i not in axes)
    )
    walk.put(y, Value(tensor=result.tensor, shape=shape, placed=result.placed))


def arg_extremum(walk: Walk, node: OnnxNode) -> None:
    """ArgMax and ArgMin as int32: the first of equals; the last is the first of the other direction."""
    x, last = real_value(walk, node), bool(node.int_("select_last_index", 0))
    (axis,) = normal_axes(node, [node.int_("axis", 0)], len(x.shape))
    size = x.shape[axis]
    if last:
        x = picked(walk, x, axis, np.arange(size - 1, -1, -1), f"{node.outputs[0]}_turned")
    x, order = in_axes(walk, x)
    tensor = x.tensor
    if node.op == "ArgMin":
        tensor = walk.builder.emit("neg", NoArgs(), (tensor,), f"{node.outputs[0]}_negative", DType.FLOAT32)
    found = walk.builder.emit(
        "arg_max", ArgMax(axis=order.index(axis)), (tensor,), node.outputs[0], DType.INT32
    )
    if last:
        table = walk.builder.constant(
            f"{node.outputs[0]}_places", np.arange(size - 1, -1, -1, dtype=np.int32)
        )
        found = walk.builder.emit(
            "gather", Gather(axis=0), (table, found), f"{node.outputs[0]}_last", DType.INT32
        )
    full = tuple(1 if i == axis else d for i, d in enumerate(x.shape))
    keep = node.int_("keepdims", 1)
    shape = full if keep else tuple(d for i, d in enumerate(x.shape) if i != axis)
    placed = permuted(full, order)
    walk.put(
        node.outputs[0], Value(tensor=walk.builder.reshaped(found, placed.dims), shape=shape, placed=placed)
    )


def running_sum(walk: Walk, node: OnnxNode) -> None:
    """CumSum along a constant axis."""
    x = real_value(walk, node)
    (axis,) = normal_axes(node, [int(walk.known(node, 1).data.reshape(()))], len(x.shape))
    x, order = in_axes(walk, x)
    args = Cumsum(
        axis=order.index(axis),
        exclusive=bool(node.int_("exclusive", 0)),
        reverse=bool(node.int_("reverse", 0)),
    )
    tensor = walk.builder.emit("cumsum", args, (x.tensor,), node.outputs[0], DType.FLOAT32)
    walk.put(node.outputs[0], Value(tensor=tensor, shape=x.shape, placed=x.placed))


def log_softmax(walk: Walk, node: OnnxNode) -> None:
    """Along an axis, which is brought to the last stored place."""
    x = real_value(walk, node)
    (axis,) = normal_axes(node, [node.int_("axis", -1 if walk.model.opset >= 13 else 1)], len(x.shape))
    if walk.model.opset < 13 and int(np.prod(x.shape[axis + 1 :])) != 1:
        raise Refusal(
            node, "before opset 13 it runs over all dimensions from its axis on; export for 13 or later"
        )
    walk.put(node.outputs[0], unary(walk, "log_softmax", last_axis(walk, x, axis), node.outputs[0]))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(STEPS, reduction),
    "ArgMax": arg_extremum,
    "ArgMin": arg_extremum,
    "CumSum": running_sum,
    "LogSoftmax": log_softmax,
    "ReduceLogSumExp": log_sum_exp,
}
