"""Compact streams as pieces of schedules: their bytes to the byte, and kernels as lean as the fullest event asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netsuke.errors import UnsupportedModel
from netsuke.ops.stream import COUNTER_BYTES, aligned
from netsuke.schedule.backwards import Backwards, RowNode
from netsuke.schedule.cost import leaner, moved
from netsuke.schedule.segment import MOST_LAYERS, Segment
from netsuke.stream import Compactness, Flow, flow_of
from netsuke.stream.forms import Choice, Piece, pieces, site_of_piece

if TYPE_CHECKING:
    from netsuke.schedule.lives import Boundary
    from netsuke.schedule.segments import Segments, Sizes

MOST_LEVELS = 4
"""Times that the kernels of a stream are made leaner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Those of a part of the program, from step `start` on, in bands of some height; `pushed` where the caller's rows
    are taken."""

    start: int
    flow: Flow
    pushed: Flow | None


class CompactSegments:
    """The compact streams of a program."""

    def __init__(self, owner: Segments) -> None:
        self.owner = owner
        self.known: dict[tuple[int, int], tuple[Choice, ...]] = {}
        self.flows: dict[tuple[int, int, int], Flows | None] = {}

    def all(self, size: Sizes) -> Iterator[Segment]:
        """Those over the runs that are looked at."""
        for start, end in self.owner.runs():
            for band in size.bands:
                for last in range(start + 1, end + 1):
                    first = max(start, last - MOST_LAYERS)
                    if size.over(first, last):
                        chunk = self.owner.chunk(start, end, last)
                        yield from self.ending(size.earliest(first, last), last, chunk, band, size)

    def ending(
        self, first: int, end: int, chunk: tuple[int, int], band: int, size: Sizes
    ) -> Iterator[Segment]:
        """The streams that end with one step, from the shortest to the longest."""
        owner, nodes = self.owner, list[RowNode]()
        back: Backwards | None = None
        for start in range(end - 1, first - 1, -1):
            node = owner.row_node(start, band)
            flows = None if node is None else self.flows_of(*chunk, band)
            if node is None or flows is None:
                return
            around = owner.lives.around(start, end)
            name = around.outputs[0] if around.outputs else None
            if back is None or back.output != name:
                back = Backwards(name, band)
                for later in reversed(nodes):
                    back.add(later)
            back.add(node)
            nodes.insert(0, node)
            if size.holds(start, end) and self.worth(start, end, nodes, band):
                leads = back.leads(around.inputs, owner.graph)
                yield from self.segments(start, end, nodes, flows, around, leads, band)

    def worth(self, start: int, end: int, nodes: Sequence[RowNode], band: int) -> bool:
        """True when a stream of these steps may be made, and can save something: scratch, when it is one step."""
        if self.owner.worth(start, end, nodes, band):
            return True
        leaner_bands = nodes[0].scratch < self.owner.steps[start].scratch_bytes
        return end - start == 1 and leaner_bands and nodes[0].window.output > band

    def flows_of(self, start: int, end: int, band: int) -> Flows | None:
        """None when they cannot be a stream."""
        key = start, end, band
        if key not in self.flows:
            try:
                self.flows[key] = self.made(start, end, band)
            except UnsupportedModel:
                self.flows[key] = None
        return self.flows[key]

    def made(self, start: int, end: int, band: int) -> Flows:
        """See flows_of.

        Raises:
            UnsupportedModel: when they cannot be a stream.
        """
        owner, pushed = self.owner, None
        nodes = [step.node for step in owner.steps[start:end]]
        taking = [
            e
            for e in range(start + 1, end + 1)
            if owner.reads_pushed(start, e) and owner.takes_rows(start, e)
        ]
        if taking:
            given = nodes[: taking[-1] - start]
            pushed = flow_of(owner.graph, given, owner.forms, band, owner.pushed)
        return Flows(start=start, flow=flow_of(owner.graph, nodes, owner.forms, band, None), pushed=pushed)

    def segments(
        self,
        start: int,
        end: int,
        nodes: Sequence[RowNode],
        flows: Flows,
        around: Boundary,
        leads: dict[str, int],
        band: int,
    ) -> Iterator[Segment]:
        """The streams of steps start..end - 1: with the preferred kernels, then with ever leaner ones."""
        owner = self.owner
        takes = owner.reads_pushed(start, end)
        flow = flows.pushed if takes else flows.flow
        if flow is None:
            return
        made = [node.site.y().name for node in nodes]
        inside = [name for name in made if name not in around.outputs]
        inside += [name for name in around.inputs if name == owner.pushed]
        first, last = start - flows.start, end - flows.start
        whole = sum(reaches_out(node, inside) for node in nodes)
        counters = aligned(COUNTER_BYTES * (whole + 1)) if takes else 0
        spent = moved(1, flow.moved(first, last, inside)) + sum(node.cycles for node in nodes)
        drained = self.drained(nodes, made, around)
        less = 0 if drained is None else owner.lives.bytes_of(drained)
        without = owner.nbytes(around, counters, {})
        ways = [[Layout(peak=flow.part(first, last, inside), beside=owner.nbytes(around, counters, leads))]]
        if drained is not None:
            peak = flow.part(first, last, inside, None, drained)
            ways[0].append(Layout(peak=peak, beside=without - less, draining=True))
        output = around.outputs[0] if around.outputs and around.outputs[0] in made else None
        if output is not None and output == nodes[-1].site.y().name:
            size = owner.lives.bytes_of(output)
            peak = flow.part(first, last, inside, output)
            ways.append([Layout(peak=peak, beside=without - size, least=size, growing=True)])
            if drained is not None:
                peak = flow.part(first, last, inside, output, drained)
                beside = without - size - less
                ways[1].append(Layout(peak=peak, beside=beside, least=size, growing=True, draining=True))
        for scratch, slower in self.levels(start, nodes, ways[-1][-1].peak, band):
            limits = tuple(None if s >= node.scratch else s for s, node in zip(scratch, nodes, strict=True))
            for layouts in ways:
                layout = min(layouts, key=lambda one: one.nbytes(scratch))
                yield Segment(
                    start=start,
                    end=end,
                    band=band,
                    nbytes=layout.nbytes(scratch),
                    cycles=spent + slower,
                    limits=limits if any(limit is not None for limit in limits) else (),
                    compact=Compactness(growing=layout.growing, draining=layout.draining),
                )

    def drained(self, nodes: Sequence[RowNode], made: Sequence[str], around: Boundary) -> str | None:
        """The input that a stream of these nodes would drain, if it dies there: the largest."""
        lives = self.owner.lives
        read = [x for node in nodes for x in node.site.inputs if x is not None and not x.is_constant]
        outside = dict.fromkeys(x.name for x in read if x.name not in made and x.name != self.owner.pushed)
        largest = max(outside, key=lambda name: self.owner.graph.tensors[name].nbytes, default=None)
        if largest is None or lives.bytes_of(largest) == 0:
            return None
        alone = [lives.root_of(name) for name in outside].count(lives.root_of(largest)) == 1
        return largest if alone and largest in around.dying else None

    def levels(
        self, start: int, nodes: Sequence[RowNode], peak: Sequence[int], band: int
    ) -> Iterator[tuple[tuple[int, ...], float]]:
        """Scratch of each node's kernel, and cycles that leaner kernels take more; `peak` as in Layout."""
        chosen = [node.scratch for node in nodes]
        slower = 0.0
        for _ in range(MOST_LEVELS):
            used = [p + aligned(s) for p, s in zip(peak, chosen, strict=True)]
            most = max(used)
            yield tuple(chosen), slower
            walls = [i for i, n in enumerate(used) if n == most]
            lower = [self.next_leaner(start + i, nodes[i], chosen[i], band) for i in walls]
            if any(choice is None for choice in lower):
                return
            for i, choice in zip(walls, lower, strict=True):
                assert choice is not None
                slower += self.slower(start + i, nodes[i], chosen[i], choice, band)
                chosen[i] = choice.scratch

    def slower(self, index: int, node: RowNode, scratch: int, choice: Choice, band: int) -> float:
        """Cycles that a kernel takes more than the one of `scratch` bytes."""
        owner = self.owner
        before = next((c.kernel for c in self.choices(index, node, band) if c.scratch == scratch), None)
        kernels = node.kernels if scratch == node.scratch else (before,)
        real = [kernel for kernel in kernels if kernel is not None]
        if not real or not owner.rates.known(node.site.node.name):
            return leaner(node.cycles) if scratch == node.scratch else 0.0
        return owner.in_bands(index, band, (choice.kernel,)) - owner.in_bands(index, band, real)

    def next_leaner(self, index: int, node: RowNode, scratch: int, band: int) -> Choice | None:
        """The next kernel of a step that needs less than `scratch` bytes."""
        if not scratch:
            return None
        choices = self.choices(index, node, band)
        return next((choice for choice in choices if choice.scratch < scratch), None)

    def choices(self, index: int, node: RowNode, band: int) -> tuple[Choice, ...]:
        """The kernels of a step for its largest band."""
        key = index, band
        if key not in self.known:
            largest = max(pieces(node.window, band), key=size_of)
            self.known[key] = self.owner.forms.choices(site_of_piece(node.site, largest), largest)
        return self.known[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way of a compact stream: the most bytes at each node's events without its scratch, at least `least` in all,
    and those beside the stream's room."""

    peak: tuple[int, ...]
    beside: int
    least: int = 0
    growing: bool = False
    draining: bool = False

    def nbytes(self, scratch: Sequence[int]) -> int:
        """With so many bytes of scratch for each node's kernel."""
        room = max(aligned(p + aligned(s)) for p, s in zip(self.peak, scratch, strict=True))
        return self.beside + max(room, self.least)


def reaches_out(node: RowNode, inside: Sequence[str]) -> bool:
    """True when a layer of the node reads or writes a whole tensor."""
    names = [x.name for x in node.site.inputs if x is not None and not x.is_constant]
    return any(name not in inside for name in (*names, node.site.y().name))


def size_of(piece: Piece) -> tuple[int, int]:
    """Rows written, and read."""
    return piece.rows, piece.window
