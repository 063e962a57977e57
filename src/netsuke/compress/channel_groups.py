"""Tensors whose channels can be scaled together: what layers write, what passes it on, what layers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netsuke.compress.scheme import WEIGHT_AXIS
from netsuke.ir import Graph, Node
from netsuke.ops.activation import FLOAT32_MAX

HOMOGENEOUS = frozenset(
    {
        "add", "average_pool_2d", "leaky_relu", "max_pool_2d", "mean", "pad", "relu", "relu6", "reshape",
        "resize_bilinear", "resize_nearest_neighbor", "sub", "sum",
    }
)  # fmt: skip
"""f(s x) = s f(x) for every s > 0, channel by channel, where the arguments allow it: see `passes_on`."""
WRITES = frozenset({"conv_2d", "depthwise_conv_2d", "fully_connected"})
"""Layers whose outputs can be scaled by their weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGroup:
    """`channels` factors serve all `tensors`, whose last axis is that long or a multiple of it; the nodes that write
    and read them by name."""

    tensors: tuple[str, ...]
    channels: int
    writers: tuple[str, ...]
    readers: tuple[str, ...]


def channel_groups(graph: Graph) -> tuple[ChannelGroup, ...]:
    """Every group that only layers with weights write and read, in the order of the graph."""
    members = joined_tensors(graph)
    found = (group_of(graph, names) for names in dict.fromkeys(members.values()))
    return tuple(group for group in found if group is not None)


def joined_tensors(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Tensor → all that operators between layers join with it."""
    together = {t.name: [t.name] for t in graph.tensors.values() if not t.is_constant}
    for node in graph.nodes:
        if passes_on(graph, node):
            computed = [n for n in (*node.inputs, *node.outputs) if n in together]
            merged = list(dict.fromkeys(m for n in computed for m in together[n]))
            together.update(dict.fromkeys(merged, merged))
    return {name: tuple(members) for name, members in together.items()}


def passes_on(graph: Graph, node: Node) -> bool:
    """True for operators between layers that a factor a channel passes through."""
    if node.op not in HOMOGENEOUS or any(graph.tensors[n].is_constant for n in node.inputs if n):
        return False
    args: Any = node.args
    rank = len(graph.tensors[node.inputs[0]].shape)
    if node.op in ("mean", "sum"):
        return rank - 1 not in args.axes
    if node.op == "pad":
        return bool(args.value == 0 and args.amounts[-1] == (0, 0))
    ends = [graph.tensors[n].shape[-1] for n in (*node.inputs, *node.outputs) if graph.tensors[n].shape]
    if node.op == "reshape":
        return len(ends) == 2 and max(ends) % min(ends) == 0
    return len(set(ends)) == 1


def group_of(graph: Graph, names: tuple[str, ...]) -> ChannelGroup | None:
    """The group of these tensors; None when something else writes or reads one, or a clamp stands in the way."""
    producers, consumers = graph.producers(), graph.consumers()
    if set(names) & {*graph.inputs, *graph.outputs} or any(not graph.tensors[n].shape for n in names):
        return None
    channels = min(graph.tensors[n].shape[-1] for n in names)
    writers, readers = [], []
    for name in names:
        if graph.tensors[name].shape[-1] % channels:
            return None
        writer = producers[name]
        if writer.op in WRITES and writer.name not in writers:
            writers.append(writer.name)
        elif not passes_on(graph, writer):
            return None
        for reader in consumers.get(name, []):
            if reader.op in WEIGHT_AXIS and readable(graph, reader, channels):
                readers.append(reader.name)
            elif not passes_on(graph, reader):
                return None
    group = ChannelGroup(
        tensors=names, channels=channels, writers=tuple(writers), readers=tuple(dict.fromkeys(readers))
    )
    return group if readers and channels > 1 and clamps_scale(graph, group) else None


def readable(graph: Graph, node: Node, channels: int) -> bool:
    """True when the layer's weights have the channels along their last axis (or are depthwise)."""
    shape = graph.tensors[node.inputs[1]].shape
    if node.op == "depthwise_conv_2d":
        return graph.tensors[node.inputs[0]].shape[-1] == channels
    ungrouped = node.op != "conv_2d" or graph.tensors[node.inputs[0]].shape[-1] == shape[-1]
    return node.op in WRITES and shape[-1] % channels == 0 and ungrouped


def clamps(graph: Graph, group: ChannelGroup) -> list[tuple[float, float]]:
    """The fused activations of everything that writes the group's tensors."""
    producers = graph.producers()
    found = [getattr(producers[name].args, "clamp", None) for name in group.tensors]
    bounds = [(float(c[0]), float(c[1])) for c in found if c is not None]
    return bounds + [(0.0, 6.0) for name in group.tensors if producers[name].op == "relu6"]


def clamps_scale(graph: Graph, group: ChannelGroup) -> bool:
    """True when every clamp begins at 0 or nowhere, and upper bounds are one and the same on what layers write."""
    bounds = clamps(graph, group)
    if any(low > -FLOAT32_MAX and low != 0.0 for low, _ in bounds):
        return False
    return len({high for _, high in bounds if high < FLOAT32_MAX}) < 2


def upper_bound(graph: Graph, group: ChannelGroup) -> float | None:
    """The bound of a relu6; channels that reach it keep their scale, others may not be scaled up beyond it."""
    return min((high for _, high in clamps(graph, group) if high < FLOAT32_MAX), default=None)
