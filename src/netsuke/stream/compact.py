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
MOST_GROWTH = 64
"""Times that the room is made larger before a stream is given up."""


class NoRoomError(Exception):
    """The room is too small for an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """What happens, in `room` bytes; `capacity` is the most rows of each line at once."""

    events: tuple[Event, ...]
    room: int
    moved: int


def compacted(
    lines: Sequence[Line],
    layers: Sequence[StreamLayer],
    runners: Sequence[Runner],
    slack: int,
    *,
    growing: bool,
) -> Compact:
    """The events of a stream in as few bytes as it needs and `slack` more.

    growing: the stream's first output lies at the start of the room, and all else behind the rows of it that are there.
    """
    needs = needs_of(lines, layers, runners)
    width = aligned(max(need.least for need in needs)) + aligned(slack)
    room = max(width, aligned(max(need.least + (need.written if growing else 0) for need in needs)))
    callers = len(runners) - len(layers)
    for _ in range(MOST_GROWTH):
        try:
            return Packer(lines, callers, needs, (width, room), growing=growing).events()
        except NoRoomError:
            pass
        width, room = width + 8, room + 8
    raise NoRoomError


def beat(needs: Sequence[Need]) -> int:
    """The runner of the fewest events, of those with several: after each of them all is as it was after the one before,
    once rows lie in the same places.
    """
    counts = Counter(need.runner for need in needs)
    return min((n for n in counts if counts[n] >= FEWEST_BEATS), key=lambda n: (counts[n], -n), default=-1)


class Packer:
    """Goes through the events, with what is in memory.

    Of a room in which the output grows the last `width` bytes are used as long as they are free: what happens then
    does not change from one row to the next, and its table is short.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        callers: int,
        needs: Sequence[Need],
        sizes: tuple[int, int],
        *,
        growing: bool,
    ) -> None:
        self.lines, self.callers = lines, callers
        self.width, self.room = sizes
        self.starts = [self.room - self.width] * len(needs)
        if growing:
            self.starts = [max(self.room - self.width, aligned(need.written)) for need in needs]
        self.needs = [replace(need, live=0, written=0) for need in needs]
        self.beat = beat(needs)
        self.kinds: dict[Need, int] = {}
        self.numbers = [self.kinds.setdefault(need, len(self.kinds)) for need in self.needs]
        self.known: dict[tuple[int, int, int, State], Arranged] = {}
        self.costs: dict[tuple[int, int, State], float] = {}

    def events(self) -> Compact:
        """All of them.

        Raises:
            NoRoomError: when the room is too small.
        """
        state: State = ()
        found: list[Event] = []
        moved = 0
        for at, need in enumerate(self.needs):
            way = self.best(at, state)
            found += way.moves
            moved += sum(move.nbytes for move in way.moves)
            found.append(self.event(need, way))
            state = way.state
            if need.runner == self.beat:
                moves, state = settled(state, self.starts[at])
                found += moves
                moved += sum(move.nbytes for move in moves)
        return Compact(events=tuple(found), room=self.room, moved=moved)

    def best(self, at: int, state: State) -> Arranged:
        """The cheapest way of event `at`, the next one's cost added."""
        number = self.numbers[at]
        following = self.numbers[at + 1] if at + 1 < len(self.needs) else -1
        start = self.starts[at]
        key = (number, following, start, state)
        if key not in self.known:
            later = self.needs[at + 1] if following >= 0 else None
            ways = self.ways(self.needs[at], start, state, later)
            if not ways:
                raise NoRoomError
            if later is not None and len(ways) > 1:
                ways.sort(key=lambda way: way.cost + self.cost(following, later, start, way.state))
            self.known[key] = ways[0]
        return self.known[key]

    def cost(self, number: int, need: Need, start: int, state: State) -> float:
        """What an event costs at least."""
        key = (number, start, state)
        if key not in self.costs:
            ways = self.ways(need, start, state, None)
            self.costs[key] = min((way.cost for way in ways), default=float("inf"))
        return self.costs[key]

    def ways(self, need: Need, start: int, state: State, following: Need | None) -> list[Arranged]:
        """The cheapest few, of different ends."""
        for anywhere in (False, True):
            found = self.tried(need, (start, self.room), state, following, anywhere=anywhere)
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
