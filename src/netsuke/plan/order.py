"""Orders of execution: the given one, and one that keeps less memory in use. The planner lays out both."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.ir import Graph
from netsuke.ops.program import Step
from netsuke.ops.state import AssignVariable, ReadVariable
from netsuke.plan.exact_order import best_order
from netsuke.plan.parts import gathered, scattered


def dependencies(steps: Sequence[Step]) -> list[set[int]]:
    """For each step those that must run before it: producers of its inputs, and earlier users of its state."""
    producer = {name: i for i, step in enumerate(steps) for name in step.node.outputs}
    needs: list[set[int]] = []
    for i, step in enumerate(steps):
        before = {producer[name] for name in step.node.inputs if name in producer}
        if isinstance(step.node.args, AssignVariable | ReadVariable):
            before |= {j for j in range(i) if touches(steps[j], step.node.args.variable)}
        needs.append(before)
    # Whoever reads a state's value must do so before the state is assigned, or the value would need a copy.
    for i, step in enumerate(steps):
        if isinstance(step.node.args, AssignVariable):
            read = {
                name
                for j in range(i)
                for name in steps[j].node.outputs
                if isinstance(steps[j].node.args, ReadVariable) and touches(steps[j], step.node.args.variable)
            }
            needs[i] |= {j for j in range(i) if read & set(steps[j].node.inputs)}
    return needs


def touches(step: Step, variable: str) -> bool:
    """True when the step reads or assigns the state."""
    args = step.node.args
    return isinstance(args, AssignVariable | ReadVariable) and args.variable == variable


def live_peak(graph: Graph, steps: Sequence[Step]) -> int:
    """The largest sum of live tensors (bytes, unaligned), each tensor for itself: no views, nothing in place."""
    last: dict[str, int] = {name: len(steps) for name in graph.outputs}
    for i, step in enumerate(steps):
        for name in step.node.inputs:
            last[name] = max(last.get(name, -1), i)
    alive = {name: graph.tensors[name].nbytes for name in graph.inputs}
    peak = sum(alive.values())
    # An input that nobody reads is there when the caller fills it, and then no more.
    alive = {name: size for name, size in alive.items() if name in last}
    for i, step in enumerate(steps):
        alive.update((name, graph.tensors[name].nbytes) for name in step.node.outputs)
        peak = max(peak, sum(alive.values()) + step.scratch_bytes)
        alive = {name: size for name, size in alive.items() if last.get(name, -1) > i}
    return peak


def orders(graph: Graph, steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """The given order; the best one that was found, if it is another."""
    given, other, _ = orders_of(graph, steps)
    return [given] if other is None else [given, other]


def orders_of(graph: Graph, steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...] | None, int]:
    """The given order, the best one that was found, if it is another, and bytes below which no order can be laid out.

    0 bytes where the weights by which orders are compared leave out what sharing can save.
    """
    needs = dependencies(steps)
    given = tuple(steps)
    found = best_order(graph, steps, needs)
    copies = [step for step in steps if not step.view]
    shares = graph.states or any(gathered(graph, step) or scattered(graph, step) for step in copies)
    other = None if found.steps == tuple(range(len(steps))) else tuple(steps[i] for i in found.steps)
    return given, other, 0 if shares else found.bound
