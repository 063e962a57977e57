"""Patches as pieces of schedules: which runs of steps, in which grids, with estimates of bytes and cycles.

Runs begin and end where few bytes are alive: between blocks, before and after what is expanded inside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netsuke.errors import UnsupportedModel
from netsuke.ir import Tensor
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap
from netsuke.ops.patch import Box, Span
from netsuke.ops.registry import operator
from netsuke.ops.stream import aligned
from netsuke.plan.blocks import Piece as Memory
from netsuke.plan.blocks import least_union
from netsuke.schedule.cost import cycles, moved
from netsuke.schedule.segment import MOST_LAYERS, Segment
from netsuke.stream import axes_of, sums_of
from netsuke.stream.forms import LEAN, Piece, scratch_of
from netsuke.stream.patches import ends, largest_lead, order, pixel_bytes
from netsuke.stream.tiles import Axes, Boxes, computed_inputs, kinds, site_of_tile

if TYPE_CHECKING:
    from netsuke.schedule.segments import Segments, Sizes

GRIDS = ((2, 1), (4, 1), (1, 2), (2, 2), (3, 3), (4, 4), (6, 6), (8, 8), (12, 12))
"""Rows and columns of tiles that are tried."""
MOST_RECOMPUTE = 3.0
"""MACs done for each MAC: runs that need more are not taken."""
COPIED_ROW = 20.0
"""Cycles of each row of a rectangle that is copied, beside its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileNode:
    """A step inside patches: its estimate, MACs done and needed, and the largest of its forms."""

    site: Site[Any]
    cycles: float
    done: int
    macs: int
    largest: tuple[Piece, Piece]


class PatchSegments:
    """All segments of patches of a program."""

    def __init__(self, segments: Segments) -> None:
        self.owner = segments
        self.known: dict[tuple[int, int], list[tuple[float, int]]] = {}
        """By first and last step: cycles and bytes of the segments found so far."""
        self.axes = [
            None if step.fused is not None or sums_of(site) else axes_of(site)
            for step, site in zip(segments.steps, segments.sites, strict=True)
        ]
        self.costs: dict[tuple[str, Piece, Piece], tuple[float, int]] = {}
        self.kernels: dict[tuple[str, Piece, Piece, bool], KernelNeeds] = {}
        self.cuts = self.narrow()

    def narrow(self) -> list[bool]:
        """For each place between steps whether no fewer bytes are alive one place before or behind it."""
        count = len(self.owner.steps)
        alive = []
        for at in range(count + 1):
            around = self.owner.lives.around(at, at)
            alive.append(sum(self.owner.lives.bytes_of(n) for n in around.passing))
        sides = (float("inf"), *alive, float("inf"))
        return [sides[i + 1] <= min(sides[i], sides[i + 2]) for i in range(count + 1)]

    def all(self, others: Sequence[Segment], size: Sizes) -> Iterator[Segment]:
        """The segments of all runs and grids, with the usual kernels, and the leanest where that saves scratch.

        others: streams of the same runs.
        """
        for other in others:
            self.known.setdefault((other.start, other.end), []).append((other.cycles, other.nbytes))
        for end in range(2, len(self.axes) + 1):
            first = max(0, end - MOST_LAYERS)
            if size.over(first, end) and self.cuts[end] and self.axes[end - 1] is not None:
                for grid in GRIDS:
                    yield from self.ending(size.earliest(first, end), end, grid, size)

    def ending(self, first: int, end: int, grid: tuple[int, int], size: Sizes) -> Iterator[Segment]:
        """Those that end at one place and begin at `first` or behind it, in one grid; walked backward."""
        output = self.owner.sites[end - 1].y()
        if grid[0] > output.shape[1] or grid[1] > output.shape[2]:
            return
        boxes, nodes = Boxes.of_tiles(output, grid), list[TileNode]()
        done = needed = 0
        for start in range(end - 1, first - 1, -1):
            axes = self.axes[start]
            if axes is None or self.owner.reads_pushed(start, end):
                return
            try:
                boxes.add(self.owner.sites[start], axes)
            except UnsupportedModel:
                return
            node = self.node(self.owner.sites[start], axes, boxes)
            nodes.insert(0, node)
            done, needed = done + node.done, needed + node.macs
            if done > MOST_RECOMPUTE * max(needed, 1):
                return
            if end - start > 1 and (self.cuts[start] or start == 0) and size.holds(start, end):
                yield from self.segments(start, end, grid, boxes, nodes)

    def node(self, site: Site[Any], axes: Axes, boxes: Boxes) -> TileNode:
        """The estimate of a step: all its rectangles."""
        made = boxes.made[site.y().name]
        (down, rows), (along, columns) = kinds(axes[0], made.rows), kinds(axes[1], made.columns)
        spent, done = 0.0, 0
        for d, row_piece in enumerate(down):
            for a, column_piece in enumerate(along):
                times = rows.count(d) * columns.count(a)
                one, macs = self.cost(site, row_piece, column_piece)
                spent += times * one
                done += times * macs
        largest = max(down, key=lambda p: p.rows), max(along, key=lambda p: p.rows)
        return TileNode(site=site, cycles=spent, done=done, macs=macs_of(site), largest=largest)

    def cost(self, site: Site[Any], down: Piece, along: Piece) -> tuple[float, int]:
        """Cycles and MACs of a rectangle."""
        key = (site.node.name, down, along)
        if key not in self.costs:
            found = site_of_tile(site, down, along)
            self.costs[key] = self.spent(found, (down, along)), macs_of(found)
        return self.costs[key]

    def spent(self, found: Site[Any], key: tuple[Piece, Piece]) -> float:
        """Cycles of a rectangle, with its preferred kernel where layers were counted."""
        owner = self.owner
        if not owner.rates.known(found.node.name):
            return cycles(found) * owner.rates.usual
        try:
            return owner.rates.cycles(found, owner.forms.kernel(found, key))
        except UnsupportedModel:
            return cycles(found) * owner.rates.usual

    def segments(
        self, start: int, end: int, grid: tuple[int, int], boxes: Boxes, nodes: Sequence[TileNode]
    ) -> Iterator[Segment]:
        """The run, where it can save bytes."""
        around = self.owner.lives.around(start, end)
        output = self.owner.sites[end - 1].y()
        if around.outputs != (output.name,):
            return
        most = max(self.owner.needs[start:end])
        if self.owner.nbytes(around, 0, dict.fromkeys(around.inputs, -(1 << 40))) >= most:
            return  # without a byte of scratch
        leads, tile = self.leads(nodes, boxes), Tile(nodes, boxes)
        spent = sum(node.cycles for node in nodes) + tile.copied
        most = min(most, self.rival(start, end, spent))
        if self.owner.nbytes(around, tile.peak([self.least(node) for node in nodes]), leads) >= most:
            return
        for lean in (False, True):
            try:
                needs = [
                    self.kernel(index, node, lean)
                    for index, node in zip(range(start, end), nodes, strict=True)
                ]
            except UnsupportedModel:
                return
            nbytes = self.owner.nbytes(around, tile.peak(needs), leads)
            if nbytes < most:
                most = nbytes
                slower = spent + sum(
                    node.cycles * (need.times - 1) for node, need in zip(nodes, needs, strict=True)
                )
                self.known.setdefault((start, end), []).append((slower, nbytes))
                yield Segment(
                    start=start,
                    end=end,
                    band=0,
                    grid=grid,
                    nbytes=nbytes,
                    cycles=slower,
                    limits=(LEAN,) * (end - start) if lean else (),
                    recompute=sum(node.done for node in nodes) / max(1, sum(node.macs for node in nodes)),
                )

    def rival(self, start: int, end: int, spent: float) -> float:
        """The fewest bytes of the segments of these steps that are no slower."""
        same = self.known.get((start, end), ())
        return min((nbytes for other, nbytes in same if other <= spent), default=float("inf"))

    @staticmethod
    def least(node: TileNode) -> KernelNeeds:
        """No kernel asks for less."""
        inputs = [i for i, _ in computed_inputs(node.site)]
        return KernelNeeds(
            scratch=0, overlaps=tuple(Overlap(input=i, lead=-node.site.x(i).nbytes) for i in inputs)
        )

    def kernel(self, index: int, node: TileNode, lean: bool) -> KernelNeeds:
        """Scratch and overlaps of the largest form of step `index`.

        Where each pixel is made of one, the whole step's kernel tells of the tile's too.

        Raises:
            UnsupportedModel: when no kernel computes it.
        """
        key = (node.site.node.name, *node.largest, lean)
        if key not in self.kernels:
            found = site_of_tile(node.site, *node.largest)
            step, axes = self.owner.steps[index], self.axes[index]
            if axes is not None and axes[0].kernel == axes[1].kernel == 1:
                self.kernels[key] = KernelNeeds(
                    scratch=step.scratch_bytes, overlaps=step.kernel.overlap(found)
                )
                return self.kernels[key]
            kernel = self.owner.forms.kernel(found, node.largest, LEAN if lean else None)
            self.kernels[key] = KernelNeeds(
                scratch=scratch_of(kernel, found),
                overlaps=kernel.overlap(found),
                times=self.times(found, kernel, self.owner.forms.kernel(found, node.largest))
                if lean
                else 1.0,
            )
        return self.kernels[key]

    def times(self, found: Site[Any], lean: Kernel, usual: Kernel) -> float:
        """What a lean kernel takes, of what the preferred one does; 1 where that is not known."""
        rates = self.owner.rates
        if lean is usual or not rates.known(found.node.name):
            return 1.0
        return rates.cycles(found, lean) / max(1.0, rates.cycles(found, usual))

    def leads(self, nodes: Sequence[TileNode], boxes: Boxes) -> dict[str, int]:
        """For the root of each input how far the output may lie over it, at most."""
        made, output = {node.site.y().name for node in nodes}, nodes[-1].site.y()
        inputs = {x.name for node in nodes for _, x in computed_inputs(node.site)} - made
        tiles = boxes.made[output.name]
        written = ends(output, tiles)
        late = full_width(tiles, output)
        found: dict[str, int] = {}
        for name in sorted(inputs):
            x, box = self.owner.graph.tensors[name], boxes.made[name]
            first = [
                (box.rows[i].start * x.shape[2] + box.columns[j].start) * pixel_bytes(x)
                for i, j in order(tiles)
            ]
            root = self.owner.lives.root_of(name)
            lead = largest_lead(written, first, x.nbytes, late=late)
            found[root] = max(lead, found.get(root, lead))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelNeeds:
    """What a kernel asks of memory."""

    scratch: int
    overlaps: tuple[Overlap, ...]
    times: float = 1.0
    """Cycles for each of the preferred kernel's."""


def macs_of(site: Site[Any]) -> int:
    """MACs of a node, or of a rectangle of it."""
    return operator(site.node.op).macs(site)


def full_width(box: Box, tensor: Tensor) -> bool:
    """True when rectangles are whole rows, which need not be copied."""
    return all(span == Span(start=0, count=tensor.shape[2]) for span in box.columns)


class Tile:
    """The rectangles of a tile and when they are in use: node k copies what it needs at 2 k and computes at 2 k + 1."""

    def __init__(self, nodes: Sequence[TileNode], boxes: Boxes) -> None:
        made = {node.site.y().name for node in nodes}
        self.nodes = nodes
        self.used: dict[tuple[str, Box], list[int]] = {}
        """(tensor, rectangle) → bytes, first and last event."""
        self.copied = 0.0
        self.operands: list[dict[int, tuple[str, Box]]] = []
        last = nodes[-1].site.y()
        direct = full_width(boxes.made[last.name], last)
        for k, node in enumerate(nodes):
            read, operands = boxes.read[node.site.node.name], {}
            for i, x in computed_inputs(node.site):
                key = self.read(x, read, boxes, 2 * k, given=x.name not in made)
                if key is not None:
                    operands[i] = key
            self.operands.append(operands)
            y = node.site.y()
            if not (y is last and direct):
                self.add((y.name, boxes.made[y.name]), pixel_bytes(y), 2 * k + 1)
        if not direct:
            self.copied += copying(boxes.made[last.name], pixel_bytes(last))

    def read(self, x: Tensor, wanted: Box, boxes: Boxes, now: int, *, given: bool) -> tuple[str, Box] | None:
        """What a node reads, from event `now` on; None for whole rows of an operand."""
        held = boxes.made[x.name]
        if full_width(wanted, x) if given else held.meets_width(wanted):
            if given:
                return None
            self.used[x.name, held][2] = now + 1
            return x.name, held
        if not given:
            self.used[x.name, held][2] = max(self.used[x.name, held][2], now)
        if (x.name, wanted) not in self.used:
            self.copied += copying(wanted, pixel_bytes(x))
        self.add((x.name, wanted), pixel_bytes(x), now)
        self.used[x.name, wanted][2] = now + 1
        return x.name, wanted

    def add(self, key: tuple[str, Box], pixel: int, now: int) -> None:
        """A rectangle that comes into being, unless it is there."""
        self.used.setdefault(key, [aligned(key[1].pixels * pixel), now, now])

    def peak(self, kernels: Sequence[KernelNeeds]) -> int:
        """The most bytes in use. `kernels`: one for each node."""
        most = 0
        for k, kernel in enumerate(kernels):
            for now in (2 * k, 2 * k + 1):
                live = sum(size for size, first, last in self.used.values() if first <= now <= last)
                if now % 2:
                    live += aligned(kernel.scratch) - self.saved(k, kernel.overlaps)
                else:
                    live -= sum(size for size, first, last in self.used.values() if first == now < last)
                most = max(most, live)
        return most

    def saved(self, k: int, overlaps: Sequence[Overlap]) -> int:
        """Bytes of node k's output that lie over an input of its own."""
        y, best = self.nodes[k].site.y().name, 0
        born = next((u for (name, _), u in self.used.items() if name == y and u[1] == 2 * k + 1), None)
        if born is None:
            return 0
        for overlap in overlaps:
            key = self.operands[k].get(overlap.input)
            if key is not None and self.used[key][2] == 2 * k + 1:
                both = self.used[key][0] + born[0]
                best = max(best, both - least_union(memory(self.used[key][0]), memory(born[0]), (overlap,)))
        return best


def memory(nbytes: int) -> Memory:
    """A stretch of it."""
    return Memory(inner=0, nbytes=nbytes, first=0, last=0)


def copying(box: Box, pixel: int) -> float:
    """Cycles of a rectangle's copies, for all tiles."""
    rows = sum(span.count for span in box.rows) * len(box.columns)
    return moved(box.total, pixel) + COPIED_ROW * rows
