"""What a pass is, and the small moves that passes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from netsuke.ir import Graph, Node, Tensor


class Pass(Protocol):
    """A frozen dataclass whose fields are its options. It never changes what the graph computes, to the bit."""

    name: ClassVar[str]
    requires: ClassVar[str]
    """What must hold of the graph before."""
    ensures: ClassVar[str]
    """What holds of it afterwards."""

    def run(self, graph: Graph) -> Outcome:
        """The changed graph, or the same one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`changes` says in words what was done, one line each; empty when nothing was."""

    graph: Graph
    changes: tuple[str, ...] = ()


def substituted(node: Node, names: Mapping[str, str]) -> Node:
    """The node reading other tensors in the place of these."""
    inputs = tuple(names.get(name, name) for name in node.inputs)
    return node if inputs == node.inputs else replace(node, inputs=inputs)


def bypass(graph: Graph, node: Node) -> Graph:
    """The graph without a node of one input and one output that only hands its value on.

    Readers of the output read the input instead; when the output belongs to the graph, the input's producer takes
    over its name. The caller makes sure that one of the two is possible (`can_bypass`).
    """
    source, result = node.inputs[0], node.outputs[0]
    nodes = [n for n in graph.nodes if n is not node]
    if result not in graph.outputs:
        return graph.with_(nodes=[substituted(n, {result: source}) for n in nodes])
    return graph.with_(nodes=[renamed(n, source, result) for n in nodes])


def renamed(node: Node, old: str, new: str) -> Node:
    """The node with a tensor's name changed on both sides."""
    return replace(
        node,
        inputs=tuple(new if n == old else n for n in node.inputs),
        outputs=tuple(new if n == old else n for n in node.outputs),
    )


def can_bypass(graph: Graph, node: Node) -> bool:
    """True when `bypass` applies: the output is internal, or the input is internal and computed."""
    source, result = node.inputs[0], node.outputs[0]
    if result not in graph.outputs:
        return True
    return (
        source not in graph.inputs and source not in graph.outputs and not graph.tensors[source].is_constant
    )


def rewrite(graph: Graph, step: Callable[[Graph, Node], tuple[Graph, str] | None]) -> Outcome:
    """Applies a local rewrite wherever it fits until it fits nowhere; `step` gives the new graph and what it did."""
    changes: list[str] = []
    at = 0
    while at < len(graph.nodes):
        done = step(graph, graph.nodes[at])
        if done is None:
            at += 1
            continue
        graph, change = done
        changes.append(change)
        at = max(0, at - 1)
    return Outcome(graph=graph, changes=tuple(changes))


def with_constant(graph: Graph, tensor: Tensor, nodes: list[Node]) -> Graph:
    """The graph with a tensor added (or replaced) and its nodes changed."""
    return graph.with_(nodes=nodes, tensors={**graph.tensors, tensor.name: tensor})
