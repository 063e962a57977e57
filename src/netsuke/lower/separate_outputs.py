"""Gives every output of the graph a value of its own that a kernel writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node
from netsuke.lower.passes import Outcome
from netsuke.ops.reshape import Reshape


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparateOutputs:
    """An output that is an input, a constant, or an output already is copied: the caller's pointers are distinct."""

    name: ClassVar[str] = "separate-outputs"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "outputs are distinct, computed, and not inputs"

    def run(self, graph: Graph) -> Outcome:
        """Appends a reshape to the same shape, which the planner turns into a copy where it must."""
        outputs: list[str] = []
        nodes = list(graph.nodes)
        tensors = dict(graph.tensors)
        changes: list[str] = []
        for name in graph.outputs:
            tensor = tensors[name]
            if name not in graph.inputs and not tensor.is_constant and name not in outputs:
                outputs.append(name)
                continue
            copy = fresh(f"{name}/copy", tensors)
            tensors[copy] = replace(tensor, name=copy, data=None)
            taken = {n.name for n in nodes}
            nodes.append(
                Node(
                    op="reshape",
                    name=fresh(f"copy_of_{name}", taken),
                    inputs=(name,),
                    outputs=(copy,),
                    args=Reshape(shape=tensor.shape),
                )
            )
            outputs.append(copy)
            changes.append(f"output {name!r} gets a copy of its own")
        if not changes:
            return Outcome(graph=graph)
        return Outcome(
            graph=graph.with_(nodes=nodes, tensors=tensors, outputs=tuple(outputs)), changes=tuple(changes)
        )


def fresh(name: str, taken: object) -> str:
    """The name, with a number behind it when it is taken."""
    number, text = 2, name
    while text in taken:  # type: ignore[operator]
        text, number = f"{name}_{number}", number + 1
    return text
