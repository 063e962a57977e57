"""Orders of execution: the given one, and one that keeps less memory alive. The planner lays out both."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.ir import Graph
from netsuke.ops.program import Step
from netsuke.ops.state import AssignVariable, ReadVariable
from netsuke.plan.exact_order import best_order


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


def greedy(graph: Graph, steps: Sequence[Step]) -> list[Step]:
    """At each point runs the ready step after which the least memory is alive (ties: the given order)."""
    needs = dependencies(steps)
    readers: dict[str, int] = {}
    for step in steps:
        for name in set(step.node.inputs):
            readers[name] = readers.get(name, 0) + 1
    for name in graph.outputs:
        readers[name] = readers.get(name, 0) + 1
    done: set[int] = set()
    order: list[Step] = []
    while len(order) < len(steps):
        ready = [i for i in range(len(steps)) if i not in done and needs[i] <= done]
        best = min(ready, key=lambda i: (growth(graph, steps[i], readers), i))
        done.add(best)
        order.append(steps[best])
        for name in set(steps[best].node.inputs):
            readers[name] -= 1
    return order


def growth(graph: Graph, step: Step, readers: dict[str, int]) -> int:
    """Bytes alive after the step minus bytes alive before it."""
    born = sum(graph.tensors[name].nbytes for name in step.node.outputs if readers.get(name, 0))
    freed = {n for n in step.node.inputs if n and readers[n] == 1 and graph.tensors[n].data is None}
    return born - sum(graph.tensors[name].nbytes for name in freed)


def orders(graph: Graph, steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """The given order; the best one, or where there are too many a greedy one, if it is another."""
    needs = dependencies(steps)
    given = tuple(steps)
    if all(i == 0 or i - 1 in before for i, before in enumerate(needs)):
        return [given]  # a chain
    other = tuple(best_order(graph, steps, needs) or greedy(graph, steps))
    same = all(one is two for one, two in zip(given, other, strict=True))
    return [given] if same else [given, other]
