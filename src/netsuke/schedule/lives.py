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
        self.place = {name: number for number, name in enumerate(self.made)}
        self.read = [self.roots_read(step) for step in steps]
        self.living: dict[int, tuple[str, ...]] = {}
        self.known: dict[tuple[int, int], Boundary] = {}

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

    def roots_read(self, step: Step) -> set[str]:
        """Roots of the computed tensors that a step reads."""
        return {
            self.root_of(name)
            for name in step.node.inputs
            if name and not self.graph.tensors[name].is_constant
        }

    def root_of(self, name: str) -> str:
        """The tensor whose memory it is."""
        return self.root.get(name, name)

    def bytes_of(self, name: str) -> int:
        """Arena bytes of a root; the states' own memory is elsewhere."""
        return 0 if name in self.states else -(-self.graph.tensors[name].nbytes // 4) * 4

    def around(self, start: int, end: int) -> Boundary:
        """The boundary of steps start..end - 1."""
        if (start, end) not in self.known:
            self.known[start, end] = self.boundary(start, end)
        return self.known[start, end]

    def boundary(self, start: int, end: int) -> Boundary:
        """See `around`."""
        read = set().union(*self.read[start:end])
        inputs = sorted((n for n in read if self.made[n] < start), key=self.place.__getitem__)
        alive = self.alive(end)
        return Boundary(
            inputs=tuple(inputs),
            outputs=tuple(n for n in alive if self.made[n] >= start),
            passing=tuple(n for n in alive if self.made[n] < start and n not in read),
            dying=frozenset(n for n in inputs if self.last[n] < end),
        )

    def alive(self, at: int) -> tuple[str, ...]:
        """What is made before step `at` and read there or later."""
        if at not in self.living:
            self.living[at] = tuple(n for n, made in self.made.items() if made < at <= self.last.get(n, made))
        return self.living[at]
