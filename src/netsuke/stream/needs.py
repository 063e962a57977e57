"""What each event of a stream asks of memory: which rows are read, how many bytes are written, what dies with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from netsuke.ops.stream import LINE_ALIGNMENT, Form, Home, Line, StreamLayer, aligned
from netsuke.stream.forms import piece_at
from netsuke.stream.simulate import Runner, Simulation, Track, first_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The output may lie over what an event reads of line `line`.

    apart: the least distance from the output's start to the line's; the output's end lies no further than what
    dies. step: that distance is a multiple of it.
    """

    line: int
    apart: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One event. Bytes; lines are numbers.

    runner: which of the stream's runners. reads: (line, bytes from the line's first row to the first that is read).
    output: the line that grows by `grows` bytes at its end, None where it is whole. gone: (line, bytes that leave its
    start afterwards). live: bytes of all lines before the event. written: bytes of the stream's first output that are
    there when it is over.
    """

    runner: int
    form: int
    reads: tuple[tuple[int, int], ...]
    output: int | None
    grows: int
    scratch: int
    overs: tuple[Over, ...]
    gone: tuple[tuple[int, int], ...]
    live: int
    written: int
    unread: int = 0
    """Bytes of the input that is drained which are read now or later."""

    @property
    def least(self) -> int:
        """Bytes in use at least while it happens."""
        added = min([self.grows, *(over.apart for over in self.overs)])
        return self.live + added + aligned(self.scratch)


def tracks_of(lines: Sequence[Line]) -> list[Track]:
    """The lines to the simulator, each in memory of its own."""
    return [
        Track(rows=line.rows, whole=line.home is not Home.HELD, given=line.home is Home.INPUT)
        for line in lines
    ]


def needs_of(
    lines: Sequence[Line],
    layers: Sequence[StreamLayer],
    runners: Sequence[Runner],
    drained: int | None = None,
) -> tuple[Need, ...]:
    """All events. Where there is a runner more than layers, the first is the caller who gives rows. `drained`: the line
    whose unread bytes are said.

    Raises:
        AssertionError: when the runners wait for one another.
    """
    maker = Needs(lines, layers, runners)
    found = []
    while (number := maker.state.next()) is not None:
        unread = 0 if drained is None else maker.unread(drained)
        found.append(replace(maker.need(number), unread=unread))
    if any(done < runner.rows for done, runner in zip(maker.state.done, runners, strict=True)):
        raise AssertionError("the layers of a stream wait for one another")
    return tuple(found)


class Needs:
    """The simulation, asked for bytes."""

    def __init__(
        self, lines: Sequence[Line], layers: Sequence[StreamLayer], runners: Sequence[Runner]
    ) -> None:
        self.lines, self.layers, self.runners = lines, layers, runners
        self.state = Simulation(tracks_of(lines), runners)
        self.callers = len(runners) - len(layers)
        self.first = [0] * len(lines)
        """The first row in memory of each line."""

    def held(self, line: int) -> int:
        """Bytes of a line that are in memory now."""
        kept = self.lines[line]
        if kept.home is not Home.HELD:
            return 0
        return self.size(line, self.state.end[line] - self.first[line])

    def size(self, line: int, rows: int) -> int:
        """Bytes of so many rows; of the sums of a line that is added up."""
        kept = self.lines[line]
        return kept.sums_bytes if kept.sums_bytes and rows else rows * kept.row_bytes

    def unread(self, line: int) -> int:
        """Bytes of a line whose rows are all there, from the first that is still to be read to its end."""
        kept, lowest = self.lines[line], self.lines[line].rows
        for number in self.state.readers[line]:
            runner, done = self.runners[number], self.state.done[number]
            if done < runner.rows:
                lowest = min(lowest, first_row(runner.window, done))
        return (kept.rows - lowest) * kept.row_bytes

    def need(self, number: int) -> Need:
        """The runner goes on."""
        state, runner = self.state, self.runners[number]
        row, count, out = state.done[number], state.count(number), runner.output
        inputs = [i for i in dict.fromkeys(runner.inputs) if self.lines[i].home is Home.HELD]
        start = first_row(runner.window, row)
        reads = tuple(
            (i, 0 if self.lines[i].sums_bytes else (start - self.first[i]) * self.lines[i].row_bytes)
            for i in inputs
        )
        live, before = sum(self.held(i) for i in range(len(self.lines))), self.held(out)
        state.run(number)
        grows = self.held(out) - before
        gone = tuple((i, self.drop(i)) for i in (*inputs, out) if self.lines[i].home is Home.HELD)
        form, given = 0, None
        if number >= self.callers:
            layer = self.layers[number - self.callers]
            form = form_number(layer, row, count)
            given = layer.forms[form]
        whole = self.lines[out].home is not Home.HELD
        return Need(
            runner=number,
            form=form,
            reads=reads,
            output=None if whole else out,
            grows=grows,
            scratch=0 if given is None else given.scratch_bytes,
            overs=() if whole or given is None else self.overs(number, given, dict(reads), dict(gone), grows),
            gone=tuple((i, lost) for i, lost in gone if lost),
            live=live,
            written=self.written(),
        )

    def written(self) -> int:
        """Bytes of output 0."""
        found = (i for i, line in enumerate(self.lines) if (line.home, line.index) == (Home.OUTPUT, 0))
        return sum(self.state.end[i] * self.lines[i].row_bytes for i in found)

    def drop(self, line: int) -> int:
        """Lets the rows go that nobody reads any more: their bytes."""
        before = self.held(line)
        self.first[line] = self.state.base(line)
        return before - self.held(line)

    def overs(
        self, number: int, form: Form, reads: dict[int, int], gone: dict[int, int], grows: int
    ) -> tuple[Over, ...]:
        """Inputs over which the output may lie: lines whose first row is read, and dies."""
        layer, found = self.layers[number - self.callers], []
        lines = [line for _, line in layer.lines]
        for claim in form.overlaps:
            line = dict(layer.lines)[claim.input]
            if reads.get(line) != 0 or lines.count(line) > 1 or self.lines[line].sums_bytes:
                continue
            apart = max(claim.lead, grows - gone[line], 0)
            step = math.lcm(claim.step, LINE_ALIGNMENT)
            apart = -(-apart // step) * step
            if apart < grows:
                found.append(Over(line=line, apart=apart, step=claim.step))
        return tuple(found)


def form_number(layer: StreamLayer, row: int, count: int) -> int:
    """Which of the layer's forms computes rows `row`..`row + count - 1`."""
    piece = piece_at(layer.window, row, count)
    wanted = (piece.rows, piece.above, piece.below, piece.window)
    fits = [i for i, f in enumerate(layer.forms) if (f.rows, f.above, f.below, f.window) == wanted]
    return next(i for i in fits if len(fits) == 1 or layer.forms[i].first == (row == 0))
