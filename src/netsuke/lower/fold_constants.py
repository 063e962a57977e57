"""Computes at build time whatever depends on constants alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from netsuke.ir import Graph, Node
from netsuke.lower.passes import Outcome, rewrite
from netsuke.ops.fold import LARGEST, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldConstants:
    """`largest` bounds the bytes of one folded value: a constant costs flash where a computation costs time."""

    name: ClassVar[str] = "fold-constants"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no node reads constants only, unless its result is too large or is an output"
    largest: int = LARGEST

    def run(self, graph: Graph) -> Outcome:
        """Evaluates such nodes with their references."""
        return rewrite(graph, self.step)

    def step(self, graph: Graph, node: Node) -> tuple[Graph, str] | None:
        """Folds one node."""
        made = folded(graph, node, self.largest)
        return None if made is None else (made, f"computed {node.name} ({node.op}) at build time")
