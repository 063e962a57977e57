"""Reshapes that do nothing are removed, and a reshape of a reshape becomes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node
from netsuke.lower.passes import Outcome, bypass, can_bypass, rewrite
from netsuke.ops.reshape import Reshape


@dataclass(frozen=True, slots=True, kw_only=True)
class SimplifyReshapes:
    """What is left is a view: the planner gives it its input's memory."""

    name: ClassVar[str] = "simplify-reshapes"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no reshape keeps its shape or reads another reshape"

    def run(self, graph: Graph) -> Outcome:
        """Rewrites until nothing changes."""
        return rewrite(graph, simplify)


def simplify(graph: Graph, node: Node) -> tuple[Graph, str] | None:
    """One reshape."""
    if not isinstance(node.args, Reshape):
        return None
    source = graph.tensors[node.inputs[0]]
    result = graph.tensors[node.outputs[0]]
    if source.type == result.type and can_bypass(graph, node):
        return bypass(graph, node), f"removed {node.name}: it keeps the shape {list(source.shape)}"
    before = graph.producers().get(source.name)
    if before is None or not isinstance(before.args, Reshape):
        return None
    direct = replace(node, inputs=before.inputs)
    nodes = [direct if n is node else n for n in graph.nodes]
    if source.name not in graph.outputs and len(graph.consumers()[source.name]) == 1:
        nodes = [n for n in nodes if n is not before]
    return graph.with_(nodes=nodes), f"{node.name} reads {before.inputs[0]!r} directly"
