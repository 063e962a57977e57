"""Some nodes of a program become one step that computes them tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.ir import Args, Graph, Node, Tensor
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site, site_of
from netsuke.ops.overlap import Overlap, kept_apart
from netsuke.ops.patch import Box, Compute, Copy, Held, Patches, PatchEvent, PatchLayer, Span
from netsuke.ops.program import Step
from netsuke.ops.registry import operator
from netsuke.ops.stream import Home
from netsuke.stream.forms import Forms
from netsuke.stream.make import NoStruct, no_calls
from netsuke.stream.packing import packed
from netsuke.stream.tiles import Axes, Boxes, axes_of, computed_inputs, kinds, tile_forms

Grid = tuple[int, int]
"""Rows and columns of tiles."""
PATCHES = Kernel(name="nk_patches", params=(), args=NoStruct, bind=no_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchArgs(Args):
    """Arguments of the node that stands for patches: `nodes` names those they are made of."""

    nodes: tuple[str, ...]
    grid: Grid


def make_patches(
    graph: Graph, nodes: Sequence[Node], forms: Forms, grid: Grid, limit: int | None = None
) -> Step:
    """The step that computes `nodes` (in the graph's order) in a grid of tiles of the last one's output.

    limit: bytes of scratch for each kernel, see Forms.

    There may be fewer tiles than `grid` says: their size is a whole number of pixels.

    Raises:
        UnsupportedModel: when the grid is not positive, a node cannot be computed in rectangles, a kernel is missing,
            or others than the last node make something that is read outside.
    """
    if min(grid) < 1 or not nodes:
        raise UnsupportedModel(
            f"got {len(nodes)} layers in a grid of {grid[0]} x {grid[1]} patches; one of each at least was wanted"
        )
    sites = [site_of(graph, node) for node in nodes]
    axes = [axes_of(site) for site in sites]
    for site, found in zip(sites, axes, strict=True):
        if found is None:
            raise UnsupportedModel(
                f"{site.node.op} {site.node.name!r} cannot be computed in patches; an operator on one image that looks "
                "at a window of it was wanted"
            )
    alone(graph, nodes)
    builder = Builder(sites=sites, axes=[a for a in axes if a is not None], forms=forms, limit=limit)
    patches = builder.patches(grid)
    whole = [held for held in patches.held if held.home is not Home.HELD]
    node = Node(
        op="patches",
        name=f"{nodes[0].name} .. {nodes[-1].name}",
        inputs=tuple(held.tensor for held in whole if held.home is Home.INPUT),
        outputs=nodes[-1].outputs,
        args=PatchArgs(nodes=tuple(n.name for n in nodes), grid=patches.grid),
    )
    return Step(
        node=node,
        site=site_of(graph, node),
        kernel=PATCHES,
        calls=(),
        view=False,
        macs=patches.macs,
        patches=patches,
    )


def outside(graph: Graph, nodes: Sequence[Node]) -> set[str]:
    """The tensors that the nodes make and others read, or the graph gives back."""
    mine = {node.name for node in nodes}
    made = {name for node in nodes for name in node.outputs}
    read = {name for n in graph.nodes if n.name not in mine for name in n.inputs}
    return made & (read | set(graph.outputs))


def alone(graph: Graph, nodes: Sequence[Node]) -> None:
    """Holds the nodes against the rule that only the last one's output is read outside.

    Raises:
        UnsupportedModel: naming the tensors.
    """
    others = outside(graph, nodes) - set(nodes[-1].outputs)
    if others:
        raise UnsupportedModel(
            f"got patches whose layers make {sorted(others)}, which are read outside; "
            "only the last layer's output may be"
        )


@dataclass(slots=True, kw_only=True)
class Builder:
    """What patches are made from, and what there is of them so far."""

    sites: Sequence[Site[Any]]
    axes: Sequence[Axes]
    forms: Forms
    limit: int | None = None
    held: list[Held] = field(default_factory=list)
    layers: list[PatchLayer] = field(default_factory=list)
    events: list[PatchEvent] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    """By tensor: the number of what its rectangles are taken from."""
    copies: dict[tuple[str, Box], int] = field(default_factory=dict)

    def patches(self, grid: Grid) -> Patches:
        """Rectangles backward, then what happens forward, then memory."""
        output = self.sites[-1].y()
        boxes = Boxes.of_tiles(output, grid)
        for site, axes in zip(reversed(self.sites), reversed(self.axes), strict=True):
            boxes.add(site, axes)
        tiles = boxes.made[output.name]
        whole = whole_of(output, tiles, Home.OUTPUT, 0)
        for site, axes in zip(self.sites, self.axes, strict=True):
            last = site is self.sites[-1]
            direct = last and whole.box.meets_width(tiles)
            self.add(site, axes, boxes, whole if direct else held_of(site.y(), boxes.made[site.y().name]))
        if self.held[-1].home is not Home.OUTPUT:
            self.events.append(Copy(source=len(self.held) - 1, target=len(self.held)))
            self.held.append(whole)
        overlaps = self.overlaps(tiles)
        held, layers, nbytes = packed(self.held, self.layers, self.events)
        return Patches(
            grid=(len(tiles.rows), len(tiles.columns)),
            held=held,
            layers=layers,
            events=tuple(self.events),
            scratch_bytes=nbytes,
            overlaps=overlaps,
        )

    def add(self, site: Site[Any], axes: Axes, boxes: Boxes, output: Held) -> None:
        """The next node, which writes `output`."""
        made, read = boxes.made[site.y().name], boxes.read[site.node.name]
        inputs = tuple((i, self.rows_for(x, read)) for i, x in computed_inputs(site))
        (down, row_kinds), (along, column_kinds) = kinds(axes[0], made.rows), kinds(axes[1], made.columns)
        forms = tile_forms(self.forms, site, down, along, self.limit)
        counts = [
            row_kinds.count(d) * column_kinds.count(a) for d in range(len(down)) for a in range(len(along))
        ]
        self.events.append(Compute(layer=len(self.layers)))
        self.layers.append(
            PatchLayer(
                node=site.node,
                site=site,
                inputs=inputs,
                box=read,
                made=made,
                output=len(self.held),
                down=row_kinds,
                along=column_kinds,
                forms=forms,
                macs=operator(site.node.op).macs(site),
                done=sum(form.macs * n for form, n in zip(forms, counts, strict=True)),
            )
        )
        self.sources[site.y().name] = len(self.held)
        self.held.append(output)

    def rows_for(self, tensor: Tensor, wanted: Box) -> int:
        """What a node reads `wanted` of: what is there, where its rows go on in the same columns, else a copy."""
        if tensor.name not in self.sources:
            index = sum(held.home is Home.INPUT for held in self.held)
            self.sources[tensor.name] = len(self.held)
            self.held.append(whole_of(tensor, wanted, Home.INPUT, index))
        source = self.sources[tensor.name]
        if self.held[source].box.meets_width(wanted):
            return source
        key = (tensor.name, wanted)
        if key not in self.copies:
            self.copies[key] = len(self.held)
            self.events.append(Copy(source=source, target=len(self.held)))
            self.held.append(held_of(tensor, wanted))
        return self.copies[key]

    def overlaps(self, tiles: Box) -> tuple[Overlap, ...]:
        """How far the output may lie over each input: what is written against what later tiles still read."""
        number = next(i for i, h in enumerate(self.held) if h.home is Home.OUTPUT)
        written = ends(self.sites[-1].y(), tiles)
        found = []
        for i, held in enumerate(self.held):
            if held.home is not Home.INPUT or self.clash(i, number):
                continue
            unread = [self.lowest(i, row, column) for row, column in order(tiles)]
            late = self.layers[-1].output == number and self.reads(self.layers[-1], i)
            lead = largest_lead(written, unread, self.size(i), late=late)
            if lead < self.size(number):
                found.append(Overlap(input=held.index, lead=lead))
        return tuple(found)

    @staticmethod
    def reads(layer: PatchLayer, number: int) -> bool:
        """True when the layer reads a rectangle itself, not a copy of it."""
        return any(held == number for _, held in layer.inputs)

    def size(self, number: int) -> int:
        """Bytes of a whole tensor."""
        box = self.held[number].box
        return box.rows[0].count * box.columns[0].count * self.held[number].pixel_bytes

    def clash(self, number: int, output: int) -> bool:
        """True when the two cannot share memory for their types' sake."""
        tensors = {t.name: t for site in self.sites for t in (*site.inputs, *site.outputs) if t is not None}
        return kept_apart(*(tensors[self.held[i].tensor].dtype for i in (number, output)))

    def lowest(self, number: int, row: int, column: int) -> int:
        """The first byte of an input that a tile reads."""
        held = self.held[number]
        boxes = [layer.box for layer in self.layers if self.reads(layer, number)]
        boxes += [self.held[e.target].box for e in self.events if isinstance(e, Copy) and e.source == number]
        width = held.box.columns[0].count
        return min(
            (box.rows[row].start * width + box.columns[column].start) * held.pixel_bytes for box in boxes
        )


def order(box: Box) -> list[tuple[int, int]]:
    """The tiles in the order in which they are computed."""
    return [(i, j) for i in range(len(box.rows)) for j in range(len(box.columns))]


def ends(output: Tensor, tiles: Box) -> list[int]:
    """For each tile the end of the output's bytes that are written so far."""
    width, found, most = output.shape[2], [], 0
    for i, j in order(tiles):
        most = max(most, ((tiles.rows[i].end - 1) * width + tiles.columns[j].end) * pixel_bytes(output))
        found.append(most)
    return found


def largest_lead(written: Sequence[int], unread: Sequence[int], size: int, *, late: bool) -> int:
    """The lead (see ops/overlap.py) of an output over an input of `size` bytes.

    For each tile the end of what is `written` then and the first byte of the input that it reads. late: a tile's
    output is written while its input is still read, else afterwards.
    """
    lead, lowest = -size, size
    for end, first in zip(reversed(written), reversed(unread), strict=True):
        if late:
            lowest = min(lowest, first)
        if lowest < size:
            lead = max(lead, end - lowest)
        lowest = min(lowest, first)
    return lead


def held_of(tensor: Tensor, box: Box) -> Held:
    """A rectangle in the scratch."""
    return Held(tensor=tensor.name, box=box, pixel_bytes=pixel_bytes(tensor))


def whole_of(tensor: Tensor, tiles: Box, home: Home, index: int) -> Held:
    """An operand of the patches, the whole image for each tile."""
    _, rows, columns, _ = tensor.shape
    box = Box(
        rows=(Span(start=0, count=rows),) * len(tiles.rows),
        columns=(Span(start=0, count=columns),) * len(tiles.columns),
    )
    return Held(tensor=tensor.name, box=box, pixel_bytes=pixel_bytes(tensor), home=home, index=index)


def pixel_bytes(tensor: Tensor) -> int:
    """Of all channels."""
    return tensor.shape[3] * tensor.dtype.size
