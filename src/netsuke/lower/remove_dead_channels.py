"""Channels that never change are not computed: removed with their weights, their value folded into the next bias.

A channel is dead when interval arithmetic shows one possible value (channel_ranges), or when nobody needs it: every
weight that reads it is zero, or the channel that it alone feeds is dead. Walking from the outputs, each tensor gets
the set of channels that somebody needs; then every operator is rebuilt for the channels that are left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType, Graph, Node, Quantization, Tensor
from netsuke.lower.channel_ranges import Interval, bias_of, channel_ranges, padded
from netsuke.lower.passes import Outcome
from netsuke.ops.reshape import Reshape

INT32_MAX = (1 << 31) - 1
WEIGHTED = frozenset({"conv_2d", "fully_connected"})
CHANNELWISE = frozenset({"depthwise_conv_2d", "average_pool_2d", "max_pool_2d", "reshape"})

Kept = dict[str, Array]
"""Tensor name → bool [channels], True where the channel stays. Tensors that keep all of them are absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDeadChannels:
    """Exact: what is left computes the same bytes. int8 tensors only."""

    name: ClassVar[str] = "remove-dead-channels"
    requires: ClassVar[str] = (
        "constant folding is done; activations are fused, since clamps are what makes channels constant"
    )
    ensures: ClassVar[str] = (
        "no convolution or fully connected layer computes a channel that is provably constant and foldable"
    )

    def run(self, graph: Graph) -> Outcome:
        """One analysis, one rebuild."""
        ranges = channel_ranges(graph)
        kept = needed_channels(graph, ranges)
        if not kept:
            return Outcome(graph=graph)
        changes = [
            f"{node.name}: {int((~kept[node.outputs[0]]).sum())} of {kept[node.outputs[0]].size} channels removed"
            for node in graph.nodes
            if node.outputs and node.outputs[0] in kept
        ]
        return Outcome(graph=rebuild(graph, ranges, kept), changes=tuple(changes))


def shrinkable(graph: Graph) -> set[str]:
    """Tensors whose channels can be dropped: made by a layer that can, or channel by channel from one that is."""
    found: set[str] = set()
    for node in graph.nodes:
        if not node.outputs or node.outputs[0] in graph.outputs:
            continue
        x, y = graph.tensors[node.inputs[0]] if node.inputs else None, graph.tensors[node.outputs[0]]
        if x is None or x.dtype is not DType.INT8 or y.dtype is not DType.INT8:
            continue
        if (node.op in WEIGHTED and ungrouped(graph, node)) or (
            node.op in CHANNELWISE and x.name in found and channel_by_channel(graph, node)
        ):
            found.add(y.name)
    return found


def ungrouped(graph: Graph, node: Node) -> bool:
    """True when every output channel reads every input channel, with constant weights."""
    x, w = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    return symmetric_constants(graph, node) and w.shape[-1] == x.shape[-1]


def symmetric_constants(graph: Graph, node: Node) -> bool:
    """True when weights and bias are known, and a weight of zero is stored as zero."""
    quantization = graph.tensors[node.inputs[1]].quantization
    known = all(graph.tensors[n].is_constant for n in node.inputs[1:] if n)
    return known and quantization is not None and not any(quantization.zero_point)


def channel_by_channel(graph: Graph, node: Node) -> bool:
    """True when output channel c depends on input channel c alone, and the channels are as many."""
    x, y = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    if node.op == "reshape":
        return bool(x.shape and y.shape) and x.shape[-1] == y.shape[-1]
    if node.op == "depthwise_conv_2d":
        return symmetric_constants(graph, node) and x.shape[-1] == y.shape[-1]
    return True


def needed_channels(graph: Graph, ranges: dict[str, Interval]) -> Kept:
    """For every tensor that can shrink and has something to lose, the channels that stay."""
    free = shrinkable(graph)
    readers = graph.consumers()
    kept: Kept = {}
    for node in reversed(graph.nodes):
        for name in node.outputs:
            if name not in free:
                continue
            channels = graph.tensors[name].shape[-1]
            needs = np.zeros(channels, dtype=bool)
            for reader in readers.get(name, []):
                needs |= reads(graph, reader, name, ranges, kept)
            if not needs.any():
                needs[0] = True
            if not needs.all():
                kept[name] = needs
    # A channel-wise operator must drop exactly what its input drops: meet both sides until nothing changes.
    return agree(graph, kept)


def reads(graph: Graph, reader: Node, name: str, ranges: dict[str, Interval], kept: Kept) -> Array:
    """The channels of `name` that `reader` cannot do without."""
    channels = graph.tensors[name].shape[-1]
    everything = np.ones(channels, dtype=bool)
    if reader.inputs.count(name) != 1 or reader.inputs[0] != name:
        return everything
    if reader.op in WEIGHTED and ungrouped(graph, reader):
        return ~foldable(graph, reader, ranges.get(name), kept)
    if (
        reader.op in CHANNELWISE
        and channel_by_channel(graph, reader)
        and graph.tensors[name].dtype is DType.INT8
    ):
        return kept.get(reader.outputs[0], everything)
    return everything


def foldable(graph: Graph, reader: Node, interval: Interval | None, kept: Kept) -> Array:
    """Input channels whose contribution to every output that stays is a constant that fits the bias."""
    x, w = graph.tensors[reader.inputs[0]], graph.tensors[reader.inputs[1]]
    assert w.data is not None
    rows = w.data.astype(np.int64).reshape(w.shape[0], -1, w.shape[-1])
    rows = rows[kept.get(reader.outputs[0], np.ones(w.shape[0], dtype=bool))]
    unread: Array = ~(rows != 0).any(axis=(0, 1))
    if interval is None:
        return unread
    constant = interval.constant
    if padded(graph, reader):
        # Outside the image a tap reads zero, so only zero looks the same everywhere.
        constant = constant & (interval.low == x.zero_point)
    value = np.where(constant, interval.low - x.zero_point, 0)
    bias = bias_of(graph, reader)[kept.get(reader.outputs[0], np.ones(w.shape[0], dtype=bool))]
    largest = np.abs(bias).max(initial=0) + np.abs(rows * value).sum(axis=(1, 2)).max(initial=0)
    removable: Array = unread | constant if largest <= INT32_MAX else unread
    return removable


def agree(graph: Graph, kept: Kept) -> Kept:
    """Channels stay when they stay on either side of a channel-wise operator."""
    changed = True
    while changed:
        changed = False
        for node in graph.nodes:
            if node.op not in CHANNELWISE or not node.inputs:
                continue
            x, y = node.inputs[0], node.outputs[0]
            if (x not in kept and y not in kept) or not channel_by_channel(graph, node):
                continue
            channels = graph.tensors[y].shape[-1]
            everything = np.ones(channels, dtype=bool)
            both = kept.get(x, everything) | kept.get(y, everything)
            for name in (x, y):
                if not np.array_equal(kept.get(name, everything), both):
                    changed = True
                    if both.all():
                        kept.pop(name, None)
                    else:
                        kept[name] = both
    return kept


def rebuild(graph: Graph, ranges: dict[str, Interval], kept: Kept) -> Graph:
    """Every node for the channels that are left; weights and biases get new tensors."""
    tensors = dict(graph.tensors)
    nodes = []
    for node in graph.nodes:
        touched = [n for n in (*node.inputs[:1], *node.outputs) if n in kept]
        if not touched:
            nodes.append(node)
            continue
        if node.op in WEIGHTED:
            node = sliced_weighted(graph, node, ranges, kept, tensors)
        elif node.op == "depthwise_conv_2d":
            node = sliced_depthwise(graph, node, kept, tensors)
        elif isinstance(node.args, Reshape):
            shape = (*node.args.shape[:-1], int(kept[node.outputs[0]].sum()))
            node = replace(node, args=replace(node.args, shape=shape))
        nodes.append(node)
    for name, keep in kept.items():
        tensor = tensors[name]
        tensors[name] = replace(tensor, shape=(*tensor.shape[:-1], int(keep.sum())))
    return graph.with_(nodes=nodes, tensors=tensors)


def sliced_weighted(
    graph: Graph, node: Node, ranges: dict[str, Interval], kept: Kept, tensors: dict[str, Tensor]
) -> Node:
    """conv_2d or fully_connected without the dead rows and columns of its weights."""
    x, w = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    assert w.data is not None
    outs = kept.get(node.outputs[0], np.ones(w.shape[0], dtype=bool))
    ins = kept.get(x.name, np.ones(w.shape[-1], dtype=bool))
    bias = bias_of(graph, node)[outs]
    gone = w.data.astype(np.int64)[outs][..., ~ins]
    if gone.size:
        value = (ranges[x.name].low - x.zero_point)[~ins]
        bias = bias + (gone * value).reshape(gone.shape[0], -1).sum(axis=1)
    data = np.ascontiguousarray(w.data[outs][..., ins])
    return with_weights(graph, node, tensors, data, outs, axis=0, bias=bias)


def sliced_depthwise(graph: Graph, node: Node, kept: Kept, tensors: dict[str, Tensor]) -> Node:
    """depthwise_conv_2d without the dead channels; its input loses the same ones."""
    w = graph.tensors[node.inputs[1]]
    assert w.data is not None
    keep = kept[node.outputs[0]]
    data = np.ascontiguousarray(w.data[..., keep])
    return with_weights(
        graph, node, tensors, data, keep, axis=w.data.ndim - 1, bias=bias_of(graph, node)[keep]
    )


def with_weights(
    graph: Graph, node: Node, tensors: dict[str, Tensor], data: Array, outs: Array, *, axis: int, bias: Array
) -> Node:
    """The node reading new weights, and a new bias unless it had none and needs none."""
    w = graph.tensors[node.inputs[1]]
    w_name, b_name = f"{node.name}/live_weights", f"{node.name}/live_bias"
    tensors[w_name] = replace(
        w, name=w_name, shape=data.shape, data=data, quantization=sliced(w.quantization, outs, axis)
    )
    had_bias = len(node.inputs) > 2 and bool(node.inputs[2])
    if not had_bias and not bias.any():
        return replace(node, inputs=(node.inputs[0], w_name, *node.inputs[2:]))
    old = graph.tensors[node.inputs[2]] if had_bias else None
    quantization = sliced(old.quantization, outs, 0) if old is not None else None
    tensors[b_name] = Tensor(
        name=b_name,
        shape=bias.shape,
        dtype=DType.INT32,
        quantization=quantization,
        data=bias.astype(np.int32),
    )
    return replace(node, inputs=(node.inputs[0], w_name, b_name))


def sliced(quantization: Quantization | None, keep: Array, axis: int) -> Quantization | None:
    """Per-channel parameters of the channels that stay; `axis` is the channels' axis of the tensor."""
    if quantization is None or not quantization.per_channel:
        return quantization
    scale = tuple(s for s, k in zip(quantization.scale, keep, strict=True) if k)
    zero_point = tuple(z for z, k in zip(quantization.zero_point, keep, strict=True) if k)
    return Quantization(scale=scale, zero_point=zero_point, axis=axis)
