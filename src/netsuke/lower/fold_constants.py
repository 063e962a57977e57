"""Computes at build time whatever depends on constants alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node
from netsuke.lower.passes import Outcome, rewrite
from netsuke.ops import operator
from netsuke.ops.operator import site_of
from netsuke.ops.state import AssignVariable, ReadVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldConstants:
    """`largest` bounds the bytes of one folded value: a constant costs flash where a computation costs time."""

    name: ClassVar[str] = "fold-constants"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no node reads constants only, unless its result is too large or is an output"
    largest: int = 1 << 20

    def run(self, graph: Graph) -> Outcome:
        """Evaluates such nodes with their references."""
        return rewrite(graph, self.step)

    def step(self, graph: Graph, node: Node) -> tuple[Graph, str] | None:
        """Folds one node."""
        operands = graph.input_types(node)
        results = graph.output_types(node)
        if isinstance(node.args, ReadVariable | AssignVariable) or set(node.outputs) & set(graph.outputs):
            return None
        if not node.inputs or any(t is not None and t.data is None for t in operands):
            return None
        if sum(t.nbytes for t in results) > self.largest:
            return None
        values = [None if t is None else t.data for t in operands]
        computed = operator(node.op).reference(site_of(graph, node), values)
        folded = {t.name: replace(t, data=v.copy()) for t, v in zip(results, computed, strict=True)}
        nodes = [n for n in graph.nodes if n is not node]
        return graph.with_(
            nodes=nodes, tensors={**graph.tensors, **folded}
        ), f"computed {node.name} ({node.op}) at build time"
