"""Which tensors share memory: views of one another, and outputs computed in place of an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netsuke.ir import Graph
from netsuke.ops.program import Step
from netsuke.ops.state import AssignVariable, ReadVariable


@dataclass(slots=True, kw_only=True)
class Storage:
    """One piece of memory while it is being decided; `first`..`last` are step indices, -1 before the first step."""

    tensors: list[str]
    nbytes: int
    first: int
    last: int
    input: int | None = None
    output: int | None = None
    state: str | None = None
    absorbed: bool = field(default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storages:
    """Tensor name → storage (constants have none), and the view nodes that need no code."""

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


def share(graph: Graph, steps: Sequence[Step]) -> Storages:
    """Decides views first, then in-place, walking the steps in order."""
    last = last_uses(graph, steps)
    of: dict[str, Storage] = {}
    dropped: set[str] = set()
    for index, name in enumerate(graph.inputs):
        of[name] = Storage(
            tensors=[name], nbytes=graph.tensors[name].nbytes, first=-1, last=last.get(name, -1), input=index
        )
    for index, step in enumerate(steps):
        if step.view and add_view(graph, steps, index, of, last):
            dropped.add(step.node.name)
            continue
        for position, name in enumerate(step.node.outputs):
            output = graph.outputs.index(name) if name in graph.outputs else None
            fresh = Storage(
                tensors=[name],
                nbytes=graph.tensors[name].nbytes,
                first=index,
                last=last.get(name, index),
                output=output,
            )
            of[name] = fresh
            if position == 0:
                compute_in_place(graph, step, index, of, fresh)
    return Storages(of=of, dropped=frozenset(dropped))


def add_view(
    graph: Graph, steps: Sequence[Step], index: int, of: dict[str, Storage], last: dict[str, int]
) -> bool:
    """Lets the view's output share its input's memory; False when a copy is needed."""
    step = steps[index]
    name = step.node.outputs[0]
    output = graph.outputs.index(name) if name in graph.outputs else None
    if isinstance(step.node.args, ReadVariable):
        variable = step.node.args.variable
        if output is not None or assigned_before(steps, variable, index, last.get(name, index)):
            return False
        of[name] = Storage(tensors=[name], nbytes=0, first=index, last=last.get(name, index), state=variable)
        return True
    source = of.get(step.node.inputs[0])
    # A constant has no storage, and the caller's two pointers cannot be one.
    if source is None or (
        output is not None and (source.input is not None or source.output is not None or source.state)
    ):
        return False
    if source.state and assigned_before(steps, source.state, index, last.get(name, index)):
        return False
    source.tensors.append(name)
    source.last = max(source.last, last.get(name, index))
    source.output = source.output if output is None else output
    of[name] = source
    return True


def assigned_before(steps: Sequence[Step], variable: str, first: int, last: int) -> bool:
    """True when the state changes between a read at `first` and the read value's last use."""
    return any(
        isinstance(s.node.args, AssignVariable) and s.node.args.variable == variable
        for s in steps[first : last + 1]
    )


def compute_in_place(graph: Graph, step: Step, index: int, of: dict[str, Storage], fresh: Storage) -> None:
    """Lets output 0 take over the memory of an input that nobody reads after this step."""
    for i in step.in_place:
        source = of.get(step.node.inputs[i])
        if source is None or source.state is not None or source.last != index or source.output is not None:
            continue
        if source.nbytes != fresh.nbytes or (source.input is not None and fresh.output is not None):
            continue
        others = [n for j, n in enumerate(step.node.inputs) if j != i and of.get(n) is source]
        if others:
            continue
        if source.input is not None:
            continue
        source.tensors.extend(fresh.tensors)
        source.last = fresh.last
        source.output = fresh.output
        for name in fresh.tensors:
            of[name] = source
        return
