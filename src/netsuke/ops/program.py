"""A graph with its kernels chosen: what the planner lays out and the generator writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from netsuke.boards import Isa
from netsuke.errors import UnsupportedModel
from netsuke.ir import Graph, Node
from netsuke.ops.kernel import Call, Kernel, scratch_bytes
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap
from netsuke.ops.patch import Patches
from netsuke.ops.registry import operator, site
from netsuke.ops.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node, the kernel chosen for it and the calls that compute it.

    Or a stream of nodes, or patches of them: `node` then stands for all of them, reads what they read from outside and
    writes what others read of theirs; `calls` is empty and the stream, or the patches, say what is called.
    """

    node: Node
    site: Site[Any]
    kernel: Kernel
    calls: tuple[Call, ...]
    view: bool
    """True when the planner may give the output the input's memory and drop the calls."""
    macs: int
    stream: Stream | None = None
    patches: Patches | None = None
    known: list[tuple[Overlap, ...]] = field(default_factory=list, init=False, repr=False, compare=False)
    """What the kernel says of overlaps, once it was asked: planners ask for every order and sharing."""

    @property
    def fused(self) -> Stream | Patches | None:
        """What several nodes are computed by; None for a step of one."""
        return self.stream or self.patches

    @property
    def inner(self) -> tuple[Step, ...]:
        """The layers of a fused step as steps of their own, each with the calls of all its forms; else none."""
        return tuple(
            Step(
                node=layer.node,
                site=layer.site,
                kernel=layer.forms[0].kernel,
                calls=tuple(call for form in layer.forms for call in form.calls),
                view=False,
                macs=layer.macs,
            )
            for layer in (() if self.fused is None else self.fused.layers)
        )

    @property
    def calls_by_node(self) -> tuple[tuple[Node, Call], ...]:
        """The calls with the node that each computes, those of inner layers too."""
        return tuple((step.node, call) for step in self.inner or (self,) for call in step.calls)

    @property
    def every_call(self) -> tuple[Call, ...]:
        """The calls, those of inner layers too."""
        return tuple(call for _, call in self.calls_by_node)

    @property
    def scratch_bytes(self) -> int:
        """Arena bytes that live only while the step runs; its calls run one after the other and share them."""
        if self.fused is not None:
            return self.fused.scratch_bytes
        return scratch_bytes(self.calls)

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Inputs that output 0 may lie over, and how far."""
        if self.fused is not None:
            return self.fused.overlaps
        if not self.known:
            self.known.append(self.kernel.overlap(self.site))
        return self.known[0]

    @property
    def over_scratch(self) -> Overlap | None:
        """How far output 0 may lie over the scratch, if at all."""
        growing = self.stream is not None and self.stream.growing
        return Overlap(input=-1, lead=0) if growing else None

    @property
    def draining(self) -> Overlap | None:
        """How far the scratch may lie over an input, if at all."""
        return None if self.stream is None else self.stream.draining


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`steps` stand in the graph's order."""

    graph: Graph
    steps: tuple[Step, ...]
    expanded: frozenset[str] = frozenset()
    """Names of nodes whose kernels are compiled into their layer, constants and all, instead of being shared."""
    beside: frozenset[str] = frozenset()
    """Names of kernels that other models of the same image expand so: this one then calls their shared copies."""
    compact: bool = False
    """True where flash counts: layers that share a kernel then give it what differs between them as a narrow row."""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict, compare=False, repr=False)
    """Node name → kernel name → cycles of the layer with it, on the core that the program is for, where it was
    counted: what schedules are chosen by."""

    @property
    def pushed(self) -> str | None:
        """The input whose rows the caller gives one by one, where there is one: it is never in memory as a whole."""
        return pushed_input(self.steps)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(step.macs for step in self.steps)


def pushed_input(steps: Sequence[Step]) -> str | None:
    """The input that a stream takes row by row from the caller."""
    streams = (step.stream for step in steps if step.stream is not None)
    return next((s.lines[s.taken].tensor for s in streams if s.taken is not None), None)


def bind(
    graph: Graph,
    isa: Isa = Isa.NONE,
    *,
    small: bool = False,
    choice: Mapping[str, Kernel] = MappingProxyType({}),
    expanded: frozenset[str] = frozenset(),
) -> Program:
    """Chooses for every node the kernel that `choice` has for its name (one of its `candidates`), else the first that
    the core can run and that accepts the site.

    `small` passes over kernels that spend flash for speed, where `choice` has none, and makes the program compact.
    `expanded`: see Program.

    Raises:
        GraphError: when a node breaks a rule of its operator.
        UnsupportedModel: when no kernel computes a node.
    """
    steps = (step_of(graph, node, isa, small=small, kernel=choice.get(node.name)) for node in graph.nodes)
    return Program(graph=graph, steps=tuple(steps), expanded=expanded, compact=small)


def step_of(graph: Graph, node: Node, isa: Isa, *, small: bool = False, kernel: Kernel | None = None) -> Step:
    """One node with its kernel: the one that is given, or the first that fits."""
    found = site(graph, node)
    op = operator(node.op)
    kernel = kernel or kernel_for(found, isa, small=small)
    calls = kernel.bind(found)
    return Step(node=node, site=found, kernel=kernel, calls=calls, view=op.view, macs=op.macs(found))


def kernel_for(found: Site[Any], isa: Isa, *, small: bool = False) -> Kernel:
    """The first kernel that the core can run and that accepts the site.

    Raises:
        UnsupportedModel: when there is none.
    """
    node = found.node
    for kernel in operator(node.op).kernels:
        if small and kernel.spends_flash:
            continue
        if kernel.needs in isa and kernel.accepts(found):
            return kernel
    types = ", ".join(t.dtype.value for t in found.inputs if t is not None)
    raise UnsupportedModel(
        f"{node.op} {node.name!r}: no kernel computes it for inputs of {types}; see `netsuke ops {node.op}`"
    )
