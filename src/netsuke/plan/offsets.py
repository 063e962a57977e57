"""Arena offsets for buffers with known lifetimes (dynamic storage allocation).

First-fit over an order of the buffers; the order is searched: a few that are known to be good, then swaps of buffers
under a fixed budget, stopping as soon as the lower bound (the largest sum in use at one step) is met. Up to
EXACT_BUFFERS buffers all orders are tried where that did not do.

What is guaranteed: no two buffers in use at once overlap; up to EXACT_BUFFERS buffers no layout is smaller
by a multiple of ALIGNMENT; a chain (each buffer in use with the next one only) meets the lower bound. Beyond that it
is a search with no bound on its result: there are sets that no layout fits into the lower bound, and finding a
smallest one is NP-hard. Of thousands of random networks of up to 60 layers all met the lower bound (tests/plan).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

from netsuke.plan.plan import ALIGNMENT, Buffer, align

EXACT_BUFFERS = 7
"""All orders of so many are tried. Placed from the lowest to the highest of a smallest layout, first-fit puts no
buffer higher than that layout has it: one of the orders gives the smallest."""
SEARCH_STEPS = 2000
"""First-fit evaluations at most: well under a second for the graphs that fit a microcontroller."""


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """The largest sum of buffers in use at one step, each rounded up to ALIGNMENT; reached at some first step.

    No layout, its size rounded up too, is smaller: every offset is a multiple of ALIGNMENT.
    """
    return max(
        (sum(padded(b) for b in buffers if b.first <= at.first <= b.last) for at in buffers), default=0
    )


def padded(buffer: Buffer) -> int:
    """Its bytes rounded up to ALIGNMENT; what a stricter alignment leaves free before it, others may use."""
    return align(buffer.nbytes, ALIGNMENT)


def pack(buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
    """The buffers with offsets such that no two in use at once share a byte, in their own order."""
    bound = lower_bound(buffers)
    neighbours = [
        [j for j, other in enumerate(buffers) if j != i and b.lives_with(other)]
        for i, b in enumerate(buffers)
    ]
    best: list[int] = []
    best_size = -1
    for order in starting_orders(buffers):
        offsets, size = first_fit(buffers, neighbours, order)
        if best_size < 0 or size < best_size:
            best, best_size, best_order = offsets, size, order
        if best_size <= bound:
            break
    if best_size > bound:
        best, best_size = improve(buffers, neighbours, best_order, best, best_size, bound)
    if best_size > bound and len(buffers) <= EXACT_BUFFERS:
        best = exact(buffers, neighbours)
    return tuple(replace(b, offset=o) for b, o in zip(buffers, best, strict=True))


def starting_orders(buffers: Sequence[Buffer]) -> list[list[int]]:
    """Largest first, longest first, largest area first, in order of birth."""
    keys: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
        lambda b: (-b.nbytes, b.first),
        lambda b: (b.first - b.last, -b.nbytes),
        lambda b: (-(b.last - b.first + 1) * b.nbytes, b.first),
        lambda b: (b.first, -b.nbytes),
    )
    return [sorted(range(len(buffers)), key=lambda i, key=key: key(buffers[i])) for key in keys]  # type: ignore[misc]


def first_fit(
    buffers: Sequence[Buffer], neighbours: Sequence[Sequence[int]], order: Sequence[int]
) -> tuple[list[int], int]:
    """Places each buffer at the lowest offset that is free over its whole life; returns offsets and total bytes."""
    offsets = [-1] * len(buffers)
    size = 0
    for i in order:
        taken = sorted((offsets[j], offsets[j] + buffers[j].nbytes) for j in neighbours[i] if offsets[j] >= 0)
        at = 0
        for start, end in taken:
            if at + buffers[i].nbytes <= start:
                break
            at = max(at, align(end, buffers[i].alignment))
        offsets[i] = at
        size = max(size, at + buffers[i].nbytes)
    return offsets, size


def improve(
    buffers: Sequence[Buffer],
    neighbours: Sequence[Sequence[int]],
    order: list[int],
    best: list[int],
    best_size: int,
    bound: int,
) -> tuple[list[int], int]:
    """Hill climbing over the order, moving the buffer that sticks out to an earlier place; seeded, so repeatable."""
    chance = random.Random(len(buffers))
    for _ in range(SEARCH_STEPS):
        trial = list(order)
        highest = max(trial, key=lambda i: best[i] + buffers[i].nbytes)
        moved = highest if chance.random() < 0.5 else chance.choice(trial)
        trial.remove(moved)
        trial.insert(chance.randrange(len(trial) + 1), moved)
        offsets, size = first_fit(buffers, neighbours, trial)
        if size <= best_size:
            order, best, best_size = trial, offsets, size
        if best_size <= bound:
            break
    return best, best_size


def exact(buffers: Sequence[Buffer], neighbours: Sequence[Sequence[int]]) -> list[int]:
    """The offsets of a smallest layout: first-fit over every order."""
    layouts = (first_fit(buffers, neighbours, order) for order in permutations(range(len(buffers))))
    return min(layouts, key=lambda layout: layout[1])[0]
