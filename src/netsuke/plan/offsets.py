"""Arena offsets for blocks with known lifetimes (dynamic storage allocation), some of which may partly overlap.

First-fit over an order of the blocks; the order is searched: a few that are known to be good, then moves of single
blocks under a fixed budget, stopping as soon as the lower bound is met. Small puzzles that did not meet it are then
solved by branch and bound (`exact`), which says whether its result is the best there is.

What is guaranteed: no gap is violated; a chain without overlaps (each block in use with the next one only) meets the
lower bound. Finding a smallest layout is NP-hard; beyond `exact`'s budget this is a search with no bound on its
result but the lower bound printed beside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netsuke.plan.blocks import Block, Puzzle
from netsuke.plan.exact import solve
from netsuke.plan.plan import align

EVALUATIONS = 60_000
"""Blocks placed by the search at most: about a second."""
MOST_STEPS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Offsets of the blocks, the bytes from 0 to the highest end, and what no layout can do better than."""

    offsets: tuple[int, ...]
    nbytes: int
    lower_bound: int

    @property
    def optimal(self) -> bool:
        """True when no offsets are better, for this order of steps and this sharing."""
        return self.nbytes <= self.lower_bound


def pack(puzzle: Puzzle) -> Layout:
    """Offsets such that no gap is violated."""
    bound = puzzle.lower_bound()
    if not puzzle.blocks:
        return Layout(offsets=(), nbytes=0, lower_bound=0)
    tried = [(first_fit(puzzle, order), order) for order in starting_orders(puzzle.blocks)]
    (size, offsets), order = min(tried, key=lambda one: one[0][0])
    if size > bound:
        size, offsets = improve(puzzle, order, size, offsets, bound)
    if size > bound:
        size, offsets, bound = solve(puzzle, size, offsets, bound)
    return Layout(offsets=tuple(offsets), nbytes=size, lower_bound=bound)


def starting_orders(blocks: Sequence[Block]) -> list[list[int]]:
    """Largest first, longest first, largest area first, in order of birth and of death, forward and backward."""
    keys: tuple[Callable[[Block], tuple[int, ...]], ...] = (
        lambda b: (-b.nbytes, b.first),
        lambda b: (b.first - b.last, -b.nbytes),
        lambda b: (-(b.last - b.first + 1) * b.nbytes, b.first),
        lambda b: (b.first, -b.nbytes),
        lambda b: (-b.first, -b.nbytes),
        lambda b: (-b.last, -b.nbytes),
        lambda b: (b.last, -b.nbytes),
        lambda b: (-b.nbytes, -b.first),
    )
    return [sorted(range(len(blocks)), key=lambda i, key=key: key(blocks[i])) for key in keys]  # type: ignore[misc]


def first_fit(puzzle: Puzzle, order: Sequence[int], limit: int | None = None) -> tuple[int, list[int]]:
    """Places each block at the lowest offset that the placed ones allow; returns total bytes and offsets.

    Stops where a block ends beyond `limit`.
    """
    offsets = [-1] * len(puzzle.blocks)
    size = 0
    for i in order:
        block = puzzle.blocks[i]
        taken = [
            (offsets[j] + low, offsets[j] + high)
            for j, gaps in puzzle.gaps[i].items()
            if offsets[j] >= 0
            for low, high in gaps
        ]
        offsets[i] = lowest(sorted(taken), block.alignment)
        size = max(size, offsets[i] + puzzle.sizes[i])
        if limit is not None and size > limit:
            break
    return size, offsets


def lowest(taken: Sequence[tuple[int, int]], alignment: int) -> int:
    """The lowest multiple of `alignment` from 0 on that lies strictly inside none of the sorted intervals."""
    at = 0
    for start, end in taken:
        if at <= start:
            break
        if at < end:
            at = align(end, alignment)
    return at


def improve(
    puzzle: Puzzle, order: list[int], size: int, offsets: list[int], bound: int
) -> tuple[int, list[int]]:
    """Hill climbing over the order, moving the block that sticks out or any other; seeded, so repeatable."""
    count = len(puzzle.blocks)
    chance = random.Random(count)
    for _ in range(min(MOST_STEPS, EVALUATIONS // count)):
        trial = list(order)
        highest = max(trial, key=lambda i: offsets[i] + puzzle.sizes[i])
        moved = highest if chance.random() < 0.5 else chance.choice(trial)
        trial.remove(moved)
        trial.insert(chance.randrange(count), moved)
        found, placed = first_fit(puzzle, trial, size)
        if found <= size:
            order, size, offsets = trial, found, placed
        if size <= bound:
            break
    return size, offsets
