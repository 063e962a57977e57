"""Cross-layer equalisation: channels of a tensor brought to like ranges without changing what the network computes.

M. Nagel, M. van Baalen, T. Blankevoort, M. Welling: Data-Free Quantization Through Weight Equalization and Bias
Correction, ICCV 2019. relu(x / s) = relu(x) / s for s > 0, so that a channel may be divided by s where layers write it
and multiplied by s where layers read it. The paper balances the weights of two layers that have one scale each. Here
weights have a scale for every output channel, and what is left to balance is the activation between them, whose
channels share one scale, against the weights that read it. So the ranges of channels that were observed stand in the
place of the first layer's weights.

Sums and pools pass the factors on: all tensors that they join are scaled together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from netsuke.compress.calibrate import Observations
from netsuke.compress.channel_groups import ChannelGroup, channel_groups, upper_bound
from netsuke.compress.scheme import WEIGHT_AXIS
from netsuke.ir import Array, Graph, Node, Tensor

QUIET = 1e-6
"""A channel below this share of the loudest one counts as silent and keeps its scale."""
STRONGEST = 1e4
"""No channel is scaled by more than this against another: unseen inputs may be louder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equalized:
    """The graph, and how far apart the channels of each group were before and after, loudest over quietest."""

    graph: Graph
    spreads: Mapping[str, tuple[float, float]]


def equalized(graph: Graph, seen: Observations) -> Equalized:
    """The graph with the channels of every group of tensors that allows it at like ranges.

    Args:
        graph: float32.
        seen: of the same graph; ranges of channels are enough.
    """
    tensors, nodes = dict(graph.tensors), {node.name: node for node in graph.nodes}
    spreads: dict[str, tuple[float, float]] = {}
    for group in channel_groups(graph):
        loud = loudness(group, seen)
        factors = scale_factors(graph.with_(nodes=nodes.values(), tensors=tensors), group, loud)
        if factors is None:
            continue
        spreads[group.tensors[0]] = spread(loud), spread(loud / factors)
        for name in group.writers:
            nodes[name] = written(nodes[name], factors, tensors)
        for name in group.readers:
            nodes[name] = read(nodes[name], factors, tensors)
    return Equalized(graph=graph.with_(nodes=nodes.values(), tensors=tensors), spreads=spreads)


def loudness(group: ChannelGroup, seen: Observations) -> Array:
    """float64 [channels]: the largest magnitude of each channel over all tensors of the group."""
    found = np.zeros(group.channels)
    for name in group.tensors:
        one = seen.by_tensor[name]
        largest = np.maximum(np.abs(one.channel_low), np.abs(one.channel_high)).astype(np.float64)
        found = np.maximum(found, largest.reshape(-1, group.channels).max(axis=0))
    return found


def scale_factors(graph: Graph, group: ChannelGroup, loud: Array) -> Array | None:
    """float64 [channels]: what each channel is divided by; None when the group is silent or cannot be scaled.

    The loudest channel's range stays, so that the tensor's does. Where depthwise layers alone read, nothing stands
    against the activation: a factor is taken up by its own channel's scale.
    """
    top = loud.max(initial=0.0)
    if top <= 0:
        return None
    heard = np.where(loud > QUIET * top, loud, top)
    weight = heaviness(graph, group)
    wanted = heard / top if weight is None else np.sqrt(heard / weight)
    after = heard / wanted
    factors = wanted * (after.max() / top)
    factors = np.clip(factors, factors.max() / STRONGEST, None)
    bound = upper_bound(graph, group)
    if bound is not None:
        factors = np.where(heard >= bound * (1 - 1e-6), 1.0, np.maximum(factors, heard / bound))
    factors[loud <= QUIET * top] = 1.0
    return factors if np.isfinite(factors).all() else None


def heaviness(graph: Graph, group: ChannelGroup) -> Array | None:
    """float64 [channels]: the largest weight that reads each channel, against the largest of its output channel.

    None when depthwise layers alone read.
    """
    found: Array | None = None
    for node in (n for n in graph.nodes if n.name in group.readers and n.op != "depthwise_conv_2d"):
        weights = np.abs(weights_of(graph.tensors, node)).astype(np.float64)
        rows = weights.reshape(len(weights), -1)
        rows /= np.maximum(rows.max(axis=1, keepdims=True), 1e-30)
        one = rows.reshape(-1, group.channels).max(axis=0)
        found = one if found is None else np.maximum(found, one)
    return None if found is None else np.maximum(found, 1e-3)


def written(node: Node, factors: Array, tensors: dict[str, Tensor]) -> Node:
    """A layer that writes the channels, its weights and bias divided by their factors."""
    weights = weights_of(tensors, node)
    axis = WEIGHT_AXIS[node.op]
    divide = np.resize(1 / factors, weights.shape[axis])
    shape = [1] * weights.ndim
    shape[axis] = -1
    names = [node.inputs[0], changed(tensors, node, 1, weights * divide.reshape(shape))]
    if len(node.inputs) > 2 and node.inputs[2]:
        bias = tensors[node.inputs[2]]
        assert bias.data is not None
        names.append(changed(tensors, node, 2, bias.data * divide.reshape(bias.shape)))
    return replace(node, inputs=tuple(names))


def read(node: Node, factors: Array, tensors: dict[str, Tensor]) -> Node:
    """A layer that reads the channels, its weights times their factors."""
    weights = weights_of(tensors, node)
    if node.op == "depthwise_conv_2d":
        times = np.repeat(factors, weights.shape[3] // len(factors))
    else:
        times = np.resize(factors, weights.shape[-1])
    return replace(
        node, inputs=(node.inputs[0], changed(tensors, node, 1, weights * times), *node.inputs[2:])
    )


def weights_of(tensors: Mapping[str, Tensor], node: Node) -> Array:
    """The constant weights of a layer."""
    data = tensors[node.inputs[1]].data
    assert data is not None
    return data


def changed(tensors: dict[str, Tensor], node: Node, index: int, data: Array) -> str:
    """Puts a constant of the node's own in the place of an operand; its name."""
    old = tensors[node.inputs[index]]
    mark = f"@{node.name}"
    name = old.name if old.name.endswith(mark) else old.name + mark
    tensors[name] = replace(old, name=name, data=np.ascontiguousarray(data.astype(np.float32)))
    return name


def spread(values: Array) -> float:
    """Loudest over quietest of the channels that are not silent."""
    heard = values[values > QUIET * values.max(initial=0.0)]
    return float(heard.max() / heard.min()) if heard.size else 1.0
