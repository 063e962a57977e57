"""A network that computes what it did, with channels a thousandfold apart: what plain quantisation cannot take."""

from __future__ import annotations

import numpy as np

from netsuke.compress.channel_groups import channel_groups
from netsuke.compress.equalize import read, written
from netsuke.errors import InputError
from netsuke.ir import Graph


def outlier_ridden(graph: Graph, layer: str, *, spread: float = 1000.0, seed: int = 0) -> Graph:
    """The float graph with a layer's output channels scaled by up to `spread` against each other, and scaled back where
    they are read.

    Most channels stay near the quiet end, as outliers are few: factors are spread^(u^3), u even from 0 to 1 in an order
    drawn from `seed`.

    Raises:
        InputError: when the layer's channels cannot be scaled: something other than layers with weights reads them.
    """
    group = next((g for g in channel_groups(graph) if layer in g.writers), None)
    if group is None:
        raise InputError(f"the channels of {layer!r} cannot be scaled; give a layer between two with weights")
    even = np.linspace(0, 1, group.channels)
    louder = spread ** (np.random.default_rng(seed).permutation(even) ** 3)
    tensors, nodes = dict(graph.tensors), {node.name: node for node in graph.nodes}
    for name in group.writers:
        nodes[name] = written(nodes[name], 1 / louder, tensors)
    for name in group.readers:
        nodes[name] = read(nodes[name], 1 / louder, tensors)
    return graph.with_(nodes=nodes.values(), tensors=tensors)
