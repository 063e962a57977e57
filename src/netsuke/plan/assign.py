"""Which blocks go into which memory, when no memory holds all of them.

Memories are given fastest first. What is accessed outside the first should be little: a branch and bound over what
leaves it. At a step whose blocks are more than the memory holds, one of them must leave; it branches on which, cheapest
a byte first, those before it staying. A set whose every step fits is laid out (`offsets.pack`); so is what left, in the
other memories. The bounds count that kernels let blocks overlap; a set that fits by them may still have no layout, and
then one more of its blocks must leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from netsuke.plan.blocks import Block, Meeting, Puzzle, least_union
from netsuke.plan.offsets import Layout, first_fit, pack, starting_orders
from netsuke.plan.plan import ALIGNMENT, align

MOST_NODES = 3000
MOST_LAYOUTS = 60
"""Sets that are laid out by a whole search at most; a first fit is always tried."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`memories` is the number of each block's memory, `offsets` its place there, `layouts` one a memory.

    `cost` sums the accesses of each block times its memory's number. `proven`: no assignment that the same searches can
    lay out costs less.
    """

    memories: tuple[int, ...]
    offsets: tuple[int, ...]
    layouts: tuple[Layout, ...]
    cost: int
    proven: bool


def assign(
    blocks: Sequence[Block],
    meetings: Sequence[Meeting],
    capacities: Sequence[int],
    accesses: Sequence[int],
) -> Assignment | None:
    """The cheapest assignment found; None where none is.

    Args:
        blocks: what is to be placed.
        meetings: where two of them may overlap, if they are in one memory.
        capacities: bytes of each memory, the fastest first.
        accesses: bytes that are read and written of each block.
    """
    search = Search(Loads(blocks, meetings), tuple(capacities), tuple(accesses))
    search.explore(np.zeros(len(blocks), bool), np.zeros(len(blocks), bool), 0)
    return None if search.best is None else replace(search.best, proven=not search.gave_up)


class Loads:
    """How many bytes of a set of blocks are in use at each step, at least."""

    def __init__(self, blocks: Sequence[Block], meetings: Sequence[Meeting]) -> None:
        self.blocks, self.meetings = list(blocks), list(meetings)
        self.moments = sorted({piece.first for block in blocks for piece in block.pieces})
        rows = [[block.in_use(step) for block in blocks] for step in self.moments]
        self.in_use = np.array(rows, np.int64).reshape(len(self.moments), len(blocks))
        self.savings = [self.saving(meeting) for meeting in meetings]

    def saving(self, meeting: Meeting) -> tuple[int, int, int, int, int]:
        """(moment, dying block, born block, bytes saved by the overlap, the born one's bytes)."""
        dying, born = (self.blocks[b].pieces[p] for b, p in (meeting.dying, meeting.born))
        apart = align(dying.nbytes, ALIGNMENT) + align(born.nbytes, ALIGNMENT)
        saved = apart - least_union(dying, born, meeting.claims)
        at = self.moments.index(born.first)
        return at, meeting.dying[0], meeting.born[0], saved, align(born.nbytes, ALIGNMENT)

    def of(self, chosen: Mask) -> npt.NDArray[np.int64]:
        """[moments]: no layout of the chosen blocks takes fewer bytes at each (see Puzzle.at_least)."""
        total: npt.NDArray[np.int64] = self.in_use @ chosen.astype(np.int64)
        saved = np.zeros(len(self.moments), np.int64)
        most = np.zeros(len(self.moments), np.int64)
        for at, dying, born, nbytes, whole in self.savings:
            if chosen[dying] and chosen[born]:
                saved[at] += nbytes
                most[at] = whole
        return total - np.minimum(saved, most)

    def puzzle(self, chosen: Mask) -> Puzzle:
        """The chosen blocks by themselves."""
        kept = [i for i, one in enumerate(chosen) if one]
        number = {old: new for new, old in enumerate(kept)}
        meetings = [
            Meeting(
                dying=(number[m.dying[0]], m.dying[1]), born=(number[m.born[0]], m.born[1]), claims=m.claims
            )
            for m in self.meetings
            if m.dying[0] in number and m.born[0] in number
        ]
        return Puzzle([self.blocks[i] for i in kept], meetings)


@dataclass(slots=True)
class Search:
    """The best assignment so far, and how much may still be looked at."""

    loads: Loads
    capacities: tuple[int, ...]
    accesses: tuple[int, ...]
    left: int = MOST_NODES
    layouts_left: int = MOST_LAYOUTS
    best: Assignment | None = None
    laid_out: dict[tuple[bytes, int], Layout | None] = field(default_factory=dict)
    gave_up: bool = False

    def explore(self, out: Mask, stays: Mask, cost: int) -> None:
        """All assignments in which the blocks of `out` have left the first memory, and those of `stays` have not."""
        if self.best is not None and cost >= self.best.cost:
            return
        if self.left <= 0:
            self.gave_up = True
            return
        self.left -= 1
        # Loads count whole words.
        first, *more = (align(capacity, ALIGNMENT) for capacity in self.capacities)
        others = sum(more)
        if (self.loads.of(out) > others).any() or (self.loads.of(stays) > first).any():
            return
        loads = self.loads.of(~out)
        step = int(np.argmax(loads)) if len(loads) else 0
        short = int(loads[step]) - first if len(loads) else 0
        if short <= 0:
            layout = self.layout(~out, self.capacities[0])
            if layout is not None:
                self.keep(out, layout, cost)
                return
        undecided = ~out & ~stays
        here = undecided & (self.loads.in_use[step] > 0) if short > 0 else undecided
        leaving = sorted(np.flatnonzero(here).tolist(), key=lambda i: self.price(i, step))
        if short > 0 and self.best is not None and cost + self.least(leaving, step, short) >= self.best.cost:
            return
        kept = stays.copy()
        for i in leaving:
            left = out.copy()
            left[i] = True
            self.explore(left, kept, cost + self.accesses[i])
            kept = kept.copy()
            kept[i] = True

    def price(self, block: int, step: int) -> tuple[float, int]:
        """Accesses a byte that leaves at a step."""
        return self.accesses[block] / max(1, int(self.loads.in_use[step][block])), block

    def least(self, leaving: Sequence[int], step: int, short: int) -> float:
        """No blocks of these with so many bytes at a step are accessed less; they are sorted by price."""
        total = 0.0
        for i in leaving:
            size = int(self.loads.in_use[step][i])
            total += self.accesses[i] * min(1.0, short / size)
            short -= size
            if short <= 0:
                return total
        return float("inf")

    def keep(self, out: Mask, layout: Layout, cost: int) -> None:
        """The first memory is settled; the other blocks go into the other memories, if they can."""
        rest = np.flatnonzero(out).tolist()
        found = (
            self.rest(out) if rest else Assignment(memories=(), offsets=(), layouts=(), cost=0, proven=True)
        )
        if found is None or (self.best is not None and cost + found.cost >= self.best.cost):
            return
        memories, offsets = [0] * len(out), [0] * len(out)
        for i, offset in zip(np.flatnonzero(~out).tolist(), layout.offsets, strict=True):
            offsets[i] = offset
        for i, memory, offset in zip(rest, found.memories, found.offsets, strict=True):
            memories[i], offsets[i] = memory + 1, offset
        empty = Layout(offsets=(), nbytes=0, lower_bound=0)
        others = (*found.layouts, *[empty] * (len(self.capacities) - 1 - len(found.layouts)))
        self.best = Assignment(
            memories=tuple(memories),
            offsets=tuple(offsets),
            layouts=(layout, *others),
            cost=cost + found.cost,
            proven=False,
        )

    def rest(self, out: Mask) -> Assignment | None:
        """The blocks that left, in the other memories."""
        capacities = self.capacities[1:]
        if not capacities:
            return None
        if len(capacities) == 1:
            layout = self.layout(out, capacities[0])
            if layout is None:
                return None
            count = len(layout.offsets)
            return Assignment(
                memories=(0,) * count, offsets=layout.offsets, layouts=(layout,), cost=0, proven=True
            )
        puzzle = self.loads.puzzle(out)
        accesses = [self.accesses[i] for i in np.flatnonzero(out)]
        return assign(puzzle.blocks, puzzle.meetings, capacities, accesses)

    def layout(self, chosen: Mask, capacity: int) -> Layout | None:
        """The chosen blocks in so many bytes; None where no layout is found."""
        key = (chosen.tobytes(), capacity)
        if key not in self.laid_out:
            self.laid_out[key] = self.searched(self.loads.puzzle(chosen), capacity)
        return self.laid_out[key]

    def searched(self, puzzle: Puzzle, capacity: int) -> Layout | None:
        """A layout in so many bytes, at first by the plain orders."""
        if puzzle.lower_bound() > align(capacity, ALIGNMENT):
            return None
        sizes = [first_fit(puzzle, order)[0] for order in starting_orders(puzzle.blocks)]
        if min(sizes, default=0) > capacity:
            if self.layouts_left <= 0:
                self.gave_up = True
                return None
            self.layouts_left -= 1
        layout = pack(puzzle)
        return layout if layout.nbytes <= capacity else None
