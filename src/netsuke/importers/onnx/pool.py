"""Pools, and the reductions that keep integers."""

from __future__ import annotations

from dataclasses import replace

from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.elementwise import operand
from netsuke.importers.onnx.layout import channels_last, order_of, permuted, plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.importers.onnx.windows import Sliding, amounts, sliding, uncounted
from netsuke.ops.geometry import Padding
from netsuke.ops.pad import Pad
from netsuke.ops.pool import Pool2d
from netsuke.ops.reduce import Reduce

GLOBAL = {"GlobalAveragePool": "mean", "GlobalMaxPool": "reduce_max"}


def pool(walk: Walk, node: OnnxNode) -> None:
    """MaxPool and AveragePool; integers stay integers, since a pool requantises nothing."""
    x = walk.value(node)
    if any(node.outputs[1:]):
        raise Refusal(node, "its second output (indices) is used; only the pooled values can be compiled")
    if len(x.shape) not in (3, 4):
        raise Refusal(node, f"the input has {len(x.shape)} dimensions; 4 (images) or 3 (signals) were wanted")
    window = sliding(node, x.shape[2:])
    if window.dilation != (1, 1):
        raise Refusal(node, f"dilations {list(window.dilation)}; pools are compiled without dilation")
    x = walk.builder.arrange(x, channels_last(x.shape))
    if node.op == "AveragePool" and node.int_("count_include_pad", 0) and window.padding is not Padding.VALID:
        x, window = with_zeros(walk, node, x, window)
    args = Pool2d(
        kernel=window.kernel, stride=window.stride, padding=window.padding, explicit=window.explicit
    )
    kind = walk.builder.type_of(x)
    op = "max_pool_2d" if node.op == "MaxPool" else "average_pool_2d"
    tensor = walk.builder.emit(op, args, (x.tensor,), node.outputs[0], kind.dtype, kind.quantization)
    batch, height, width, channels = walk.builder.tensors[tensor].shape
    shape = (batch, channels, width) if len(x.shape) == 3 else (batch, channels, height, width)
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=channels_last(shape)))


def with_zeros(walk: Walk, node: OnnxNode, x: Value, window: Sliding) -> tuple[Value, Sliding]:
    """Padding that counts in the average: a PAD of real zeros before a pool without padding.

    What ceil_mode adds behind it does not count.
    """
    rank = len(x.shape) - 2
    pairs = list(amounts(node, x.shape[2:]))
    kind = walk.builder.type_of(x)
    value = 0 if kind.quantization is None else kind.zero_point
    args = Pad(amounts=((0, 0), *[(0, 0)] * (2 - rank), *pairs, (0, 0)), value=value)
    tensor = walk.builder.emit(
        "pad", args, (x.tensor,), f"{node.outputs[0]}_padded", kind.dtype, kind.quantization, helper=True
    )
    dims = walk.builder.tensors[tensor].shape
    shape = (*x.shape[:2], *(dims[1:3] if rank == 2 else dims[2:3]))
    padded = Value(tensor=tensor, shape=shape, placed=channels_last(shape))
    beyond = [*[(0, 0)] * (2 - rank), *uncounted(node, x.shape[2:])]
    return padded, replace(window, padding=Padding.EXPLICIT, explicit=(beyond[0], beyond[1]))


def global_pool(walk: Walk, node: OnnxNode) -> None:
    """The mean or maximum of every channel, spatial sizes kept as 1."""
    x = walk.value(node)
    if len(x.shape) < 3:
        raise Refusal(node, f"the input has {len(x.shape)} dimensions; an image or a signal was wanted")
    reduced(walk, node, GLOBAL[node.op], x, tuple(range(2, len(x.shape))), keep=True)


def reduced(walk: Walk, node: OnnxNode, op: str, x: Value, axes: tuple[int, ...], *, keep: bool) -> None:
    """One of our reductions, in the layout that x has."""
    x, coding = (x, None) if op == "reduce_max" else operand(walk, x, node.outputs[0])
    order = order_of(x.placed, x.shape)
    if order is None:
        order = tuple(range(len(x.shape)))
        x = walk.builder.arrange(x, plain(x.shape))
    kind = walk.builder.type_of(x)
    # All stored dimensions are kept as 1 here: dropping them afterwards changes no byte.
    args = Reduce(axes=tuple(i for i, axis in enumerate(order) if axis in axes), keep_dims=True)
    quantization = kind.quantization if coding is None else coding.quantization
    tensor = walk.builder.emit(op, args, (x.tensor,), node.outputs[0], kind.dtype, quantization)
    full = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    placed = permuted(full, order)
    shape = full if keep else tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=placed))


HANDLERS: dict[str, Handler] = {
    "MaxPool": pool,
    "AveragePool": pool,
    **dict.fromkeys(GLOBAL, global_pool),
}
