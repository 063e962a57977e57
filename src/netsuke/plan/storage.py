"""Which tensors share memory: views of one another, parts of one another, and outputs computed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netsuke.ir import Graph
from netsuke.ops.program import Step, pushed_input
from netsuke.ops.state import AssignVariable, ReadVariable
from netsuke.plan.parts import Part, gathered, scattered


@dataclass(slots=True, kw_only=True)
class Range:
    """A tensor's bytes, from byte `inner` of its storage on, and the steps from which and to which they are wanted."""

    tensor: str
    inner: int
    nbytes: int
    first: int
    last: int

    def meets(self, inner: int, nbytes: int) -> bool:
        """True when they share a byte with `nbytes` bytes from `inner` on."""
        return self.inner < inner + nbytes and inner < self.inner + self.nbytes


@dataclass(slots=True, kw_only=True)
class Storage:
    """One piece of memory while it is being decided. Steps are indices; -1 is before the first."""

    nbytes: int
    ranges: list[Range] = field(default_factory=list)
    input: int | None = None
    output: int | None = None
    state: str | None = None

    def range(self, tensor: str) -> Range:
        """The bytes of one of its tensors."""
        return next(r for r in self.ranges if r.tensor == tensor)

    def wanted_after(self, index: int, where: Range) -> bool:
        """True when somebody reads those bytes after that step."""
        return any(r.last > index and r.meets(where.inner, where.nbytes) for r in self.ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storages:
    """Tensor name → storage (constants have none), and the nodes that need no code."""

    of: dict[str, Storage]
    dropped: frozenset[str]

    def distinct(self) -> list[Storage]:
        """Each storage once, in order of first appearance."""
        return list({id(s): s for s in self.of.values()}.values())


def last_uses(graph: Graph, steps: Sequence[Step]) -> dict[str, int]:
    """Tensor name → last step that reads it; outputs of the graph live past the last step."""
    last: dict[str, int] = {}
    for index, step in enumerate(steps):
        for name in step.node.inputs:
            last[name] = index
    for name in graph.outputs:
        last[name] = len(steps)
    return last


def share(graph: Graph, steps: Sequence[Step], *, parts: bool = True, in_place: bool = True) -> Storages:
    """Decides views first, then parts, then in-place, walking the steps in order.

    Without `parts` these are copied. Without `in_place` only the offsets let an output lie over its input.
    """
    sharing = Sharing(graph=graph, steps=steps, last=last_uses(graph, steps))
    pushed = pushed_input(steps)
    for index, name in enumerate(graph.inputs):
        if name != pushed:
            sharing.add(name, -1).input = index
    for index, step in enumerate(steps):
        shared = sharing.view(index) if step.view else parts and sharing.parts(index)
        if shared:
            sharing.dropped.add(step.node.name)
            continue
        for position, name in enumerate(step.node.outputs):
            if position or not (in_place and sharing.in_place(index)):
                sharing.add(name, index)
    return Storages(of=sharing.of, dropped=frozenset(sharing.dropped))


@dataclass(slots=True, kw_only=True)
class Sharing:
    """The decisions so far."""

    graph: Graph
    steps: Sequence[Step]
    last: dict[str, int]
    of: dict[str, Storage] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def nbytes(self, tensor: str) -> int:
        """Bytes of a tensor."""
        return self.graph.tensors[tensor].nbytes

    def port(self, tensor: str) -> int | None:
        """Its place among the graph's outputs."""
        return self.graph.outputs.index(tensor) if tensor in self.graph.outputs else None

    def add(self, tensor: str, index: int) -> Storage:
        """A storage of its own, written by step `index`."""
        fresh = Storage(nbytes=self.nbytes(tensor), output=self.port(tensor))
        self.place(tensor, fresh, 0, index)
        return fresh

    def place(self, tensor: str, storage: Storage, inner: int, index: int) -> None:
        """The tensor's bytes are those from `inner` on, wanted from step `index`."""
        last = max(index, self.last.get(tensor, index))
        made = Range(tensor=tensor, inner=inner, nbytes=self.nbytes(tensor), first=index, last=last)
        storage.ranges.append(made)
        self.of[tensor] = storage

    def becomes(self, tensor: str, storage: Storage) -> bool:
        """Whether the tensor may be in that memory; if it is an output of the graph, the memory becomes the caller's.

        The caller's two pointers cannot be one, and an output takes up all of the memory behind its pointer.
        """
        output = self.port(tensor)
        if output is None:
            return True
        taken = storage.input is not None or storage.output is not None or storage.state is not None
        if taken or storage.nbytes != self.nbytes(tensor):
            return False
        storage.output = output
        return True

    def view(self, index: int) -> bool:
        """Lets the view's output share its input's memory; False when a copy is needed."""
        node = self.steps[index].node
        name = node.outputs[0]
        if isinstance(node.args, ReadVariable):
            variable = node.args.variable
            if self.port(name) is not None or self.assigned(variable, index, name):
                return False
            self.place(name, Storage(nbytes=self.nbytes(name), state=variable), 0, index)
            return True
        source = self.of.get(node.inputs[0])  # a constant has none
        if source is None or (source.state and self.assigned(source.state, index, name)):
            return False
        if not self.becomes(name, source):
            return False
        self.place(name, source, source.range(node.inputs[0]).inner, index)
        return True

    def assigned(self, variable: str, index: int, tensor: str) -> bool:
        """True when the state changes between a read at `index` and the read value's last use."""
        return any(
            isinstance(s.node.args, AssignVariable) and s.node.args.variable == variable
            for s in self.steps[index : self.last.get(tensor, index) + 1]
        )

    def parts(self, index: int) -> bool:
        """Lets a step that only copies whole tensors do without: its outputs are parts of its input, or the reverse."""
        step = self.steps[index]
        apart = scattered(self.graph, step)
        if apart:
            return self.scatter(index, apart)
        joined = gathered(self.graph, step)
        return bool(joined) and self.gather(index, joined)

    def scatter(self, index: int, outputs: Sequence[Part]) -> bool:
        """The step's outputs as parts of its input's memory."""
        node = self.steps[index].node
        source = self.of.get(node.inputs[0])
        names = [node.outputs[part.index] for part in outputs]
        if source is None or any(self.port(name) is not None for name in names):
            return False
        if source.state and any(self.assigned(source.state, index, name) for name in names):
            return False
        start = source.range(node.inputs[0]).inner
        for name, part in zip(names, outputs, strict=True):
            self.place(name, source, start + part.offset, index)
        return True

    def gather(self, index: int, inputs: Sequence[Part]) -> bool:
        """The step's inputs move into the memory of its output, each with all that shared its memory."""
        node = self.steps[index].node
        name = node.outputs[0]
        sources = [self.of.get(node.inputs[part.index]) for part in inputs]
        if self.port(name) is not None or len({id(s) for s in sources}) < len(sources):
            return False
        for source, part in zip(sources, inputs, strict=True):
            if source is None or source.nbytes != self.nbytes(node.inputs[part.index]):
                return False
            if source.input is not None or source.output is not None or source.state is not None:
                return False
        whole = Storage(nbytes=self.nbytes(name))
        for source, part in zip(sources, inputs, strict=True):
            assert source is not None
            for held in source.ranges:
                held.inner += part.offset
                whole.ranges.append(held)
                self.of[held.tensor] = whole
        self.place(name, whole, 0, index)
        return True

    def in_place(self, index: int) -> bool:
        """Lets output 0 take over the memory of an input that nobody reads after this step."""
        step = self.steps[index]
        name = step.node.outputs[0] if step.node.outputs else ""
        for claim in step.overlaps:
            given = step.node.inputs[claim.input]
            source = self.of.get(given)
            if not name or source is None or source.input is not None or source.state is not None:
                continue
            where = source.range(given)
            others = [
                n for j, n in enumerate(step.node.inputs) if j != claim.input and self.of.get(n) is source
            ]
            if not claim.allows(0) or where.nbytes != self.nbytes(name) or source.wanted_after(index, where):
                continue
            if any(source.range(n).meets(where.inner, where.nbytes) for n in others):
                continue
            if self.becomes(name, source):
                self.place(name, source, where.inner, index)
                return True
        return False
