"""Attention masks in integers: scores that are hidden by a very large negative number.

A range that held -1e9 would leave nothing of the scores that count. What softmax does is the same for any number far
enough below them, so hidden scores get the lowest one that tells: so far below all others that the weights of a whole
row of them vanish in int8.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.compress.calibrate import observe
from netsuke.compress.ranges import Range, Ranges
from netsuke.compress.samples import Samples, gathered
from netsuke.ir import DType, Graph, Node, Tensor
from netsuke.ops.activation import FLOAT32_MAX

HIDES = -1e4
"""From here down a constant stands for minus infinity."""
LOOKED_AT = 64
"""Samples that tell the range of the scores."""
BELOW = 7.0
"""exp(-7) is 1/1097: a row of hidden scores together adds less than half a step of 1/256 to the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A node that hides scores: its number, and which operands are the scores and the constant mask."""

    node: int
    scores: str
    mask: str


def masks_of(graph: Graph) -> tuple[Mask, ...]:
    """Sums with a constant, and choices of one, that hide scores."""
    return tuple(m for i, n in enumerate(graph.nodes) if (m := mask_of(graph, i, n)) is not None)


def mask_of(graph: Graph, index: int, node: Node) -> Mask | None:
    """The mask of one node."""
    operands = {"add": node.inputs, "select_v2": node.inputs[1:]}.get(node.op, ())
    for scores, mask in (operands, operands[::-1]) if len(operands) == 2 else ():
        data, real = graph.tensors[mask].data, graph.tensors[scores]
        if data is None or real.data is not None or real.dtype is not DType.FLOAT32:
            continue
        lone = node.op == "select_v2" and data.size > 1
        if not lone and lowest_clamp(node) <= -FLOAT32_MAX and float(data.min()) <= HIDES:
            return Mask(node=index, scores=scores, mask=mask)
    return None


def with_bounded_masks(graph: Graph, samples: Samples) -> Graph:
    """The graph with hidden scores not far below the lowest score that is seen; itself where nothing is hidden."""
    found = masks_of(graph)
    if not found:
        return graph
    seen = observe(graph, gathered(samples, LOOKED_AT), histograms=False).ranges("min-max")
    nodes, tensors = list(graph.nodes), dict(graph.tensors)
    for mask in found:
        node, tensor = bounded(graph, mask, seen.of(mask.scores), tensors)
        nodes[mask.node] = node
        tensors[tensor.name] = tensor
    return graph.with_(nodes=nodes, tensors=tensors)


def bounded(graph: Graph, mask: Mask, scores: Range, taken: Mapping[str, Tensor]) -> tuple[Node, Tensor]:
    """The node, and its mask, under a name of its own."""
    node, given = graph.nodes[mask.node], graph.tensors[mask.mask]
    assert given.data is not None
    lowest = lowest_of(graph, mask, scores)
    hidden = lowest if node.op == "select_v2" else lowest - scores.high
    data = np.where(given.data <= HIDES, np.float32(hidden), given.data).astype(np.float32)
    name = f"{mask.mask}_bounded"
    while name in taken:
        name += "_"
    args: Any = node.args
    if node.op == "add":
        highest = FLOAT32_MAX if args.clamp is None else min(args.clamp[1], FLOAT32_MAX)
        args = replace(args, clamp=(float(np.float32(lowest)), highest))
    inputs = tuple(name if n == mask.mask else n for n in node.inputs)
    return replace(node, inputs=inputs, args=args), replace(given, name=name, data=data)


def lowest_of(graph: Graph, mask: Mask, scores: Range) -> float:
    """What hidden scores become."""
    row = graph.tensors[graph.nodes[mask.node].outputs[0]].shape[-1:]
    return min(scores.low, scores.high) - BELOW - math.log(max(*row, 1))


def with_hidden(graph: Graph, ranges: Ranges) -> Ranges:
    """The ranges with all of what bounded masks leave: a calibrator may take rare hidden scores for outliers."""
    found = dict(ranges.by_tensor)
    for node in graph.nodes:
        low = lowest_clamp(node)
        if node.op == "add" and -FLOAT32_MAX < low < 0:
            y = node.outputs[0]
            found[y] = Range(low=min(low, found[y].low), high=found[y].high)
    return Ranges(by_tensor=found, samples=ranges.samples)


def lowest_clamp(node: Node) -> float:
    """The lowest value that a node gives; minus FLOAT32_MAX where nothing says so."""
    clamp = getattr(node.args, "clamp", None)
    return -FLOAT32_MAX if clamp is None else max(float(clamp[0]), -FLOAT32_MAX)
