"""Which tensors are in memory around a run of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.ir import Graph
from netsuke.ops.program import Step
from netsuke.ops.state import AssignVariable, ReadVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """What steps start..end - 1 have to do with the others. All are names of roots (see Lives).

    inputs: read here, made before; outputs: made here, read later; passing: neither read nor made here, alive all
    the time.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    passing: tuple[str, ...]
    dying: frozenset[str]
    """Inputs that nobody reads later."""


class Lives:
    """First and last steps of every computed tensor; a view counts as the tensor that it is a view of: its root."""

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self.graph, self.steps = graph, steps
        self.root: dict[str, str] = {}
        self.made: dict[str, int] = dict.fromkeys(graph.inputs, -1)
        self.last: dict[str, int] = {}
        self.states: set[str] = set()
        for index, step in enumerate(steps):
            self.add(index, step)
        for name in graph.outputs:
            self.last[self.root_of(name)] = len(steps)

    def add(self, index: int, step: Step) -> None:
        """Takes note of what a step reads and makes."""
        node = step.node
        for name in node.inputs:
            if name and not self.graph.tensors[name].is_constant:
                self.last[self.root_of(name)] = index
        if isinstance(node.args, ReadVariable | AssignVariable):
            self.states.update(node.outputs)
        for name in node.outputs:
            if step.view and node.inputs and not isinstance(node.args, ReadVariable):
                self.root[name] = self.root_of(node.inputs[0])
            else:
                self.made[name] = index

    def root_of(self, name: str) -> str:
        """The tensor whose memory it is."""
        return self.root.get(name, name)

    def bytes_of(self, name: str) -> int:
        """Arena bytes of a root; the states' own memory is elsewhere."""
        return 0 if name in self.states else -(-self.graph.tensors[name].nbytes // 4) * 4

    def around(self, start: int, end: int) -> Boundary:
        """The boundary of steps start..end - 1."""
        read = {
            self.root_of(name)
            for step in self.steps[start:end]
            for name in step.node.inputs
            if name and not self.graph.tensors[name].is_constant
        }
        inputs = tuple(n for n in self.made if n in read and self.made[n] < start)
        outputs = tuple(n for n, at in self.made.items() if start <= at < end and self.last.get(n, at) >= end)
        alive = [n for n, at in self.made.items() if at < start and self.last.get(n, at) >= end]
        passing = tuple(n for n in alive if n not in inputs)
        return Boundary(
            inputs=inputs,
            outputs=outputs,
            passing=passing,
            dying=frozenset(n for n in inputs if self.last[n] < end),
        )
