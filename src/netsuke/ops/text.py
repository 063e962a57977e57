"""The text form of graphs, with the operators that netsuke knows."""

from __future__ import annotations

from netsuke.ir import Graph, from_text, to_text
from netsuke.ops.registry import operators


def parse(text: str) -> Graph:
    """The graph that a text stands for; it is not verified.

    Raises:
        GraphError: with the line's number, what was got and what was wanted.
    """
    return from_text(text, {name: operator.args for name, operator in operators().items()})


def print_graph(graph: Graph) -> str:
    """The graph as text that `parse` reads back to the bit."""
    return to_text(graph)
