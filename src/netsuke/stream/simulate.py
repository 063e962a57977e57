"""In which order the rows of a stream are computed, and how many rows of each line are in memory at once.

The deepest layer that can go on always does, so that rows are consumed before others are made: each line holds what
the windows of its readers still need, and one band. Layers that read nothing but whole tensors could run at any time:
they do when somebody waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netsuke.ops.geometry import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A line to the simulator: `whole` when all its rows are in memory anyway, `given` when they are there already.

    `shares`: the line in whose memory its rows lie. `above`: rows of padding that have room in the buffer as if they
    were there, so that it is laid out alike for all bands.
    """

    rows: int
    whole: bool = False
    given: bool = False
    shares: int | None = None
    above: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Runner `runner` writes line `over` at the start of the buffer of line `under`, which it alone reads.

    `step`: the distance between the two must be a multiple of so many bytes. lead: how far the output must lie before
    the first row that is read (see ops/overlap.py). Bytes are those of a row.
    """

    runner: int
    under: int
    over: int
    under_bytes: int
    over_bytes: int
    lead: int
    step: int


class OverlayError(Exception):
    """Line `over` of an overlay holds rows when the line under it changes."""

    def __init__(self, overlay: Overlay) -> None:
        super().__init__()
        self.overlay = overlay


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A layer to the simulator: `rows` of output in bands of `band`, from lines seen through one window."""

    window: Window
    inputs: tuple[int, ...]
    output: int
    rows: int
    band: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Runner `runner` computed rows `row`..`row + count - 1`."""

    runner: int
    row: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Line `line` was moved down by `rows`."""

    line: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A band went to whole line `line`, which now has `written` rows; `unread` is the first row still read of each line
    that was there from the start (its rows where nobody reads it any more)."""

    line: int
    written: int
    unread: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """`capacity` is the most rows of each line at once (0 for whole lines and those in another's memory)."""

    events: tuple[Ran | Dropped, ...]
    capacity: tuple[int, ...]
    moments: tuple[Moment, ...]
    fronts: Mapping[int, int]
    """Bytes that must be free before the rows of a line which another lies over."""


def first_row(window: Window, row: int) -> int:
    """The first input row that output row `row` sees."""
    return min(max(0, row * window.stride - window.before), window.size)


def end_row(window: Window, row: int) -> int:
    """One past the last input row that output row `row` sees."""
    return min(window.size, row * window.stride - window.before + window.reach)


@dataclass(slots=True)
class Simulation:
    """Where everything stands: bands `done` of each runner, the rows there are (`end`) of each line.

    What an event changes is known beforehand: a runner's own next band, and whether those who read its line can go on.
    """

    tracks: Sequence[Track]
    runners: Sequence[Runner]
    done: list[int] = field(init=False)
    end: list[int] = field(init=False)
    roots: list[int] = field(init=False)
    """For each line the line whose memory it is in."""
    members: dict[int, list[int]] = field(init=False)
    """The lines in a root's memory."""
    readers: list[list[int]] = field(init=False)
    """The runners that read a line."""
    root_readers: dict[int, list[int]] = field(init=False)
    """The runners that read a line in a root's memory."""
    makers: dict[int, int] = field(init=False)
    """The first runner that writes a line."""
    needed: list[int] = field(init=False)
    """Rows of its inputs that each runner's next band sees."""
    eager: int = field(init=False, default=0)
    """A bit for each runner that can go on and does not read whole tensors alone."""
    unfinished: int = field(init=False, default=0)
    """A bit for each runner that has rows left."""

    def __post_init__(self) -> None:
        self.done = [0] * len(self.runners)
        self.end = [track.rows if track.given else 0 for track in self.tracks]
        self.roots = [self.root(line) for line in range(len(self.tracks))]
        self.members = {root: [] for root in self.roots}
        for line, root in enumerate(self.roots):
            self.members[root].append(line)
        self.readers = [[] for _ in self.tracks]
        self.root_readers = {root: [] for root in self.roots}
        self.makers = {}
        for number, runner in enumerate(self.runners):
            for line in dict.fromkeys(runner.inputs):
                self.readers[line].append(number)
            for root in dict.fromkeys(self.roots[line] for line in runner.inputs):
                self.root_readers[root].append(number)
            self.makers.setdefault(runner.output, number)
        self.needed = [0] * len(self.runners)
        for number in range(len(self.runners)):
            self.settle(number)

    def settle(self, number: int) -> None:
        """Takes note of the runner's next band."""
        runner, count = self.runners[number], self.count(number)
        bit = 1 << number
        self.unfinished = self.unfinished | bit if count else self.unfinished & ~bit
        if count:
            self.needed[number] = end_row(runner.window, self.done[number] + count - 1)
        self.look(number)

    def look(self, number: int) -> None:
        """Takes note of whether the runner can go on."""
        bit = 1 << number
        able = self.ready(number) and not self.begins(number)
        self.eager = self.eager | bit if able else self.eager & ~bit

    def root(self, line: int) -> int:
        """The line whose memory it is in."""
        shares = self.tracks[line].shares
        return line if shares is None else self.root(shares)

    def count(self, number: int) -> int:
        """Rows of the runner's next band."""
        runner = self.runners[number]
        return min(runner.band, runner.rows - self.done[number])

    def ready(self, number: int) -> bool:
        """True when the rows that the next band sees are there."""
        if not self.unfinished >> number & 1:
            return False
        needed = self.needed[number]
        return all(self.end[line] >= needed for line in self.runners[number].inputs)

    def next(self) -> int | None:
        """The deepest runner that can go on, but no runner on whole lines alone unless another waits for it."""
        if self.eager:
            return self.eager.bit_length() - 1
        return self.wanted_by(self.unfinished.bit_length() - 1) if self.unfinished else None

    def begins(self, number: int) -> bool:
        """True when all that the runner reads was there from the start: it could go on at any time."""
        return all(self.tracks[line].given for line in self.runners[number].inputs)

    def wanted_by(self, number: int) -> int | None:
        """The runner that has to go on so that this one can; itself when it can."""
        while not self.ready(number):
            line = next(i for i in self.runners[number].inputs if self.end[i] < self.needed[number])
            maker = self.makers.get(line)
            if maker is None or not self.unfinished >> maker & 1:
                return None
            number = maker
        return number

    def reached(self, root: int) -> int:
        """The rows there are in the root's memory."""
        return max(self.end[i] for i in self.members[root])

    def base(self, root: int) -> int:
        """The first row in the root's memory that somebody still reads; the end of its rows when nobody does."""
        lowest, above = self.reached(root), -self.tracks[root].above
        for number in self.root_readers[root]:
            if self.unfinished >> number & 1:
                window = self.runners[number].window
                lowest = min(lowest, max(self.done[number] * window.stride - window.before, above))
        return lowest

    def first(self) -> list[int]:
        """The first row that each line has room for."""
        return [-track.above for track in self.tracks]

    def empty(self, line: int) -> bool:
        """True when all rows of the line that were made have been read."""
        return self.base(line) == self.end[line]

    def run(self, number: int) -> Ran:
        """Computes the runner's next band."""
        ran = Ran(runner=number, row=self.done[number], count=self.count(number))
        output = self.runners[number].output
        self.done[number] += ran.count
        self.end[output] += ran.count
        self.settle(number)
        for reader in self.readers[output]:
            self.look(reader)
        return ran


def simulate(
    tracks: Sequence[Track], runners: Sequence[Runner], overlays: Sequence[Overlay] = ()
) -> Timetable:
    """Finds the timetable.

    Raises:
        OverlayError: when one of the overlays is not possible.
        AssertionError: when the runners wait for one another: a stream that should not have been made.
    """
    order, capacity = rehearsed(tracks, runners)
    state = Simulation(tracks, runners)
    first = state.first()
    fronts: dict[int, int] = {}
    events: list[Ran | Dropped] = []
    moments = []
    given = [i for i, track in enumerate(tracks) if track.given]
    for number in order:
        output = runners[number].output
        root = state.roots[output]
        for overlay in overlays:
            if (number == overlay.runner or root == overlay.under) and not state.empty(overlay.over):
                raise OverlayError(overlay)
        if not tracks[root].whole and state.end[output] + state.count(number) - first[root] > capacity[root]:
            base = state.base(root)
            events.append(Dropped(line=root, rows=base - first[root]))
            first[root] = base
        # As it was before the band: it may still read while it writes.
        unread = {i: state.base(i) for i in given} if tracks[root].whole else {}
        events.append(state.run(number))
        for overlay in overlays:
            if number == overlay.runner:
                front = front_of(state, overlay, events[-1], first[overlay.under])
                fronts[overlay.under] = max(fronts.get(overlay.under, 0), front)
        if tracks[root].whole:
            moments.append(Moment(line=root, written=state.end[output], unread=unread))
    if state.unfinished:
        raise AssertionError("the layers of a stream wait for one another")
    return Timetable(events=tuple(events), capacity=capacity, moments=tuple(moments), fronts=fronts)


def front_of(state: Simulation, overlay: Overlay, ran: Ran | Dropped, first: int) -> int:
    """Bytes to leave free before row `first`, so that the band that ran could lie there."""
    assert isinstance(ran, Ran)
    window = state.runners[overlay.runner].window
    read = first_row(window, ran.row) - first
    kept = state.base(overlay.under) - first
    front = max(
        overlay.lead - read * overlay.under_bytes,
        ran.count * overlay.over_bytes - kept * overlay.under_bytes,
        0,
    )
    return -(-front // overlay.step) * overlay.step


def rehearsed(tracks: Sequence[Track], runners: Sequence[Runner]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The runners in the order in which they go on, and the most rows at once of every root that is not whole."""
    state = Simulation(tracks, runners)
    order: list[int] = []
    most = [0] * len(tracks)
    while (number := state.next()) is not None:
        root = state.roots[runners[number].output]
        base = state.base(root)
        state.run(number)
        order.append(number)
        most[root] = max(most[root], state.reached(root) - base)
    own = [t.shares is None and not t.whole for t in tracks]
    return tuple(order), tuple(m if mine else 0 for m, mine in zip(most, own, strict=True))
