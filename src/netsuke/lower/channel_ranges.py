"""What every channel of every int8 tensor can be at most: interval arithmetic through the integer kernels.

Requantisation is monotone in the accumulator, so the interval of an output is the requantised interval of its
accumulator; both ends are computed with the operators' own references, not with a second copy of their arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.ir import Args, Array, DType, Graph, Node, Tensor
from netsuke.ops import operator
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import Convolution, windows
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import Site, site_of
from netsuke.ops.reshape import Reshape

INT32 = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Lowest and highest stored value of every channel (last axis), int64 arrays of shape [channels]."""

    low: Array
    high: Array

    @property
    def constant(self) -> Array:
        """True for the channels that always have one value."""
        equal: Array = self.low == self.high
        return equal


def whole(tensor: Tensor) -> Interval:
    """Nothing known: the type's range, or the values of a constant."""
    channels = tensor.shape[-1] if tensor.shape else 1
    low, high = tensor.dtype.range
    return Interval(low=np.full(channels, low, dtype=np.int64), high=np.full(channels, high, dtype=np.int64))


def channel_ranges(graph: Graph) -> dict[str, Interval]:
    """Interval of every computed or given int8 tensor, by name."""
    known: dict[str, Interval] = {}
    for name in graph.inputs:
        if graph.tensors[name].dtype is DType.INT8:
            known[name] = whole(graph.tensors[name])
    for node in graph.nodes:
        for name in node.outputs:
            tensor = graph.tensors[name]
            if tensor.dtype is DType.INT8:
                known[name] = narrowed(
                    node, tensor, RULES.get(node.op, nothing)(graph, node, known) or whole(tensor)
                )
    return known


def narrowed(node: Node, tensor: Tensor, interval: Interval) -> Interval:
    """The interval inside the operator's own clamp."""
    clamp = getattr(node.args, "clamp", None)
    low, high = full_clamp(clamp, tensor)
    return Interval(
        low=np.clip(interval.low, int(low), int(high)), high=np.clip(interval.high, int(low), int(high))
    )


Rule = Callable[[Graph, Node, dict[str, Interval]], "Interval | None"]


def nothing(graph: Graph, node: Node, known: dict[str, Interval]) -> Interval | None:
    """No rule: the whole range."""
    del graph, node, known
    return None


def same(graph: Graph, node: Node, known: dict[str, Interval]) -> Interval | None:
    """Pools without requantisation: an average or maximum of values of an interval lies in it."""
    x, y = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    return known.get(x.name) if x.quantization == y.quantization else None


def reshaped(graph: Graph, node: Node, known: dict[str, Interval]) -> Interval | None:
    """Channels of the new shape: spread the old ones over all elements, look along the new last axis."""
    assert isinstance(node.args, Reshape)
    x = graph.tensors[node.inputs[0]]
    interval = known.get(x.name)
    if interval is None or not node.args.shape or not x.shape:
        return None
    rows = (-1, node.args.shape[-1])
    low = np.broadcast_to(interval.low, x.shape).reshape(rows).min(axis=0)
    high = np.broadcast_to(interval.high, x.shape).reshape(rows).max(axis=0)
    return Interval(low=low, high=high)


def convolved(graph: Graph, node: Node, known: dict[str, Interval]) -> Interval | None:
    """conv_2d with one group, depthwise_conv_2d with multiplier 1, fully_connected."""
    x = graph.tensors[node.inputs[0]]
    interval = known.get(x.name)
    weights = graph.tensors[node.inputs[1]].data
    quantization = graph.tensors[node.inputs[1]].quantization
    if interval is None or weights is None or quantization is None or any(quantization.zero_point):
        return None
    low, high = interval.low - x.zero_point, interval.high - x.zero_point
    if padded(graph, node):
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    ends = accumulator_ends(node, weights.astype(np.int64), low, high)
    if ends is None:
        return None
    bias = bias_of(graph, node)
    bottom, top = ends[0] + bias, ends[1] + bias
    if min(bottom.min(), -top.max()) < -INT32 + 1:
        return None
    return Interval(low=requantized(graph, node, bottom), high=requantized(graph, node, top))


def requantized(graph: Graph, node: Node, accumulators: Array) -> Array:
    """What the operator stores for these accumulators, one a channel: its reference run on a single pixel with all
    weights zero and the accumulators as its bias."""
    x, w = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    y = graph.tensors[node.outputs[0]]
    channels = accumulators.size
    shapes = {
        "conv_2d": ((1, 1, 1, 1), (channels, 1, 1, 1), (1, 1, 1, channels)),
        "depthwise_conv_2d": ((1, 1, 1, channels), (1, 1, 1, channels), (1, 1, 1, channels)),
        "fully_connected": ((1, 1), (channels, 1), (1, channels)),
    }
    x_shape, w_shape, y_shape = shapes[node.op]
    bias = Tensor(name="bias", shape=(channels,), dtype=DType.INT32, data=accumulators.astype(np.int32))
    pixel = np.full(x_shape, x.zero_point, dtype=np.int8)
    site: Site[Any] = Site(
        node=replace(node, args=single(node.args)),
        inputs=(
            replace(x, shape=x_shape),
            replace(w, shape=w_shape, data=np.zeros(w_shape, dtype=np.int8)),
            bias,
        ),
        outputs=(replace(y, shape=y_shape),),
    )
    (stored,) = operator(node.op).reference(site, [pixel, site.inputs[1].data, bias.data])  # type: ignore[union-attr]
    return stored.reshape(-1).astype(np.int64)


def single(args: Args) -> Args:
    """A convolution's arguments for a single pixel: no stride, no padding."""
    if not isinstance(args, Convolution):
        return args
    return replace(args, stride=(1, 1), dilation=(1, 1), padding=Padding.VALID, explicit=((0, 0), (0, 0)))


def bias_of(graph: Graph, node: Node) -> Array:
    """The bias as int64 [channels]; zeros where there is none."""
    channels = graph.tensors[node.outputs[0]].shape[-1]
    if len(node.inputs) < 3 or not node.inputs[2]:
        return np.zeros(channels, dtype=np.int64)
    data = graph.tensors[node.inputs[2]].data
    assert data is not None
    return data.reshape(-1).astype(np.int64)


def accumulator_ends(node: Node, weights: Array, low: Array, high: Array) -> tuple[Array, Array] | None:
    """Lowest and highest sum of products of every output channel, for inputs (minus zero point) in [low, high]."""
    if node.op == "depthwise_conv_2d":
        if weights.shape[-1] != low.size:
            return None
        taps = weights.reshape(-1, weights.shape[-1])
        products = taps * low, taps * high
        return np.minimum(*products).sum(axis=0), np.maximum(*products).sum(axis=0)
    if weights.shape[-1] % low.size:
        return None
    rows = weights.reshape(weights.shape[0], -1, low.size)
    products = rows * low, rows * high
    return np.minimum(*products).sum(axis=(1, 2)), np.maximum(*products).sum(axis=(1, 2))


def padded(graph: Graph, node: Node) -> bool:
    """True when some tap of the convolution can fall outside the image."""
    if not isinstance(node.args, Convolution) or node.args.padding is Padding.VALID:
        return False
    return any(axis.before > 0 or axis.after > 0 for axis in windows(site_of(graph, node)))


RULES: dict[str, Rule] = {
    "average_pool_2d": same,
    "max_pool_2d": same,
    "reshape": reshaped,
    "conv_2d": convolved,
    "depthwise_conv_2d": convolved,
    "fully_connected": convolved,
}
