"""Where the rows of a compact stream lie during one event, and which of them have to move for it.

What is in memory stands in some order. An order is possible when everything in it finds place from the start of the
room to its end; what may stay where it is costs nothing, the rest is moved. Which may stay is found by going along the
order: the cheapest way to each thing that stays, over those between it and the one before that stays (a shortest
path).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netsuke.ops.stream import LINE_ALIGNMENT, Move, aligned
from netsuke.stream.needs import Need, Over

MOVING = 64
"""A move costs as much as so many bytes more."""
WORST = 1 << 60
NOWHERE = -1
"""The place of what is new."""
OUT, SCRATCH, PAD = -1, -2, -3
"""Instead of a line's number: the output's first rows, the kernels' scratch, and nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something in memory: a line, or one of OUT, SCRATCH, PAD. The next thing starts `reach` bytes behind its start
    at the earliest; `old` is where it is, or NOWHERE."""

    line: int
    nbytes: int
    reach: int
    old: int = NOWHERE


State = tuple[tuple[int, int, int], ...]
"""(line, offset, bytes) of all that is in memory, from the first to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An order, and the input over which the output lies, if any. glue: the number of the item before which nothing
    else may come: the output lies there."""

    items: tuple[Item, ...]
    over: Over | None = None
    glue: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """Moves, then the places of output and scratch; `state` is what is in memory when the event is over."""

    cost: int
    moves: tuple[Move, ...]
    places: tuple[tuple[int, int], ...]
    """Of the lines that are there during the event."""
    output: int
    scratch: int
    state: State


def variants(need: Need, state: State, following: Need | None, *, anywhere: bool) -> Iterator[Variant]:
    """The orders that are tried, without scratch.

    Lines stand from the deepest to the first: what a layer writes lies before what it reads, and may go on over rows
    that die. anywhere: new rows may come between any two lines.
    """
    items = tuple(Item(line=line, nbytes=n, reach=n, old=at) for line, at, n in state)
    lines = [item.line for item in items]
    if need.output is None:
        yield Variant(items=items)
    elif need.output in lines:
        yield from growing(need, items)
    else:
        for over in need.overs:
            at = lines.index(over.line)
            new = (Item(line=OUT, nbytes=0, reach=over.apart),) if over.apart else ()
            yield Variant(items=(*items[:at], *new, *items[at:]), over=over, glue=at + 1 if new else -1)
        new = (Item(line=OUT, nbytes=0, reach=need.grows),)
        wanted, pad = wanted_place(need, following, lines)
        if wanted is not None:
            pads = (Item(line=PAD, nbytes=0, reach=pad),) if pad else ()
            yield Variant(items=(*items[:wanted], *pads, *new, *items[wanted:]))
        behind = sum(line > need.output for line in lines)
        for at in dict.fromkeys((behind, *range(len(items) + 1))) if anywhere else (behind,):
            yield Variant(items=(*items[:at], *new, *items[at:]))


def growing(need: Need, items: tuple[Item, ...]) -> Iterator[Variant]:
    """The output line has rows already: others come behind them, or over what is read and lies behind them."""
    at = next(i for i, item in enumerate(items) if item.line == need.output)
    line = items[at]
    for over in need.overs:
        near = replace(line, reach=line.nbytes + over.apart)
        under = next(i for i, item in enumerate(items) if item.line == over.line)
        rest = [item for i, item in enumerate(items) if i not in (at, under)]
        for place in dict.fromkeys((at - (under < at), under - (at < under))):
            pair = (near, items[under])
            yield Variant(items=(*rest[:place], *pair, *rest[place:]), over=over, glue=place + 1)
    yield Variant(items=(*items[:at], replace(line, reach=line.nbytes + need.grows), *items[at + 1 :]))


def wanted_place(need: Need, following: Need | None, lines: Sequence[int]) -> tuple[int | None, int]:
    """Where the event after this one would like the new rows: behind which line, and how far behind its end."""
    if following is None or following.output not in lines:
        return None, 0
    pad = next((over.apart for over in following.overs if over.line == need.output), None)
    return (None, 0) if pad is None else (lines.index(following.output) + 1, pad)


def with_scratch(variant: Variant, nbytes: int) -> Iterator[Variant]:
    """The order with the scratch in each place, but not between the output and what it lies over."""
    if not nbytes:
        yield variant
        return
    item = Item(line=SCRATCH, nbytes=0, reach=nbytes)
    for at in range(len(variant.items) + 1):
        if at == variant.glue:
            continue
        yield replace(variant, items=(*variant.items[:at], item, *variant.items[at:]))


Room = tuple[int, int]
"""From which byte to which."""


Way = tuple[int, list[int]]
"""Bytes moved, and for each item, and the end, the item before it that stays."""


def cheapest(items: Sequence[Item], room: Room) -> Way | None:
    """Which items stay; None when the room is too small."""
    count, (start, end) = len(items), room
    old = [item.old for item in items] + [end]
    reach = [item.reach for item in items]
    costs = [item.nbytes + MOVING if item.old >= 0 else 0 for item in items]
    best, back = [WORST] * (count + 1), [-1] * (count + 1)
    for i in range(-1, count):
        if i < 0:
            at, cost = start, 0
        elif old[i] >= 0 and best[i] < WORST:
            at, cost = old[i] + reach[i], best[i]
        else:
            continue
        for j in range(i + 1, count + 1):
            if at <= old[j] and cost < best[j]:
                best[j], back[j] = cost, i
            if j < count:
                at = (at + LINE_ALIGNMENT - 1) // LINE_ALIGNMENT * LINE_ALIGNMENT + reach[j]
                cost += costs[j]
                if at > end:
                    break
    return (best[count], back) if best[count] < WORST else None


def placed(items: Sequence[Item], back: Sequence[int], room: Room) -> list[int]:
    """The places: what moves goes as far down as it can."""
    places = [item.old for item in items]
    j = len(items)
    while j >= 0:
        i = back[j]
        at = room[0] if i < 0 else items[i].old + items[i].reach
        for k in range(i + 1, j):
            places[k] = aligned(at)
            at = places[k] + items[k].reach
        j = i
    return places


def arranged(need: Need, variant: Variant, way: Way, room: Room) -> Arranged | None:
    """What the event does in this order; None when it cannot."""
    cost, back = way
    places = placed(variant.items, back, room)
    at = {item.line: place for item, place in zip(variant.items, places, strict=True)}
    sizes = {item.line: item.nbytes for item in variant.items if item.line >= 0}
    output = 0
    if need.output is not None:
        if need.output in sizes:
            # Sums are added to where they are.
            output = at[need.output] + (sizes[need.output] if need.grows else 0)
        else:
            output = at[OUT] if variant.over is None else at[variant.over.line] - variant.over.apart
        if variant.over is not None and (at[variant.over.line] - output) % variant.over.step:
            return None
    moves = in_order([(i.old, at[i.line], i.nbytes) for i in variant.items if i.old >= 0])
    if moves is None:
        return None
    return Arranged(
        cost=cost,
        moves=moves,
        places=tuple((line, at[line]) for line in sizes),
        output=output,
        scratch=at.get(SCRATCH, 0),
        state=after(need, at, sizes, output),
    )


def in_order(wanted: Sequence[tuple[int, int, int]]) -> tuple[Move, ...] | None:
    """The moves (from, to, bytes) one after the other, none over what has not moved yet; None when there is no way."""
    left, found = list(wanted), list[Move]()
    while any(old != new for old, new, _ in left):
        for one in left:
            old, new, size = one
            free = all(new + size <= o or o + n <= new for o, _, n in left if o != old)
            if old != new and free:
                found.append(Move(to=new, origin=old, nbytes=size))
                left[left.index(one)] = (new, new, size)
                break
        else:
            return None
    return tuple(found)


def after(need: Need, at: dict[int, int], sizes: dict[int, int], output: int) -> State:
    """What is in memory when the event is over."""
    start = {line: at[line] for line in sizes}
    left = dict(sizes)
    if need.output is not None and need.grows:
        start.setdefault(need.output, output)
        left[need.output] = left.get(need.output, 0) + need.grows
    for line, nbytes in need.gone:
        start[line] += nbytes
        left[line] -= nbytes
    return tuple(sorted(((i, start[i], n) for i, n in left.items() if n), key=lambda entry: entry[1]))


def settled(state: State, start: int) -> tuple[tuple[Move, ...], State]:
    """All that is in memory, moved down to `start`."""
    found, at, wanted = [], start, []
    for line, old, nbytes in sorted(state, reverse=True):
        at = aligned(at)
        wanted.append((old, at, nbytes))
        found.append((line, at, nbytes))
        at += nbytes
    moves = in_order(wanted)
    return (moves, tuple(found)) if moves is not None else ((), state)
