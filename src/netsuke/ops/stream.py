"""A stream: several nodes computed together, row by row, with a few rows of each tensor in memory.

Nothing is computed twice: each tensor between the nodes has a line buffer that holds the rows still to be read,
and the order in which rows are computed is known at build time (netsuke.stream finds it).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from netsuke.ir import Node
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Kernel, scratch_bytes
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap

LINE_ALIGNMENT = 8
"""Line buffers start at multiples of it."""
COUNTER_BYTES = 4
"""Of each line: the first row it holds and the row after its last, 16 bits each."""


class Home(Enum):
    """Where the rows of a tensor are: with the stream's operands, all of them, or in a line buffer."""

    INPUT = "input"
    OUTPUT = "output"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Rows of one tensor.

    `rows` is how many the tensor has, `capacity` how many are in memory. INPUT and OUTPUT: number `index` of the
    stream's operands. `shares`: number of the line whose memory it fills, row for row: the layer that reads this
    line writes that one in place.
    """

    tensor: str
    rows: int
    row_bytes: int
    home: Home = Home.HELD
    index: int = 0
    capacity: int = 0
    shares: int | None = None
    over: int | None = None
    """The line at the start of whose buffer its rows lie: over rows that nobody needs any more."""
    front: int = 0
    """Bytes of its buffer before its first row, where another lies over it."""
    above: int = 0
    """Rows of padding that have room in the buffer as if they were there."""
    sums_bytes: int = 0
    """Bytes of sums over all rows: such a line has no rows of its own (row_bytes is 0), each adds to the sums."""

    @property
    def own_bytes(self) -> int:
        """Bytes of its buffer."""
        if self.home is not Home.HELD or self.shares is not None or self.over is not None:
            return 0
        return self.front + self.capacity * self.row_bytes + self.sums_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way a layer's band of rows is computed: bands at the upper and lower edge have padding, others none.

    `rows` output rows come from `window` rows of input. in_place: inputs whose rows the output may
    overwrite; overlaps: how far it may lie over inputs. first: the form of the first band alone.
    """

    rows: int
    above: int
    below: int
    window: int
    kernel: Kernel
    calls: tuple[Call, ...]
    in_place: tuple[int, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    first: bool = False

    @property
    def overlap(self) -> Overlap | None:
        """How far it may lie over input 0."""
        return next((claim for claim in self.overlaps if claim.input == 0), None)

    @property
    def scratch_bytes(self) -> int:
        """Bytes its calls need while they run."""
        return scratch_bytes(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLayer:
    """A node of the stream: `lines` of its computed inputs by input number, and the line it writes.

    A node that sums up an image makes two layers: one adds bands of rows to a line of sums, one reads that.
    """

    node: Node
    site: Site[Any]
    window: Window
    lines: tuple[tuple[int, int], ...]
    output: int
    forms: tuple[Form, ...]
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an event of a compact stream finds memory, in bytes from the start of the stream's room.

    rows: (line, the first row that is read or written) for the lines in it; scratch: the kernels' own.
    """

    rows: tuple[tuple[int, int], ...]
    scratch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Layer `layer` computes its next rows, in form `form`; `places` where lines have no place of their own."""

    layer: int
    form: int
    places: Places | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Line `line` moves the rows that it keeps to its start; the first `rows` are gone."""

    line: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`nbytes` bytes of a compact stream's room move from `origin` to `to`."""

    to: int
    origin: int
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """The caller gives the next row of the input; `places` as in Band."""

    places: Places | None = None


Event = Band | Drop | Move | Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Layers in the graph's order, and what happens when. `overlaps`: how far output 0 may lie over the inputs.

    A stream is compact when its lines have no buffers: the rows that are still needed lie in `room` bytes, wherever
    there is place for them, and every event says where.
    """

    lines: tuple[Line, ...]
    layers: tuple[StreamLayer, ...]
    events: tuple[Event, ...]
    overlaps: tuple[Overlap, ...] = ()
    taken: int | None = None
    """The line of the graph's input whose rows the caller gives one by one; it is then no operand of the stream."""
    room: int | None = None
    """Bytes in which a compact stream's rows and its kernels' scratch lie; None where lines have buffers. Counters are
    on the stack, but behind the room where they outlive a call: where the caller gives rows."""
    growing: bool = False
    """Output 0 may lie over the room, at its start or further down: rows that are not written yet are no one's."""
    draining: Overlap | None = None
    """How far the room may lie over an input: rows that have been read are no one's either."""

    @property
    def counting(self) -> tuple[int, ...]:
        """What there are counters of: lines, or layers of a compact stream that read or write whole tensors."""
        if self.room is None:
            return tuple(range(len(self.lines)))
        return tuple(i for i, layer in enumerate(self.layers) if self.whole(layer))

    def whole(self, layer: StreamLayer) -> bool:
        """True when a layer reads or writes the stream's operands."""
        lines = (layer.output, *(line for _, line in layer.lines))
        return any(self.lines[line].home is not Home.HELD for line in lines)

    @property
    def counter_bytes(self) -> int:
        """Of all counters; where the caller gives rows, the place in the timetable too."""
        return COUNTER_BYTES * (len(self.counting) + (self.taken is not None))

    @property
    def moved_bytes(self) -> int:
        """Bytes that a compact stream moves about."""
        return sum(event.nbytes for event in self.events if isinstance(event, Move))

    @property
    def layout(self) -> tuple[tuple[int, ...], int]:
        """Scratch offset of each line's first row (0 for lines that are elsewhere), and of the kernels' own scratch.

        The counters stand before them.
        """
        at = aligned(self.counter_bytes)
        offsets = []
        for line in self.lines:
            offsets.append(at + line.front if line.own_bytes else 0)
            at += aligned(line.own_bytes)
        for number, line in enumerate(self.lines):
            if line.over is not None:
                offsets[number] = offsets[line.over] - self.lines[line.over].front
        return tuple(offsets), at

    @property
    def scratch_bytes(self) -> int:
        """Counters, line buffers and the largest scratch of a kernel."""
        if self.room is not None:
            return max(self.room if self.taken is None else self.counters + self.counter_bytes, 1)
        offsets, own = self.layout
        kernels = max((form.scratch_bytes for layer in self.layers for form in layer.forms), default=0)
        ends = [
            at - line.front + line.own_bytes
            for at, line in zip(offsets, self.lines, strict=True)
            if line.own_bytes
        ]
        return own + kernels if kernels else max([self.counter_bytes, *ends])

    @property
    def counters(self) -> int:
        """Where those of a compact stream lie that outlive a call: behind the room."""
        return aligned(self.room or 0)

    def root(self, line: int) -> int:
        """The line whose memory holds the rows of `line`."""
        shares = self.lines[line].shares
        return line if shares is None else self.root(shares)


def aligned(nbytes: int) -> int:
    """The next multiple of LINE_ALIGNMENT."""
    return -(-nbytes // LINE_ALIGNMENT) * LINE_ALIGNMENT
