"""The pieces that schedules are made of: single steps, and streams and patches of several, with their bytes and cycles.

Both are estimates: cycles by `cost`, bytes without regard to how buffers fall beside one another.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site, site_of
from netsuke.ops.program import Program, Step
from netsuke.ops.stream import COUNTER_BYTES, Home, aligned
from netsuke.schedule.backwards import Backwards, RowNode
from netsuke.schedule.compact_segments import CompactSegments
from netsuke.schedule.cost import Rates, cycles, leaner, moved
from netsuke.schedule.lives import Boundary, Lives
from netsuke.schedule.patch_segments import PatchSegments
from netsuke.schedule.segment import BANDS, FEW_BANDS, FEWER_LAYERS, MOST_LAYERS, Segment
from netsuke.stream import Forms, make_stream, sums_of, window_of
from netsuke.stream.forms import piece_at, site_of_piece

CHUNK = 32
"""Long runs are looked at in parts that begin so many steps apart."""
FEW = 100
"""Steps of programs all of whose runs are looked at."""


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
    """Which runs are looked at when no budget of `low` bytes or less is, and were not when none of `high` or less was.

    Steps that need no more than the budget as they are cost least so: some step of a run needs more. All such runs are
    looked at in programs of up to FEW steps. In longer ones they begin and end in narrow places: no fewer bytes are
    alive one place before or behind. And where a run goes on behind its last step that needs more, or begins before its
    first, it does so to a place where fewer bytes are alive than at all narrow ones between: a stream that goes on to
    where no less is alive holds more rows and, but for a few bytes of overlaps, saves nothing.

    needs: bytes of each step as it is; alive: bytes before each step, and behind the last.
    """

    def __init__(self, needs: Sequence[float], alive: Sequence[int], low: float, high: float) -> None:
        self.needs, self.low, self.high = needs, low, high
        few = len(needs) <= FEW
        self.bands: tuple[int, ...] = BANDS if few else FEW_BANDS
        self.longest = MOST_LAYERS if few else FEWER_LAYERS
        self.known: dict[tuple[int, int], float] = {}
        self.places = [places(needs, alive, budget) for budget in (low, high)]
        starts, _ = self.places[0]
        self.following = list(range(len(starts)))
        """For each place the next one at which a run may begin."""
        for at in range(len(starts) - 2, -1, -1):
            if not starts[at]:
                self.following[at] = self.following[at + 1]

    def most(self, start: int, end: int) -> float:
        """Bytes of the largest of some steps."""
        if (start, end) not in self.known:
            self.known[start, end] = max(self.needs[start:end])
        return self.known[start, end]

    def holds(self, start: int, end: int) -> bool:
        """True for a run that is looked at."""
        return self.fits(start, end, 0) and not self.fits(start, end, 1)

    def fits(self, start: int, end: int, which: int) -> bool:
        """True for a run that is looked at for budgets above the lower or the higher one."""
        starts, ends = self.places[which]
        if end - start > self.longest:
            return False
        inside = end - start == 1 or (starts[start] and ends[end])
        return inside and self.most(start, end) > (self.low, self.high)[which]

    def earliest(self, first: int, end: int) -> int:
        """The first step of the longest run that is looked at, begins at `first` or behind it, and ends at a place."""
        return min(self.following[max(first, end - self.longest)], end - 1)

    def over(self, start: int, end: int) -> bool:
        """True when some run that ends there, and begins at `start` or behind it, may be looked at."""
        _, ends = self.places[0]
        return (ends[end] and self.most(start, end) > self.low) or self.needs[end - 1] > self.low


def places(needs: Sequence[float], alive: Sequence[int], budget: float) -> tuple[list[bool], list[bool]]:
    """For each place between steps, and at both ends, whether runs may begin there, and whether they may end there."""
    if len(needs) <= FEW:
        return [True] * len(alive), [True] * len(alive)
    sides = (math.inf, *alive, math.inf)
    narrow = [sides[i + 1] <= min(sides[i], sides[i + 2]) for i in range(len(alive))]
    ends = tight(needs, alive[1:], narrow[1:], budget)
    starts = tight(needs[::-1], alive[-2::-1], narrow[-2::-1], budget)
    return [*starts[::-1], False], [False, *ends]


def tight(needs: Sequence[float], alive: Sequence[int], narrow: Sequence[bool], budget: float) -> list[bool]:
    """For each step whether a run with a step that needs more than the budget may end behind it; alive and narrow are
    of the place there."""
    found = []
    least: float = -1
    for need, after, here in zip(needs, alive, narrow, strict=True):
        least = math.inf if need > budget else least
        found.append(here and after < least)
        least = after if found[-1] else least
    return found


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
        self.rates = Rates(program)
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
        self.alive = [
            sum(self.lives.bytes_of(name) for name in self.lives.alive(at) if name != pushed)
            for at in range(len(self.steps) + 1)
        ]
        """Bytes before each step, and behind the last."""
        self.row_nodes: dict[tuple[int, int], RowNode | None] = {}
        self.row_sites: dict[tuple[int, int], list[tuple[Site[Any], int]]] = {}
        self.held_by: dict[tuple[int, int, int], dict[str, Held] | None] = {}

    def all(self) -> list[Segment]:
        """Single steps, streams and patches that a schedule may need, with the kernels as they are and with those of
        the least scratch.

        Where every step of a run fits a budget as it is, nothing else is needed of them. So runs are looked at (see
        Sizes) for budgets above half of what the largest step needs, then above a quarter, until no schedule fits so
        little: networks are large in few places.
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
        size = Sizes(self.needs, self.alive, low, high)
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
            for band in size.bands
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
                if not self.rates.known(step.node.name):
                    found = replace(found, cycles=first.cycles + leaner(first.cycles))
                yield replace(found, limits=(choice.scratch,))

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
            cycles=self.rates.cycles(self.sites[index], step.kernel),
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
            if size.over(first, j):
                yield from self.ending(size.earliest(first, j), j, self.chunk(start, end, j), band, size)

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
        """True when a stream of these steps may be made, and can save something.

        In long programs it saves nothing where what is around it needs as much, its output over its input, as its
        largest step does. In short ones it may still be the faster by its estimate.
        """
        several = end - start > 1 or self.reads_pushed(start, end)
        if not (several and self.takes_rows(start, end) and any(n.window.output > band for n in nodes)):
            return False
        if len(self.steps) <= FEW:
            return True
        around = self.lives.around(start, end)
        return self.nbytes(around, 0, dict.fromkeys(around.inputs, 0)) < max(self.needs[start:end])

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
        kernels = [form.kernel for form in forms]
        spent = self.in_bands(index, band, kernels)
        return RowNode(
            site=site, window=window, scratch=scratch, cycles=spent, sums=0, kernels=tuple(kernels)
        )

    def in_bands(self, index: int, band: int, kernels: Sequence[Kernel]) -> float:
        """Cycles of a step in bands, with a kernel for each kind of band, or one for all."""
        key = index, band
        if key not in self.row_sites:
            site, window = self.sites[index], self.windows[index]
            assert window is not None
            rows = window.output
            bands = Counter(piece_at(window, row, min(band, rows - row)) for row in range(0, rows, band))
            self.row_sites[key] = [(site_of_piece(site, piece), times) for piece, times in bands.items()]
        kinds = self.row_sites[key]
        each = kernels if len(kernels) > 1 else [kernels[0]] * len(kinds)
        return sum(
            times * self.rates.cycles(site, kernel) for (site, times), kernel in zip(kinds, each, strict=True)
        )

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
