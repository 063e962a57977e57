"""Replays a plan on a memory whose every byte remembers which byte of which value was written to it.

Nothing here looks at lifetimes, buffers or how the plan was made: a step reads its operands where the plan says that
they are, and finds there the values that the graph means, or the plan is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from netsuke.ir import Array, Node
from netsuke.ops.operator import site_of
from netsuke.ops.program import Step
from netsuke.ops.registry import operator
from netsuke.ops.state import AssignVariable, ReadVariable
from netsuke.plan import Plan, Space
from netsuke.plan.plan import align

Region = tuple[str, int, int]
"""Memory, first byte, first byte after it."""
NOBODY = -1


class BrokenPlanError(AssertionError):
    """What the plan does wrong."""


@dataclass(slots=True)
class Replay:
    """`inside` puts inputs and outputs at their places in the arena; else each has memory of its own."""

    plan: Plan
    inside: bool
    memory: dict[str, Array] = field(default_factory=dict)
    meaning: dict[str, Array] = field(default_factory=dict)
    """Tensor → numbers of the elements that it is made of: a view has those of its source, a read variable its state's,
    a concatenation that needs no code those of its parts."""
    values: dict[str, Array] = field(default_factory=dict)
    """Value → the numbers of its elements."""
    names: list[tuple[int, str]] = field(default_factory=list)
    """(first number, value)."""

    def run(self) -> None:
        """Everything in the plan's order.

        Raises:
            BrokenPlanError: at the first byte that is not what it should be.
        """
        graph = self.plan.program.graph
        self.make_memory()
        self.find_meanings()
        for name in graph.inputs:
            self.fill(self.region(name), self.meaning[name])
        for state in graph.states:
            self.fill(self.state_region(state.name), self.version(state.name, 0))
        for name in graph.inputs:
            self.read(name, "the first step")
        for step in self.plan.steps:
            self.step(step)
        for name in graph.outputs:
            self.read(name, "the caller")
        for state in graph.states:
            count = sum(assigns(n.args, state.name) for n in graph.nodes)
            self.expect(self.state_region(state.name), self.version(state.name, count), "the next step")

    def make_memory(self) -> None:
        graph = self.plan.program.graph
        sizes = {"arena": self.plan.arena_bytes, "state": self.plan.state_bytes}
        if not self.inside:
            sizes |= {f"input {i}": graph.tensors[n].nbytes for i, n in enumerate(graph.inputs)}
            sizes |= {f"output {i}": graph.tensors[n].nbytes for i, n in enumerate(graph.outputs)}
        self.memory = {name: np.full(size, NOBODY) for name, size in sizes.items()}

    def find_meanings(self) -> None:
        """In the graph's own order, which is what the network means."""
        graph = self.plan.program.graph
        version = {state.name: 0 for state in graph.states}
        self.meaning = {name: self.value(f"input {name}", graph.tensors[name].shape) for name in graph.inputs}
        for node in graph.nodes:
            if isinstance(node.args, AssignVariable):
                version[node.args.variable] += 1
            if node.name not in self.plan.dropped:
                self.meaning |= {n: self.value(f"value {n}", graph.tensors[n].shape) for n in node.outputs}
            elif isinstance(node.args, ReadVariable):
                self.meaning[node.outputs[0]] = self.version(node.args.variable, version[node.args.variable])
            else:
                self.meaning |= dict(zip(node.outputs, self.moved(node), strict=True))

    def moved(self, node: Node) -> tuple[Array, ...]:
        """What a node that only moves elements makes of the numbers of its inputs: its reference says."""
        graph = self.plan.program.graph
        given = [self.meaning.get(name) for name in node.inputs]
        made = operator(node.op).reference(site_of(graph, node), given)
        return tuple(
            np.asarray(one).reshape(graph.tensors[n].shape) for one, n in zip(made, node.outputs, strict=True)
        )

    def value(self, name: str, shape: tuple[int, ...]) -> Array:
        """The numbers of a value's elements; 8 apart, one for each byte of an element."""
        if name not in self.values:
            start = self.names[-1][0] + 8 * self.values[self.names[-1][1]].size if self.names else 0
            self.names.append((start, name))
            self.values[name] = start + 8 * np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        return self.values[name]

    def version(self, state: str, number: int) -> Array:
        """A state after so many assignments."""
        return self.value(f"{state} version {number}", self.plan.program.graph.state(state).type.shape)

    def step(self, step: Step) -> None:
        graph, node = self.plan.program.graph, step.node
        where = f"{node.op} {node.name!r}"
        given = [name for name in node.inputs if name and not graph.tensors[name].is_constant]
        for name in given:
            self.read(name, where)
        if isinstance(node.args, ReadVariable):
            version = version_at(self.plan, step)
            self.expect(
                self.state_region(node.args.variable), self.version(node.args.variable, version), where
            )
        written = [(name, self.region(name)) for name in node.outputs]
        if node.name in self.plan.scratch:
            start = self.plan.scratch[node.name]
            written.append(("scratch", ("arena", start, start + step.scratch_bytes)))
        for i, (name, region) in enumerate(written):
            for other, taken in written[:i]:
                self.apart(region, taken, f"{where}: {name} and {other}")
            for position, source in enumerate(node.inputs):
                if source not in given or (name == "scratch" and self.drained(step, position, region)):
                    continue
                if not (i == 0 and self.lies_over(step, position, region)):
                    self.apart(region, self.region(source), f"{where}: {name} and its input {source}")
        for name, region in written:
            if name in node.outputs:
                self.write(name, self.meaning[name])
            else:
                self.fill(region, self.value(f"scratch of {where}", (region[2] - region[1],)))
        if isinstance(node.args, AssignVariable):
            variable = node.args.variable
            self.apart(self.state_region(variable), self.region(given[0]), f"{where} copies onto itself")
            self.fill(self.state_region(variable), self.version(variable, version_at(self.plan, step) + 1))

    def lies_over(self, step: Step, position: int, region: Region) -> bool:
        """The kernel allows the output to lie so over that input."""
        memory, start, _ = self.region(step.node.inputs[position])
        return memory == region[0] and any(
            claim.input == position and claim.allows(region[1] - start) for claim in step.overlaps
        )

    def drained(self, step: Step, position: int, scratch: Region) -> bool:
        """The step lets its scratch lie so over that input."""
        memory, start, _ = self.region(step.node.inputs[position])
        claim = step.draining
        return (
            claim is not None
            and (memory, position) == (scratch[0], claim.input)
            and claim.allows(scratch[1] - start)
        )

    # -- memory

    def region(self, name: str) -> Region:
        place, size = self.plan.places[name], self.plan.program.graph.tensors[name].nbytes
        if place.space is Space.FLASH:
            raise BrokenPlanError(f"{name} is in flash and is no constant")
        if place.space is Space.STATE:
            return "state", place.offset, place.offset + size
        if self.inside or place.space is Space.ARENA:
            return "arena", place.offset, place.offset + size
        return f"{place.space.value} {place.index}", place.inner, place.inner + size

    def state_region(self, name: str) -> Region:
        start = self.plan.state_offsets[name]
        return "state", start, start + self.plan.program.graph.state(name).type.nbytes

    def write(self, name: str, value: Array) -> None:
        if self.plan.places[name].space is Space.INPUT:
            raise BrokenPlanError(f"{name} is written to the caller's constant input")
        self.fill(self.region(name), value)

    def fill(self, region: Region, value: Array) -> None:
        memory, start, end = region
        if end > self.memory[memory].size or start % 4:
            raise BrokenPlanError(
                f"{self.name_of(value)} at {start}..{end} is outside {memory} or misaligned"
            )
        self.memory[memory][start:end] = octets(value, end - start)

    def read(self, name: str, reader: str) -> None:
        self.expect(self.region(name), self.meaning[name], reader)

    def expect(self, region: Region, value: Array, reader: str) -> None:
        memory, start, end = region
        found = self.memory[memory][start:end]
        wrong = found != octets(value, end - start)
        if wrong.any():
            got = ", ".join(sorted({self.name_of(one) for one in found[wrong][:20]}))
            raise BrokenPlanError(
                f"{reader} wants {self.name_of(value)} at {memory} {start}..{end} and finds {got}"
            )

    def name_of(self, value: Array) -> str:
        """The value that a number belongs to."""
        number = int(np.asarray(value).reshape(-1)[0])
        return next((name for start, name in reversed(self.names) if start <= number), "rubbish")

    def apart(self, one: Region, other: Region, what: str) -> None:
        if one[0] == other[0] and one[1] < other[2] and other[1] < one[2]:
            raise BrokenPlanError(
                f"{what} share bytes of {one[0]}: {one[1]}..{one[2]} and {other[1]}..{other[2]}"
            )


def octets(value: Array, nbytes: int) -> Array:
    """The numbers of the bytes of elements."""
    size = nbytes // value.size
    return (value.reshape(-1, 1) + np.arange(size)).reshape(-1)


def assigns(args: object, variable: str) -> bool:
    """True for an assignment to that state."""
    return isinstance(args, AssignVariable) and args.variable == variable


def version_at(plan: Plan, step: Step) -> int:
    """How often the graph assigns the step's state before the step."""
    nodes = plan.program.graph.nodes
    before = nodes[: nodes.index(step.node)]
    return sum(assigns(node.args, step.node.args.variable) for node in before)  # type: ignore[attr-defined]


def padded_peak(plan: Plan) -> int:
    """The largest sum of live tensors in the graph's own order, sizes rounded up to the alignment of the arena.

    Every tensor for itself: a view is a copy, nothing is computed in place.
    """
    graph, steps = plan.program.graph, plan.program.steps
    births = dict.fromkeys(graph.inputs, -1)
    deaths = {name: len(steps) for name in graph.outputs}
    for i, step in enumerate(steps):
        births |= dict.fromkeys(step.node.outputs, i)
        for name in step.node.inputs:
            deaths[name] = max(deaths.get(name, -1), i)
    peak = 0
    for now in range(-1, len(steps)):
        live = [n for n, born in births.items() if born <= now <= max(deaths.get(n, -1), born)]
        scratch = steps[now].scratch_bytes if now >= 0 else 0
        peak = max(peak, sum(align(graph.tensors[n].nbytes, 4) for n in live) + align(scratch, 8))
    return peak
