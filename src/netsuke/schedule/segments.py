"""The pieces that schedules are made of: single steps, and streams and patches of several, with their bytes and cycles.

Both are estimates: cycles by `cost`, bytes without regard to how buffers fall beside one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.ir import Array, Graph
from netsuke.ops.geometry import Window
from netsuke.ops.operator import Site, site_of
from netsuke.ops.program import Program, Step
from netsuke.ops.stream import COUNTER_BYTES, Home, aligned
from netsuke.schedule.cost import cycles, moved
from netsuke.schedule.lives import Boundary, Lives
from netsuke.schedule.patch_segments import PatchSegments
from netsuke.schedule.segment import Segment
from netsuke.stream import Forms, make_stream, sums_of, window_of
from netsuke.stream.forms import piece_at, site_of_piece

BANDS = (1, 2, 3, 4, 6)
"""Output rows at a time that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNode:
    """A step that goes by rows, in bands of some height."""

    site: Site[Any]
    window: Window
    scratch: int
    cycles: float
    sums: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a tensor needs as a line: bytes of its buffer (0 where it fills another's), cycles of moving rows."""

    nbytes: int
    cycles: float


def lean_step(step: Step, forms: Forms) -> Step:
    """The step with the kernel that needs the least scratch."""
    if step.fused is not None or not step.scratch_bytes:
        return step
    kernel = forms.kernel(step.site)
    return step if kernel is step.kernel else replace(step, kernel=kernel, calls=kernel.bind(step.site))


class Segments:
    """All segments of a program. `pushed` names the input whose rows the caller gives one by one."""

    def __init__(self, program: Program, forms: Forms, pushed: str | None = None) -> None:
        self.graph, self.steps, self.pushed = program.graph, program.steps, pushed
        self.forms, self.usual_forms, self.lean = forms, forms, False
        self.usual: dict[tuple[int, int], list[int]] = {}
        self.lives = Lives(program.graph, program.steps)
        self.sites = [site_of(program.graph, step.node) for step in program.steps]
        self.windows = [
            window_of(site) if step.fused is None else None
            for step, site in zip(program.steps, self.sites, strict=True)
        ]

    def all(self) -> list[Segment]:
        """Single steps, streams and patches, with the kernels as they are and with those of the least scratch."""
        found = self.with_forms()
        found += PatchSegments(self, found).all()
        self.forms, self.lean = self.forms.leaner(), True
        return found + self.with_forms()

    def with_forms(self) -> list[Segment]:
        """Single steps, then streams."""
        found = [self.single(i) for i in range(len(self.steps)) if not self.reads_pushed(i, i + 1)]
        for start, end in self.runs():
            for band in BANDS:
                found += self.streams(start, end, band)
        return found

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

    def single(self, index: int) -> Segment:
        """A step as it is."""
        step = lean_step(self.steps[index], self.forms) if self.lean else self.steps[index]
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
            lean=self.lean,
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

    def streams(self, start: int, end: int, band: int) -> list[Segment]:
        """The streams inside a run, in bands of one height."""
        try:
            nodes = [self.row_node(i, band) for i in range(start, end)]
            held = self.held(start, end, band)
        except UnsupportedModel:
            return []
        most = [node.scratch for node in nodes]
        usual = self.usual.setdefault((start, band), most)
        found = []
        for j in range(start + 1, end + 1):
            back: Backwards | None = None
            for i in range(j - 1, start - 1, -1):
                around = self.lives.around(i, j)
                name = around.outputs[0] if around.outputs else None
                if back is None or back.output != name:
                    back = Backwards(name, band)
                    for node in reversed(nodes[i - start + 1 : j - start]):
                        back.add(node)
                back.add(nodes[i - start])
                part = slice(i - start, j - start)
                leaner = not self.lean or max(most[part]) < max(usual[part])
                if leaner and self.worth(i, j, nodes[part], band):
                    leads = back.leads(around.inputs, self.graph)
                    found.append(self.stream(i, j, nodes[part], held, around, leads, band))
        return found

    def worth(self, start: int, end: int, nodes: Sequence[RowNode], band: int) -> bool:
        """True when a stream of these steps may be made, and can save something."""
        several = end - start > 1 or self.reads_pushed(start, end)
        return several and self.takes_rows(start, end) and max(n.window.output for n in nodes) > band

    def row_node(self, index: int, band: int) -> RowNode:
        """What a step costs in bands.

        Raises:
            UnsupportedModel: when a band has no kernel.
        """
        site, window = self.sites[index], self.windows[index]
        assert window is not None
        sums = sums_of(site)
        if sums:
            return RowNode(site=site, window=window, scratch=0, cycles=cycles(site), sums=sums)
        forms = self.forms.of(site, window, band)
        scratch = max(form.scratch_bytes for form in forms)
        rows = window.output
        bands = [piece_at(window, row, min(band, rows - row)) for row in range(0, rows, band)]
        known = {
            p: cycles(site_of_piece(site, p), form.kernel)
            for p, form in zip(dict.fromkeys(bands), forms, strict=True)
        }
        return RowNode(site=site, window=window, scratch=scratch, cycles=sum(known[p] for p in bands), sums=0)

    def held(self, start: int, end: int, band: int) -> dict[str, Held]:
        """Lines of the whole run; they are the same in every part of it."""
        found = self.held_lines(start, end, band, None)
        taking = [
            e for e in range(start + 1, end + 1) if self.reads_pushed(start, e) and self.takes_rows(start, e)
        ]
        if self.pushed is not None and taking:
            found[self.pushed] = self.held_lines(start, taking[-1], band, self.pushed)[self.pushed]
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
        nodes: Sequence[RowNode],
        held: dict[str, Held],
        around: Boundary,
        leads: dict[str, int],
        band: int,
    ) -> Segment:
        """Steps start..end - 1 in bands."""
        inside = [n.site.y().name for n in nodes if n.site.y().name not in around.outputs]
        inside += [name for name in around.inputs if name == self.pushed]
        lines = [held[name] for name in inside]
        summing = [aligned(node.sums) for node in nodes if node.sums]
        counters = aligned(COUNTER_BYTES * (len(nodes) + len(around.inputs) + len(summing)))
        scratch = counters + sum(line.nbytes for line in lines) + sum(summing)
        return Segment(
            start=start,
            end=end,
            band=band,
            nbytes=self.nbytes(around, scratch + max(node.scratch for node in nodes), leads),
            cycles=sum(node.cycles for node in nodes) + sum(line.cycles for line in lines),
            lean=self.lean,
        )


class Backwards:
    """A stream walked from its end to its start: how far its output `output` may lie over what it reads."""

    def __init__(self, output: str | None, band: int) -> None:
        self.output, self.band = output, band
        self.first: RowNode | None = None
        self.ends: Array = np.zeros(0, dtype=np.int64)
        self.needed: dict[str, Array] = {}
        self.unread: dict[str, Array] = {}

    def add(self, node: RowNode) -> None:
        """The node before those that were added."""
        y, w = node.site.y(), node.window
        if y.name == self.output:
            self.first = node
            rows = 1 if node.sums else w.output
            self.ends = np.minimum(np.arange(self.band, rows + self.band, self.band), rows)
            self.needed[y.name] = np.full_like(self.ends, w.output) if node.sums else self.ends
        done = self.needed.get(y.name)
        if done is None:
            return
        rows = np.minimum((done - 1) * w.stride - w.before + w.reach, w.size)
        before = np.append(0, done[:-1]) if node is self.first and not node.sums else done
        lowest = np.where(before < w.output, np.maximum(before * w.stride - w.before, 0), w.size)
        whole = np.minimum(-(-np.maximum(rows, 0) // self.band) * self.band, w.size)
        for x in node.site.inputs:
            if x is not None and not x.is_constant:
                self.needed[x.name] = np.maximum(self.needed.get(x.name, whole), whole)
                self.unread[x.name] = np.minimum(self.unread.get(x.name, lowest), lowest)

    def leads(self, inputs: Sequence[str], graph: Graph) -> dict[str, int]:
        """For each input an upper bound of the lead that the stream will say, in bytes."""
        if self.first is None:
            return {}
        y = self.first.site.y()
        found = {}
        for name in inputs:
            if name in self.unread:
                x = graph.tensors[name]
                still = self.unread[name] < x.shape[1]
                ahead = self.ends * (y.nbytes // y.shape[1]) - self.unread[name] * (x.nbytes // x.shape[1])
                found[name] = int(ahead[still].max()) if still.any() else 0
        return found
