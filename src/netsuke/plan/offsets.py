"""Arena offsets for blocks with known lifetimes (dynamic storage allocation), some of which may partly overlap.

First-fit over an order of the blocks; the order is searched: a few that are known to be good, then moves of single
blocks under a fixed budget, stopping as soon as the lower bound is met. Small puzzles that did not meet it are then
solved by branch and bound (`exact`), which says whether its result is the best there is. Where blocks are many, those
that are in use at the fullest steps are laid out first: what is proved of them holds for all.

What is guaranteed: no gap is violated; a chain without overlaps (each block in use with the next one only) meets the
lower bound. Finding a smallest layout is NP-hard; beyond `exact`'s budget this is a search with no bound on its
result but the lower bound printed beside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from netsuke.plan.blocks import Block, Puzzle
from netsuke.plan.exact import solve
from netsuke.plan.plan import ALIGNMENT, align

EVALUATIONS = 20_000
"""Blocks placed by one search at most: a fraction of a second."""
MOST_STEPS = 600
SHARES = (0.85, 0.6, 0.0)
"""A search looks first at the blocks in use where more than so much of the lower bound is, at last at all."""


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


def pack(puzzle: Puzzle, most: int | None = None) -> Layout:
    """Offsets such that no gap is violated. Where `most` is given, larger layouts are not searched for long."""
    bound = puzzle.lower_bound()
    if not puzzle.blocks:
        return Layout(offsets=(), nbytes=0, lower_bound=0)
    best = Attempt.first(puzzle)
    looked_at = 0
    for share in SHARES:
        if best.size <= bound or (most is not None and bound > align(most, ALIGNMENT)):
            break
        crowd = crowded(puzzle, share * bound)
        if len(crowd) == looked_at:
            continue
        looked_at = len(crowd)
        part = puzzle.part(crowd)
        whole_known = best if len(crowd) == len(puzzle.blocks) else None
        inner = searched(part, bound, whole_known, most)
        bound = max(bound, inner.bound)
        whole = completed(puzzle, crowd, inner.offsets)
        best = min(best, whole, key=lambda one: one.size)
    return Layout(offsets=tuple(best.offsets), nbytes=best.size, lower_bound=bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A layout, the order of blocks by which first-fit found it, and what no layout can do better than."""

    size: int
    offsets: list[int]
    order: list[int]
    bound: int = 0

    @classmethod
    def first(cls, puzzle: Puzzle) -> Attempt:
        """The best of the starting orders."""
        tried = [(*first_fit(puzzle, order), order) for order in starting_orders(puzzle.blocks)]
        size, offsets, order = min(tried, key=lambda one: one[0])
        return cls(size=size, offsets=offsets, order=order)


def crowded(puzzle: Puzzle, nbytes: float) -> list[int]:
    """The blocks in use at steps that need more than so many bytes: the others rarely matter."""
    usage = puzzle.usage()
    crowd = [step for step, used in usage.items() if used > nbytes]
    return [
        number
        for number, block in enumerate(puzzle.blocks)
        if any(p.first <= step <= p.last for p in block.pieces for step in crowd)
    ]


def searched(puzzle: Puzzle, bound: int, known: Attempt | None = None, most: int | None = None) -> Attempt:
    """Hill climbing, then branch and bound."""
    best = known or Attempt.first(puzzle)
    size, offsets, order = best.size, best.offsets, best.order
    if size > bound:
        size, offsets = improve(puzzle, order, size, offsets, bound)
    if size > bound:
        size, offsets, bound = solve(puzzle, size, offsets, bound, most)
    return Attempt(size=size, offsets=offsets, order=order, bound=bound)


def completed(puzzle: Puzzle, crowd: Sequence[int], offsets: Sequence[int]) -> Attempt:
    """The blocks of the crowd where they are, the others around them as first-fit finds room."""
    fixed = dict(zip(crowd, offsets, strict=True))
    tried = []
    for order in starting_orders(puzzle.blocks):
        rest = [i for i in order if i not in fixed]
        tried.append((*first_fit(puzzle, rest, fixed=fixed), [*crowd, *rest]))
        if not rest:
            break
    size, found, order = min(tried, key=lambda one: one[0])
    return Attempt(size=size, offsets=found, order=order)


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


def first_fit(
    puzzle: Puzzle,
    order: Sequence[int],
    limit: int | None = None,
    fixed: Mapping[int, int] = MappingProxyType({}),
) -> tuple[int, list[int]]:
    """Places each block at the lowest offset that the placed ones allow; returns total bytes and offsets.

    Stops where a block ends beyond `limit`. `fixed`: blocks, not in `order`, that are placed already.
    """
    offsets = [fixed.get(i, -1) for i in range(len(puzzle.blocks))]
    size = max((at + puzzle.sizes[i] for i, at in fixed.items()), default=0)
    beside, sizes = puzzle.beside, puzzle.sizes
    for i in order:
        taken = [(offsets[j] + low, offsets[j] + high) for j, low, high in beside[i] if offsets[j] >= 0]
        taken.sort()
        offsets[i] = lowest(taken, puzzle.blocks[i].alignment)
        size = max(size, offsets[i] + sizes[i])
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
        before = trial.index(moved)
        del trial[before]
        after = chance.randrange(count)
        trial.insert(after, moved)
        # What stands before both places in the order stays where it is.
        same = min(before, after)
        fixed = {i: offsets[i] for i in trial[:same]}
        found, placed = first_fit(puzzle, trial[same:], size, fixed)
        if found <= size:
            order, size, offsets = trial, found, placed
        if size <= bound:
            break
    return size, offsets
