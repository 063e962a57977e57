"""The order of a few steps that keeps the least memory in use: dynamic programming over what has run.

What is in memory depends only on which steps have run, not on their order. So the best order up to a set of steps is
one of the best orders up to the set less one step, and every set is looked at once. Graphs with few branches have few
sets: a chain has one more than it has steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.ir import Graph
from netsuke.ops.program import Step

MOST_SETS = 4000
"""Sets of steps looked at before the search gives up."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The best way to a set of steps: its peak and the sum of what every step held (bytes), the last step, the rest."""

    peak: int
    total: int
    last: int
    before: int


def best_order(graph: Graph, steps: Sequence[Step], needs: Sequence[set[int]]) -> list[Step] | None:
    """The order of the lowest peak (ties: of the least memory held over time); None when there are too many sets.

    The peak counts each tensor for itself, but for a view and what the overlap of a kernel saves.
    """
    weigh = Weights(graph, steps)
    masks = [sum(1 << j for j in before) for before in needs]
    levels: list[dict[int, Reached]] = [{0: Reached(0, 0, -1, 0)}]
    looked = 0
    for _ in steps:
        level: dict[int, Reached] = {}
        for done, reached in levels[-1].items():
            held = weigh.held(done)
            for i, mask in enumerate(masks):
                if done >> i & 1 or mask & ~done:
                    continue
                used = held + weigh.extra(i, done)
                total = reached.total + used
                found = Reached(max(reached.peak, used), total, i, done)
                known = level.get(done | 1 << i)
                if known is None or (found.peak, found.total) < (known.peak, known.total):
                    level[done | 1 << i] = found
        looked += len(level)
        if looked > MOST_SETS:
            return None
        levels.append(level)
    order = []
    at = (1 << len(steps)) - 1
    for level in reversed(levels[1:]):
        order.append(steps[level[at].last])
        at = level[at].before
    return order[::-1]


class Weights:
    """Bytes in use, by sets of steps as bit masks."""

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.size = {name: t.nbytes for name, t in graph.tensors.items() if not t.is_constant}
        self.readers = dict.fromkeys(self.size, 0)
        self.producer = dict.fromkeys(self.size, 0)
        for i, step in enumerate(steps):
            for name in step.node.inputs:
                if name in self.size:
                    self.readers[name] |= 1 << i
            for name in step.node.outputs:
                self.producer[name] = 1 << i
        self.kept = set(graph.outputs)
        self.claims = [{c.input: c for c in step.overlaps} for step in steps]

    def alive(self, name: str, done: int) -> bool:
        """True when the tensor is computed and still wanted."""
        made = self.producer[name] & ~done == 0
        return made and (name in self.kept or self.readers[name] & ~done != 0)

    def held(self, done: int) -> int:
        """Bytes of the tensors alive between two steps."""
        return sum(size for name, size in self.size.items() if self.alive(name, done))

    def extra(self, i: int, done: int) -> int:
        """Bytes that step `i` needs beside them while it runs: outputs and scratch, less what may lie over inputs."""
        step = self.steps[i]
        made = sum(self.size[name] for name in step.node.outputs if name in self.size)
        saved = 0
        for position, name in enumerate(step.node.inputs):
            if name not in self.size or self.alive(name, done | 1 << i):
                continue
            claim = self.claims[i].get(position)
            if step.view:
                saved += self.size[name]
            elif claim is not None:
                small, large = sorted((self.size[step.node.outputs[0]], self.size[name]))
                apart = max(0, claim.lead - (self.size[step.node.outputs[0]] - small))
                saved += max(0, small - apart) if large else 0
        return made + step.scratch_bytes - min(saved, made)
