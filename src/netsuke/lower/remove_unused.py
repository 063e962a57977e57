"""Drops nodes whose results nobody reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node
from netsuke.lower.passes import Outcome
from netsuke.ops.state import AssignVariable, ReadVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUnused:
    """A node stays when an output of the graph or a state depends on it."""

    name: ClassVar[str] = "remove-unused"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "every node serves an output or a state"

    def run(self, graph: Graph) -> Outcome:
        """One walk from the end."""
        wanted = set(graph.outputs)
        kept: list[Node] = []
        for node in reversed(graph.nodes):
            if wanted & set(node.outputs) or isinstance(node.args, AssignVariable):
                kept.append(node)
                wanted.update(node.inputs)
        removed = [n for n in graph.nodes if n not in kept]
        if not removed:
            return Outcome(graph=graph)
        changes = tuple(f"removed {n.name} ({n.op}): nobody reads it" for n in removed)
        named = {n.args.variable for n in kept if isinstance(n.args, AssignVariable | ReadVariable)}
        states = tuple(state for state in graph.states if state.name in named)
        return Outcome(graph=replace(graph.with_(nodes=kept[::-1]), states=states), changes=changes)
