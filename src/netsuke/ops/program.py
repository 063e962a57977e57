"""A graph with its kernels chosen: what the planner lays out and the generator writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netsuke.boards import Isa
from netsuke.errors import UnsupportedModel
from netsuke.ir import Graph, Node
from netsuke.ops.kernel import Call, Kernel, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.registry import operator, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node, the kernel chosen for it and the calls that compute it."""

    node: Node
    site: Site[Any]
    kernel: Kernel
    calls: tuple[Call, ...]
    view: bool
    """True when the planner may give the output the input's memory and drop the calls."""
    macs: int

    @property
    def scratch_bytes(self) -> int:
        """Arena bytes that live only while the step runs; its calls run one after the other and share them."""
        sizes = [p.nbytes for call in self.calls for p in call.pointers if isinstance(p, Scratch)]
        return max(sizes, default=0)

    @property
    def in_place(self) -> tuple[int, ...]:
        """Inputs whose memory output 0 may take over."""
        return self.kernel.in_place(self.site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`steps` stand in the graph's order."""

    graph: Graph
    steps: tuple[Step, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(step.macs for step in self.steps)


def bind(graph: Graph, isa: Isa = Isa.NONE, *, small: bool = False) -> Program:
    """Chooses for every node the first kernel that the core can run and that accepts the site.

    `small` passes over kernels that spend flash for speed.

    Raises:
        GraphError: when a node breaks a rule of its operator.
        UnsupportedModel: when no kernel computes a node.
    """
    return Program(graph=graph, steps=tuple(step_of(graph, node, isa, small=small) for node in graph.nodes))


def step_of(graph: Graph, node: Node, isa: Isa, *, small: bool = False) -> Step:
    """One node with its kernel."""
    found = site(graph, node)
    op = operator(node.op)
    for kernel in op.kernels:
        if small and kernel.spends_flash:
            continue
        if kernel.needs in isa and kernel.accepts(found):
            calls = kernel.bind(found)
            return Step(node=node, site=found, kernel=kernel, calls=calls, view=op.view, macs=op.macs(found))
    types = ", ".join(t.dtype.value for t in found.inputs if t is not None)
    raise UnsupportedModel(
        f"{node.op} {node.name!r}: no kernel computes it for inputs of {types}; see `netsuke ops {node.op}`"
    )
