"""A compact stream: the rows that are still needed lie close together, and move when others need their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from netsuke.ops.stream import Band, Event, Line, Places, StreamLayer, Take, aligned
from netsuke.stream.arrange import (
    Arranged,
    Room,
    State,
    Variant,
    Way,
    arranged,
    cheapest,
    settled,
    variants,
    with_scratch,
)
from netsuke.stream.needs import Need, needs_of
from netsuke.stream.simulate import Runner

CANDIDATES = 3
"""So many ways of an event are followed one event further."""
FEWEST_BEATS = 4
GROWTHS = (*range(0, 64, 8), 64, 128, 256, 512)
"""Bytes by which the room is made larger, one after the other, before a stream is given up."""


class NoRoomError(Exception):
    """The room is too small for an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """What happens, in `room` bytes. `reach`: bytes from the room's start to the end of the input that is drained, at
    least; 0 where none is."""

    events: tuple[Event, ...]
    room: int
    moved: int
    reach: int = 0


def compacted(
    lines: Sequence[Line],
    layers: Sequence[StreamLayer],
    runners: Sequence[Runner],
    slack: int,
    *,
    growing: bool,
    drained: int | None = None,
) -> Compact:
    """The events of a stream in as few bytes as it needs and `slack` more.

    growing: the stream's first output lies at the start of the room, and all else behind the rows of it that are there.
    drained: the line of an input that ends where the room does, or further up; what has been read of it is room.
    """
    needs = needs_of(lines, layers, runners, drained)
    spare = aligned(slack)
    width = aligned(max(need.least for need in needs)) + spare
    room = max(width, aligned(max(need.least + (need.written if growing else 0) for need in needs)))
    reach = 0
    if drained is not None:
        reach = spare + max(
            aligned(need.least + (need.written if growing else 0)) + aligned(need.unread) for need in needs
        )
    callers = len(runners) - len(layers)
    for more in GROWTHS:
        sizes = Sizes(width=width + more, room=room + more, reach=reach + more if reach else 0)
        try:
            return Packer(lines, callers, needs, sizes, growing=growing).events()
        except NoRoomError:
            pass
    raise NoRoomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes: of the room, of the part of it that is used as long as it is free, and as in Compact."""

    width: int
    room: int
    reach: int

    def around(self, need: Need, *, growing: bool) -> Room:
        """Where there may be something at an event."""
        end = min(self.room, self.reach - aligned(need.unread)) if self.reach else self.room
        written = aligned(need.written) if growing else 0
        return (max(self.room - self.width, written) if end == self.room else written), end


def used(need: Need, way: Arranged) -> int:
    """Bytes from the start of the room to the last that an event touches."""
    ends = [offset + nbytes for _, offset, nbytes in way.state]
    ends += [move.to + move.nbytes for move in way.moves]
    if need.scratch:
        ends.append(way.scratch + need.scratch)
    if need.output is not None:
        ends.append(way.output + need.grows)
    return max(ends, default=0)


def beat(needs: Sequence[Need]) -> int:
    """The runner of the fewest events, of those with several: after each of them all is as it was after the one before,
    once rows lie in the same places.
    """
    counts = Counter(need.runner for need in needs)
    return min((n for n in counts if counts[n] >= FEWEST_BEATS), key=lambda n: (counts[n], -n), default=-1)


class Packer:
    """Goes through the events, with what is in memory.

    Of a room in which the output grows the last `width` bytes are used as long as they are free: what happens then
    does not change from one row to the next, and its table is short. Where an input is drained this begins when all
    of the room is free of it.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        callers: int,
        needs: Sequence[Need],
        sizes: Sizes,
        *,
        growing: bool,
    ) -> None:
        self.lines, self.callers, self.sizes = lines, callers, sizes
        self.rooms = [sizes.around(need, growing=growing) for need in needs]
        self.needs = [replace(need, live=0, written=0, unread=0) for need in needs]
        self.beat = beat(needs)
        self.kinds: dict[Need, int] = {}
        self.numbers = [self.kinds.setdefault(need, len(self.kinds)) for need in self.needs]
        self.known: dict[tuple[int, int, Room, State], Arranged] = {}
        self.costs: dict[tuple[int, Room, State], float] = {}

    def events(self) -> Compact:
        """All of them.

        Raises:
            NoRoomError: when the room is too small.
        """
        state: State = ()
        found: list[Event] = []
        moved = top = 0
        for at, need in enumerate(self.needs):
            way = self.best(at, state)
            found += way.moves
            moved += sum(move.nbytes for move in way.moves)
            found.append(self.event(need, way))
            top = max(top, used(need, way))
            state = way.state
            if need.runner == self.beat:
                moves, state = settled(state, self.rooms[at][0])
                found += moves
                moved += sum(move.nbytes for move in moves)
        return Compact(events=tuple(found), room=top, moved=moved, reach=self.sizes.reach)

    def best(self, at: int, state: State) -> Arranged:
        """The cheapest way of event `at`, the next one's cost added."""
        number = self.numbers[at]
        following = self.numbers[at + 1] if at + 1 < len(self.needs) else -1
        room = self.rooms[at]
        key = (number, following, room, state)
        if key not in self.known:
            later = self.needs[at + 1] if following >= 0 else None
            ways = self.ways(self.needs[at], room, state, later)
            if not ways:
                raise NoRoomError
            if later is not None and len(ways) > 1:
                ways.sort(key=lambda way: way.cost + self.cost(following, later, room, way.state))
            self.known[key] = ways[0]
        return self.known[key]

    def cost(self, number: int, need: Need, room: Room, state: State) -> float:
        """What an event costs at least."""
        key = (number, room, state)
        if key not in self.costs:
            ways = self.ways(need, room, state, None)
            self.costs[key] = min((way.cost for way in ways), default=float("inf"))
        return self.costs[key]

    def ways(self, need: Need, room: Room, state: State, following: Need | None) -> list[Arranged]:
        """The cheapest few, of different ends."""
        for anywhere in (False, True):
            found = self.tried(need, room, state, following, anywhere=anywhere)
            if found:
                break
        return found

    @staticmethod
    def tried(
        need: Need, room: Room, state: State, following: Need | None, *, anywhere: bool
    ) -> list[Arranged]:
        """See ways."""
        tried: list[tuple[int, int, Variant, Way]] = []
        for order in variants(need, state, following, anywhere=anywhere):
            for variant in with_scratch(order, aligned(need.scratch)):
                way = cheapest(variant.items, room)
                if way is not None:
                    tried.append((way[0], len(tried), variant, way))
        found: dict[State, Arranged] = {}
        for _, _, variant, way in sorted(tried, key=lambda one: one[:2]):
            done = arranged(need, variant, way, room)
            if done is not None and done.state not in found:
                found[done.state] = done
                if len(found) == CANDIDATES:
                    break
        return list(found.values())

    def event(self, need: Need, way: Arranged) -> Event:
        """What happens, with its places."""
        at = dict(way.places)
        rows = [(line, at[line] + skipped) for line, skipped in need.reads]
        if need.output is not None:
            rows.append((need.output, way.output))
        places = Places(rows=tuple(rows), scratch=way.scratch)
        if need.runner < self.callers:
            return Take(places=places)
        return Band(layer=need.runner - self.callers, form=need.form, places=places)
