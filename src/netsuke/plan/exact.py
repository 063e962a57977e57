"""The smallest layout of a few blocks, by branch and bound over how each pair of them lies.

Between two blocks that live together a difference of offsets lies below all gaps, above all gaps or between two of
them. A node of the search has chosen for some pairs; the least offsets that these choices leave (longest paths) bound
it from below. It branches on the pair that these offsets violate most. When no node is left, the best is the best.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import add

import numpy as np

from netsuke.ir import Array
from netsuke.plan.blocks import Puzzle
from netsuke.plan.plan import ALIGNMENT, align

MOST_NODES = 4000
MOST_BLOCKS = 80
WORK = 80_000
"""Nodes times blocks: a node of a large puzzle takes longer, and more of them would prove nothing either."""
FAR = 1 << 40


@dataclass(frozen=True, slots=True)
class Choice:
    """Offset `high` - offset `low` is at least `apart` (which may be negative)."""

    low: int
    high: int
    apart: int


Gaps = tuple[Array, Array, Array, Array]
"""Of every gap: the two blocks, and the ends; int64 [gaps] each."""


def gaps_of(puzzle: Puzzle) -> Gaps:
    """All of them, each once."""
    rows = [
        (i, j, low, high)
        for i, gaps in enumerate(puzzle.gaps)
        for j, between in gaps.items()
        if j < i
        for low, high in between
    ]
    i, j, low, high = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return i, j, low, high


@dataclass(slots=True)
class Search:
    """The best layout so far, and how many nodes may still be looked at."""

    puzzle: Puzzle
    size: int
    offsets: list[int]
    bound: int
    left: int = MOST_NODES
    choices: list[list[Choice]] = field(default_factory=list)
    """By `low`."""
    between: Gaps = field(init=False)

    def __post_init__(self) -> None:
        self.between = gaps_of(self.puzzle)

    def explore(self, offsets: list[int]) -> None:
        """All layouts under the choices made, of which `offsets` are the least."""
        if self.left <= 0 or self.size <= self.bound:
            return
        self.left -= 1
        pair = self.worst(offsets)
        if pair is None:
            self.size = self.height(offsets)
            self.offsets = list(offsets)
            return
        nodes = []
        for made in self.branches(*pair):
            raised = self.raised(offsets, made)
            if raised is not None:
                nodes.append((self.height(raised), made, raised))
        nodes.sort(key=lambda node: node[0])
        for height, made, raised in nodes:
            if height >= self.size:
                break
            for choice in made:
                self.choices[choice.low].append(choice)
            self.explore(raised)
            for choice in made:
                self.choices[choice.low].remove(choice)

    def height(self, offsets: list[int]) -> int:
        """Bytes of a layout."""
        highest: int = max(map(add, offsets, self.puzzle.sizes))
        return highest

    def worst(self, offsets: list[int]) -> tuple[int, int] | None:
        """The pair furthest inside a gap, weighed by how far either way out is."""
        i, j, low, high = self.between
        if not len(i):
            return None
        at = np.array(offsets, dtype=np.int64)
        difference = at.take(i) - at.take(j)
        inside = np.minimum(difference - low, high - difference)
        most = int(np.argmax(inside))
        return (int(i[most]), int(j[most])) if inside[most] > 0 else None

    def branches(self, i: int, j: int) -> Iterator[tuple[Choice, ...]]:
        """The ways in which two blocks can lie."""
        gaps = self.puzzle.gaps[i][j]
        yield (Choice(i, j, -gaps[0][0]),)
        yield (Choice(j, i, gaps[-1][1]),)
        for (_, above), (below, _) in pairwise(gaps):
            yield Choice(j, i, above), Choice(i, j, -below)

    def raised(self, offsets: list[int], made: tuple[Choice, ...]) -> list[int] | None:
        """The least offsets with more choices made; None when some block would end at or beyond the best size."""
        found = list(offsets)
        queue = list(made)
        extra = {choice.low: [c for c in made if c.low == choice.low] for choice in made}
        while queue:
            choice = queue.pop()
            block = self.puzzle.blocks[choice.high]
            least = align(found[choice.low] + choice.apart, block.alignment)
            if least <= found[choice.high]:
                continue
            if least + self.puzzle.sizes[choice.high] >= self.size:
                return None
            found[choice.high] = least
            queue += self.choices[choice.high]
            queue += extra.get(choice.high, ())
        return found


def solve(
    puzzle: Puzzle, size: int, offsets: list[int], bound: int, most: int | None = None
) -> tuple[int, list[int], int]:
    """(bytes, offsets, lower bound): better than `size` where there is better and the budget finds it.

    The lower bound is the size itself when every layout was looked at. Only layouts of at most `most` bytes (rounded
    up to ALIGNMENT) are looked for, where that is given.
    """
    count = len(puzzle.blocks)
    if count > MOST_BLOCKS:
        return size, offsets, bound
    # Bounds are whole units of ALIGNMENT, so what is asked for has to be: else it seems to lie below its bound.
    wanted = size if most is None else min(size, align(most, ALIGNMENT) + 1)
    left = min(MOST_NODES, WORK // count)
    search = Search(puzzle, wanted, offsets, bound, left, choices=[[] for _ in puzzle.blocks])
    search.explore([0] * count)
    proved = search.left > 0
    found = search.size if search.size < wanted else size
    return found, search.offsets, max(bound, search.size) if proved else bound
