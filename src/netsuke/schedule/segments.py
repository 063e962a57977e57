"""The pieces that schedules are made of: single steps, and streams and patches of several, with their bytes and cycles.

Both are estimates: cycles by `cost`, bytes without regard to how buffers fall beside one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netsuke.errors import UnsupportedModel
from netsuke.ops.operator import site_of
from netsuke.ops.program import Program, Step
from netsuke.ops.stream import COUNTER_BYTES, Home, aligned
from netsuke.schedule.backwards import Backwards, RowNode
from netsuke.schedule.compact_segments import CompactSegments
from netsuke.schedule.cost import cycles, leaner, moved
from netsuke.schedule.lives import Boundary, Lives
from netsuke.schedule.patch_segments import PatchSegments
from netsuke.schedule.segment import BANDS, MOST_LAYERS, Segment
from netsuke.stream import Forms, make_stream, sums_of, window_of
from netsuke.stream.forms import piece_at, site_of_piece

CHUNK = 32
"""Long runs are looked at in parts that begin so many steps apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a tensor needs as a line: bytes of its buffer (0 where it fills another's), cycles of moving rows."""

    nbytes: int
    cycles: float


@dataclass(slots=True)
class Grown:
    """What the steps of a stream need together, lines and kernels: it only grows with each one added."""

    lines: int = 0
    most: int = 0
    """Scratch of the kernel that wants most."""
    summing: int = 0
    cycles: float = 0.0

    def add(self, node: RowNode, line: Held | None) -> None:
        """A step, and the line that its output is in, if it is in one."""
        self.lines += aligned(node.sums) + (0 if line is None else line.nbytes)
        self.most = max(self.most, node.scratch)
        self.summing += node.sums > 0
        self.cycles += node.cycles + (0.0 if line is None else line.cycles)

    @property
    def scratch(self) -> int:
        """Bytes, without the counters."""
        return self.lines + self.most


class Sizes:
    """Which runs are looked at: their largest step needs more than `low` bytes, and at most `high`."""

    def __init__(self, needs: Sequence[float], low: float, high: float) -> None:
        self.needs, self.low, self.high = needs, low, high
        self.known: dict[tuple[int, int], float] = {}

    def most(self, start: int, end: int) -> float:
        """Bytes of the largest of some steps."""
        if (start, end) not in self.known:
            self.known[start, end] = max(self.needs[start:end])
        return self.known[start, end]

    def holds(self, start: int, end: int) -> bool:
        """True for a run that is looked at."""
        return self.low < self.most(start, end) <= self.high

    def over(self, start: int, end: int) -> bool:
        """True for a run that is too large; a part of it may be looked at."""
        return self.most(start, end) > self.high


def bottleneck(segments: Sequence[Segment], steps: int) -> float:
    """Bytes of the smallest schedule, by the segments' estimates; infinite when there is none."""
    best = [0.0, *[math.inf] * steps]
    for each in sorted(segments, key=lambda s: (s.end, s.start)):
        best[each.end] = min(best[each.end], max(best[each.start], each.nbytes))
    return best[steps]


def limited_step(step: Step, forms: Forms, limit: int | None) -> Step:
    """The step with a kernel of at most so many bytes of scratch, or the one with the least."""
    if limit is None or step.fused is not None or step.scratch_bytes <= limit:
        return step
    kernel = forms.kernel(step.site, None, limit)
    return step if kernel is step.kernel else replace(step, kernel=kernel, calls=kernel.bind(step.site))


class Segments:
    """All segments of a program. `pushed` names the input whose rows the caller gives one by one."""

    def __init__(self, program: Program, forms: Forms, pushed: str | None = None) -> None:
        self.graph, self.steps, self.pushed = program.graph, program.steps, pushed
        self.forms = forms
        self.lives = Lives(program.graph, program.steps)
        self.sites = [site_of(program.graph, step.node) for step in program.steps]
        self.windows = [
            window_of(site) if step.fused is None else None
            for step, site in zip(program.steps, self.sites, strict=True)
        ]
        self.singles = [self.single(i, step) for i, step in enumerate(self.steps)]
        self.needs = [
            math.inf if self.reads_pushed(i, i + 1) else float(one.nbytes)
            for i, one in enumerate(self.singles)
        ]
        """Bytes of each step as it is; no number is enough for one that reads the pushed input."""
        self.row_nodes: dict[tuple[int, int], RowNode | None] = {}
        self.held_by: dict[tuple[int, int, int], dict[str, Held] | None] = {}

    def all(self) -> list[Segment]:
        """Single steps, streams and patches that a schedule may need, with the kernels as they are and with those of
        the least scratch.

        Where every step of a run fits a budget as it is, nothing else is needed of them. So the runs are looked at
        whose largest step needs more than half of what the largest of all does, then more than a quarter, until no
        schedule fits so little: networks are large in few places.
        """
        found = [one for one, need in zip(self.singles, self.needs, strict=True) if need < math.inf]
        patches, compact = PatchSegments(self), CompactSegments(self)
        high, low = math.inf, max((one.nbytes for one in found), default=0) // 2
        while True:
            found += self.between(low, high, patches, compact)
            if low == 0 or bottleneck(found, len(self.steps)) > low:
                return found
            high, low = low, low // 2

    def between(
        self, low: float, high: float, patches: PatchSegments, compact: CompactSegments
    ) -> list[Segment]:
        """Those over runs whose largest step needs more than `low` bytes, and at most `high`."""
        size = Sizes(self.needs, low, high)
        found = self.streams_of(size)
        found += compact.all(size)
        found += patches.all(found, size)
        for i, need in enumerate(self.needs):
            if need < math.inf and size.holds(i, i + 1):
                found += self.leaner(i)
        return found

    def streams_of(self, size: Sizes) -> list[Segment]:
        """The streams of all runs."""
        return [
            segment
            for start, end in self.runs()
            for band in BANDS
            for segment in self.streams(start, end, band, size)
        ]

    def reads_pushed(self, start: int, end: int) -> bool:
        """True when one of the steps reads the input whose rows are pushed."""
        return any(self.pushed in step.node.inputs for step in self.steps[start:end])

    def takes_rows(self, start: int, end: int) -> bool:
        """True when a stream of these steps can be the one to which rows are pushed, or need not be it."""
        if not self.reads_pushed(start, end):
            return True
        alone = not self.reads_pushed(0, start) and not self.reads_pushed(end, len(self.steps))
        made = {name for step in self.steps[start:end] for name in step.node.outputs}
        return start == 0 and alone and not made & set(self.graph.outputs)

    def leaner(self, index: int) -> Iterator[Segment]:
        """A step with ever leaner kernels."""
        step = self.steps[index]
        if step.fused is not None or not step.scratch_bytes:
            return
        first = self.singles[index]
        for choice in self.forms.choices(step.site, None):
            if choice.scratch < step.scratch_bytes:
                found = self.single(index, limited_step(step, self.forms, choice.scratch))
                slower = first.cycles + leaner(first.cycles)
                yield replace(found, cycles=slower, limits=(choice.scratch,))

    def single(self, index: int, step: Step) -> Segment:
        """A step with some kernel."""
        around = self.lives.around(index, index + 1)
        leads = {
            self.lives.root_of(step.node.inputs[o.input]): o.lead
            for o in step.overlaps
            if o.step == 1 or o.lead <= 0
        }
        return Segment(
            start=index,
            end=index + 1,
            band=0,
            nbytes=self.nbytes(around, step.scratch_bytes, leads),
            cycles=cycles(self.sites[index], step.kernel),
        )

    def nbytes(self, around: Boundary, scratch: int, leads: dict[str, int]) -> int:
        """Bytes in use: the first output may lie over one input that dies, `lead` bytes before it."""
        size = self.lives.bytes_of
        held = (*around.inputs, *around.outputs, *around.passing)
        total = scratch + sum(size(n) for n in held if n != self.pushed)
        saved = 0
        if around.outputs:
            out = size(around.outputs[0])
            for name in (around.dying & set(leads)) - {self.pushed}:
                span = max(max(leads[name], 0) + size(name), out)
                saved = max(saved, size(name) + out - span)
        return total - saved

    def runs(self) -> list[tuple[int, int]]:
        """The longest runs of steps that go by rows."""
        found, start = [], 0
        for i in range(len(self.steps) + 1):
            if i == len(self.steps) or self.windows[i] is None:
                if i - start > 1:
                    found.append((start, i))
                start = i + 1
        return found

    def streams(self, start: int, end: int, band: int, size: Sizes) -> Iterator[Segment]:
        """The streams inside a run, in bands of one height."""
        for j in range(start + 1, end + 1):
            first = max(start, j - MOST_LAYERS)
            if size.holds(first, j) or size.over(first, j):
                yield from self.ending(first, j, self.chunk(start, end, j), band, size)

    def ending(
        self, first: int, end: int, chunk: tuple[int, int], band: int, size: Sizes
    ) -> Iterator[Segment]:
        """The streams that end with one step, from the shortest to the longest."""
        back: Backwards | None = None
        nodes: list[RowNode] = []
        grown = Grown()
        for start in range(end - 1, first - 1, -1):
            node = self.row_node(start, band)
            held = None if node is None else self.held(*chunk, band)
            if node is None or held is None:
                return
            around = self.lives.around(start, end)
            name = around.outputs[0] if around.outputs else None
            if back is None or back.output != name:
                back = Backwards(name, band)
                for later in nodes:
                    back.add(later)
            back.add(node)
            nodes.append(node)
            y = node.site.y().name
            grown.add(node, None if y in around.outputs else held[y])
            if grown.scratch >= size.most(first, end):
                return
            if size.holds(start, end) and self.worth(start, end, nodes, band):
                leads = back.leads(around.inputs, self.graph)
                yield self.stream(start, end, grown, held, around, leads, band)

    def worth(self, start: int, end: int, nodes: Sequence[RowNode], band: int) -> bool:
        """True when a stream of these steps may be made, and can save something."""
        several = end - start > 1 or self.reads_pushed(start, end)
        return several and self.takes_rows(start, end) and any(n.window.output > band for n in nodes)

    def row_node(self, index: int, band: int) -> RowNode | None:
        """What a step costs in bands; None when a band has no kernel."""
        key = index, band
        if key not in self.row_nodes:
            try:
                self.row_nodes[key] = self.make_row_node(index, band)
            except UnsupportedModel:
                self.row_nodes[key] = None
        return self.row_nodes[key]

    def make_row_node(self, index: int, band: int) -> RowNode:
        """What a step costs in bands.

        Raises:
            UnsupportedModel: when a band has no kernel.
        """
        site, window = self.sites[index], self.windows[index]
        assert window is not None
        sums = sums_of(site)
        if sums:
            return RowNode(site=site, window=window, scratch=0, cycles=cycles(site), sums=sums)
        forms = self.forms.of(site, window, band, None)
        scratch = max(form.scratch_bytes for form in forms)
        rows = window.output
        bands = [piece_at(window, row, min(band, rows - row)) for row in range(0, rows, band)]
        known = {
            p: cycles(site_of_piece(site, p), form.kernel)
            for p, form in zip(dict.fromkeys(bands), forms, strict=True)
        }
        return RowNode(site=site, window=window, scratch=scratch, cycles=sum(known[p] for p in bands), sums=0)

    def chunk(self, start: int, end: int, at: int) -> tuple[int, int]:
        """The part of a run in which streams that end at a step are looked at: whole, unless the run is long."""
        first = max(start, start + (at - MOST_LAYERS - start) // CHUNK * CHUNK)
        return first, min(end, first + MOST_LAYERS + CHUNK)

    def held(self, start: int, end: int, band: int) -> dict[str, Held] | None:
        """Lines of a whole run; they are the same in every part of it. None when it cannot be a stream."""
        key = start, end, band
        if key not in self.held_by:
            try:
                self.held_by[key] = self.lines_of(start, end, band)
            except UnsupportedModel:
                self.held_by[key] = None
        return self.held_by[key]

    def lines_of(self, start: int, end: int, band: int) -> dict[str, Held]:
        """See `held`.

        Raises:
            UnsupportedModel: when it cannot be a stream.
        """
        found = self.held_lines(start, end, band, None)
        taking = [
            e for e in range(start + 1, end + 1) if self.reads_pushed(start, e) and self.takes_rows(start, e)
        ]
        if self.pushed is not None and taking:
            last = taking[-1]
            found[self.pushed] = self.held_lines(start, last, band, self.pushed)[self.pushed]
        return found

    def held_lines(self, start: int, end: int, band: int, pushed: str | None) -> dict[str, Held]:
        """Lines of one stream."""
        nodes = [s.node for s in self.steps[start:end]]
        step = make_stream(self.graph, nodes, self.forms, band, pushed=pushed)
        assert step.stream is not None
        found = {}
        for line in step.stream.lines:
            if line.home is Home.HELD and not line.sums_bytes:
                kept = max(0, line.capacity - band)
                cost = moved(kept, line.row_bytes) * line.rows / band if line.shares is None else 0.0
                found[line.tensor] = Held(nbytes=aligned(line.own_bytes), cycles=cost)
        return found

    def stream(
        self,
        start: int,
        end: int,
        grown: Grown,
        held: dict[str, Held],
        around: Boundary,
        leads: dict[str, int],
        band: int,
    ) -> Segment:
        """Steps start..end - 1 in bands."""
        taken = [held[name] for name in around.inputs if name == self.pushed]
        counters = aligned(COUNTER_BYTES * (end - start + len(around.inputs) + grown.summing))
        scratch = counters + grown.scratch + sum(line.nbytes for line in taken)
        return Segment(
            start=start,
            end=end,
            band=band,
            nbytes=self.nbytes(around, scratch, leads),
            cycles=grown.cycles + sum(line.cycles for line in taken),
        )
