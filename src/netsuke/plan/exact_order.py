"""The order of steps that keeps the least memory in use: dynamic programming over what has run.

What is in memory depends only on which steps have run, not on their order. So the best order up to a set of steps is
one of the best orders up to the set less one step, and every set is looked at once. Graphs with few branches have few
sets: a chain has one more than it has steps. Where there are more, sets above a budget of bytes are left out, and the
budget is closed in on from both sides (adaptive soft budgeting: Ahn et al. 2020, "Ordering Chaos"): a search that
leaves nothing out but what is above its budget, and finds no order, proves that none needs so little.

A step that can run in no more than is known to be needed anyway, and leaves no more in memory than it found, runs at
once: no order gains by putting it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.ir import Graph
from netsuke.ops.program import Step, pushed_input
from netsuke.plan.plan import ALIGNMENT, SCRATCH_ALIGNMENT, align

MOST_SETS = 8000
"""Sets of steps looked at before one search gives up."""
WIDTH = 40
"""Sets of one size kept by the search that leaves some out: it always finds an order."""
TRIES = 6
"""Budgets tried."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The best way to a set of steps: its peak and the sum of what every step held (bytes), what is held after it, the
    steps that can run next, the last step, the set before."""

    peak: int
    total: int
    held: int
    ready: tuple[int, ...]
    last: int
    before: int


@dataclass(frozen=True, slots=True)
class Order:
    """`steps` by number; `peak` in bytes, each tensor for itself but for a view and what the overlap of a kernel saves;
    no order has a peak below `bound`."""

    steps: tuple[int, ...]
    peak: int
    bound: int

    @property
    def optimal(self) -> bool:
        """True when no order has a lower peak."""
        return self.peak <= self.bound


def best_order(graph: Graph, steps: Sequence[Step], needs: Sequence[set[int]]) -> Order:
    """The order of the lowest peak that was found (ties: of the least memory held over time), and what was proved."""
    search = Search(Weights(graph, steps), needs)
    low = search.weights.least()
    best = search.run(low, None, WIDTH)
    assert best is not None
    at = None
    for _ in range(TRIES):
        if best.peak <= low:
            break
        budget = best.peak - 1 if at is None else at
        found = search.run(low, budget, None)
        if found is not None:
            best, at = found, None
            low = max(low, found.peak)  # nothing within the budget was left out
        elif search.complete:
            low, at = budget + 1, None
        else:
            at = low + (budget - low) // 2
            if at == budget:
                break
    return Order(steps=best.steps, peak=best.peak, bound=min(low, best.peak))


class Search:
    """Searches for orders; `complete` tells of the last one whether it gave up."""

    def __init__(self, weights: Weights, needs: Sequence[set[int]]) -> None:
        self.weights, self.complete = weights, True
        self.masks = [sum(1 << j for j in before) for before in needs]
        self.after: list[list[int]] = [[] for _ in needs]
        for i, before in enumerate(needs):
            for j in before:
                self.after[j].append(i)

    def run(self, low: int, budget: int | None, width: int | None) -> Order | None:
        """The best order of at most `budget` bytes; None when there is none, or when it gave up.

        low: bytes that are needed anyway. width: the sets of one size that are kept, where some may be left out.
        """
        self.complete = True
        start = tuple(i for i, mask in enumerate(self.masks) if not mask)
        levels = [{0: Reached(0, 0, self.weights.at_start, start, -1, 0)}]
        looked = 0
        for _ in self.masks:
            level = self.level(levels[-1], low, budget)
            looked += len(level)
            if width is not None and len(level) > width:
                kept = sorted(level.items(), key=lambda one: (one[1].peak, one[1].held, one[1].total))
                level = dict(kept[:width])
            elif width is None and looked > MOST_SETS:
                self.complete = False
                return None
            if not level:
                return None
            levels.append(level)
        return traced(levels)

    def level(self, before: dict[int, Reached], low: int, budget: int | None) -> dict[int, Reached]:
        """The sets of one step more."""
        level: dict[int, Reached] = {}
        for done, reached in before.items():
            moves = [(i, *self.weights.run(i, done, reached.held)) for i in reached.ready]
            free = next((m for m in moves if m[1] <= low and m[2] <= reached.held), None)
            for i, used, held in moves if free is None else [free]:
                if budget is not None and used > budget:
                    continue
                peak, total, reaches = max(reached.peak, used), reached.total + used, done | 1 << i
                known = level.get(reaches)
                if known is None or (peak, total) < (known.peak, known.total):
                    ready = known.ready if known is not None else self.ready(reached.ready, i, reaches)
                    level[reaches] = Reached(peak, total, held, ready, i, done)
        return level

    def ready(self, before: tuple[int, ...], ran: int, done: int) -> tuple[int, ...]:
        """The steps that can run next."""
        fresh = [i for i in self.after[ran] if not self.masks[i] & ~done]
        return tuple(sorted([*(i for i in before if i != ran), *fresh]))


def traced(levels: Sequence[dict[int, Reached]]) -> Order:
    """The order that leads to the last level's only set."""
    ((at, last),) = levels[-1].items()
    order = []
    for level in reversed(levels[1:]):
        order.append(level[at].last)
        at = level[at].before
    return Order(steps=tuple(order[::-1]), peak=last.peak, bound=0)


@dataclass(frozen=True, slots=True)
class Operand:
    """A computed tensor that a step reads: its bytes, who reads it, and what an output may save by lying over it."""

    nbytes: int
    readers: int
    saved: int


class Weights:
    """Bytes in use, by sets of steps as bit masks. A view has the memory of what it is a view of, and all its readers.

    Sizes are rounded up as the arena's are.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self.steps, self.graph = steps, graph
        self.root: dict[str, str] = {}
        for step in steps:
            viewed = step.node.inputs[0] if step.view and step.node.inputs else ""
            if viewed in graph.tensors and not graph.tensors[viewed].is_constant:
                self.root[step.node.outputs[0]] = self.root.get(viewed, viewed)
        pushed = pushed_input(steps)
        computed = {n: t for n, t in graph.tensors.items() if not t.is_constant and n != pushed}
        self.size = {n: align(t.nbytes, ALIGNMENT) for n, t in computed.items()}
        self.readers = dict.fromkeys(self.size, 0)
        for i, step in enumerate(steps):
            for name in step.node.inputs:
                if name in self.size:
                    self.readers[self.of(name)] |= 1 << i
        for name in graph.outputs:
            self.readers[self.of(name)] |= 1 << len(steps)  # the caller, who never has run
        self.operands = [self.read_by(step) for step in steps]
        self.made = [self.made_by(step, kept=False) for step in steps]
        self.kept = [self.made_by(step, kept=True) for step in steps]
        self.scratch = [
            max(0, align(step.scratch_bytes, SCRATCH_ALIGNMENT) - self.over_or_under(step, made))
            for step, made in zip(steps, self.made, strict=True)
        ]
        self.at_start = sum(self.size[n] for n in graph.inputs if n in self.size and self.readers[n])

    def over_or_under(self, step: Step, made: int) -> int:
        """Bytes of the scratch that may be those of the outputs too, `made` bytes, or of an input."""
        under = 0 if step.draining is None else self.size.get(step.node.inputs[step.draining.input], 0)
        return (made if step.over_scratch else 0) + under

    def of(self, name: str) -> str:
        """The tensor in whose memory it is."""
        return self.root.get(name, name)

    def made_by(self, step: Step, *, kept: bool) -> int:
        """Bytes of the outputs; with `kept` only of those that somebody reads."""
        names = [n for n in step.node.outputs if n in self.size and n not in self.root]
        return sum(self.size[n] for n in names if self.readers[n] or not kept)

    def read_by(self, step: Step) -> tuple[Operand, ...]:
        """The computed tensors that a step reads, each once."""
        claims = {c.input: c for c in step.overlaps}
        found: dict[str, Operand] = {}
        for position, name in enumerate(step.node.inputs):
            if name not in self.size:
                continue
            root, saved = self.of(name), 0
            claim = claims.get(position)
            if claim is not None and step.node.outputs[0] not in self.root:
                out = self.size[step.node.outputs[0]]
                small = min(out, self.size[root])
                saved = max(0, small - max(0, claim.lead - (out - small)))
            known = found.get(root)
            saved = saved if known is None else max(saved, known.saved)
            found[root] = Operand(self.size[root], self.readers[root], saved)
        return tuple(found.values())

    def run(self, i: int, done: int, held: int) -> tuple[int, int]:
        """(bytes while step `i` runs after `done`, bytes held after it); `held` before it."""
        after = done | 1 << i
        freed = saved = 0
        for operand in self.operands[i]:
            if not operand.readers & ~after:
                freed += operand.nbytes
                saved += operand.saved
        used = held + self.made[i] + self.scratch[i] - min(saved, self.made[i])
        return used, held + self.kept[i] - freed

    def least(self) -> int:
        """Bytes that every order needs: the largest step with nothing but its own."""
        found = [self.at_start]
        for i, operands in enumerate(self.operands):
            own = sum(operand.nbytes for operand in operands)
            most = min(sum(operand.saved for operand in operands), self.made[i])
            found.append(own + self.made[i] + self.scratch[i] - most)
        return max(found)
