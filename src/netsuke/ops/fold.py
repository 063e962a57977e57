"""Nodes that read constants alone, computed now by their references."""

from __future__ import annotations

from dataclasses import replace

from netsuke.ir import Graph, Node
from netsuke.ops.operator import site_of
from netsuke.ops.registry import operator
from netsuke.ops.state import AssignVariable, ReadVariable

LARGEST = 1 << 20
"""Bytes of one folded value: a constant costs flash where a computation costs time."""


def folded(graph: Graph, node: Node, largest: int = LARGEST) -> Graph | None:
    """The graph without that node, its results constants; None when it must stay: it reads what is computed at run
    time, gives an output of the graph, or more than `largest` bytes."""
    operands = graph.input_types(node)
    results = graph.output_types(node)
    if isinstance(node.args, ReadVariable | AssignVariable) or set(node.outputs) & set(graph.outputs):
        return None
    if not node.inputs or any(t is not None and t.data is None for t in operands):
        return None
    if sum(t.nbytes for t in results) > largest:
        return None
    values = [None if t is None else t.data for t in operands]
    computed = operator(node.op).reference(site_of(graph, node), values)
    constants = {t.name: replace(t, data=v.copy()) for t, v in zip(results, computed, strict=True)}
    nodes = [n for n in graph.nodes if n is not node]
    return graph.with_(nodes=nodes, tensors={**graph.tensors, **constants})


def all_folded(graph: Graph, largest: int = LARGEST) -> Graph:
    """The graph with all such nodes computed."""
    for node in graph.nodes:
        graph = folded(graph, node, largest) or graph
    return graph
