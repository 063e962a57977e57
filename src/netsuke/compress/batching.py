"""A graph for one sample → the same graph for many at once, where its first axis is nothing but the sample."""

from __future__ import annotations

from dataclasses import replace

from netsuke.errors import GraphError
from netsuke.ir import Args, Graph, Node, Tensor
from netsuke.ops.registry import site
from netsuke.ops.reshape import Reshape


def batched(graph: Graph, count: int) -> Graph | None:
    """The graph with `count` in the place of the leading 1 of everything that is computed.

    None where that is not the same network `count` times: a tensor without a leading 1, an operator whose shape rule
    contradicts the new shapes, or states. Operators that would mix samples without changing a shape do not exist
    (all of them either keep the first axis or change its size).
    """
    if graph.states or not all(samples_first(t) for t in graph.tensors.values() if not t.is_constant):
        return None
    tensors = {
        name: t if t.is_constant else replace(t, shape=(count, *t.shape[1:]))
        for name, t in graph.tensors.items()
    }
    wide = replace(graph, tensors=tensors, nodes=tuple(widened(node, count) for node in graph.nodes))
    try:
        for node in wide.nodes:
            site(wide, node)
    except GraphError:
        return None
    return wide


def samples_first(tensor: Tensor) -> bool:
    """True when the first of at least two axes is 1 long."""
    return len(tensor.shape) > 1 and tensor.shape[0] == 1


def widened(node: Node, count: int) -> Node:
    """The node with the batch in its arguments."""
    args: Args = node.args
    if isinstance(args, Reshape) and args.shape[:1] == (1,):
        return replace(node, args=replace(args, shape=(count, *args.shape[1:])))
    return node
