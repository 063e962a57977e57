"""Some nodes of a program become one step that computes them row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.ir import Args, Graph, Node, Tensor
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Kernel, KernelArgs
from netsuke.ops.operator import Site, site_of
from netsuke.ops.overlap import Overlap, kept_apart
from netsuke.ops.program import Step
from netsuke.ops.registry import operator
from netsuke.ops.rows import SINGLE
from netsuke.ops.stream import LINE_ALIGNMENT, Band, Drop, Form, Home, Line, Stream, StreamLayer, Take
from netsuke.stream.compact import compacted
from netsuke.stream.forms import Forms, pieces
from netsuke.stream.needs import form_number
from netsuke.stream.simulate import (
    Dropped,
    Moment,
    Overlay,
    OverlayError,
    Ran,
    Runner,
    Timetable,
    Track,
    simulate,
)

MOST_LINES = 127
"""Events name layers and lines in a byte, of which one bit and one number mean something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamArgs(Args):
    """Arguments of the node that stands for a stream: `nodes` names those it is made of."""

    nodes: tuple[str, ...]
    band: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compactness:
    """Of a compact stream: bytes that it may take beyond what it needs, so that rows move less often, whether its
    first output lies where rows are that are gone when it is written, and whether rows lie where its largest input is
    when that has been read."""

    slack: int = 0
    growing: bool = False
    draining: bool = False


class NoStruct(KernelArgs):
    """A stream has no argument struct of its own."""

    __slots__ = ()
    c_name = "nk_no_args"


def no_calls(site: Site[Any]) -> tuple[()]:
    """A stream says itself what is called."""
    del site
    return ()


STREAM = Kernel(name="nk_stream", params=(), args=NoStruct, bind=no_calls)


def sums_of(site: Site[Any]) -> int:
    """Bytes of the sums of a node that adds up an image, else 0."""
    sums = operator(site.node.op).row_sums
    return 0 if sums is None else sums.nbytes(site)


def window_of(site: Site[Any]) -> Window | None:
    """The window down the rows of a node that can go by rows, else None."""
    if sums_of(site):
        return replace(SINGLE, size=site.x().shape[1])
    rows = operator(site.node.op).rows
    if rows is None or len(site.outputs) != 1 or len(site.y().shape) != 4:
        return None
    computed = [x for x in site.inputs if x is not None and not x.is_constant]
    window = rows.window(site) if computed else None
    if window is None or any(x.shape[1] != window.size for x in computed):
        return None
    whole = all(piece.window > 0 for piece in pieces(window, 1))
    return window if whole and window.size < 1 << 15 and window.output < 1 << 15 else None


def make_stream(
    graph: Graph,
    nodes: Sequence[Node],
    forms: Forms,
    band: int,
    *,
    pushed: str | None = None,
    compact: Compactness | None = None,
    limits: Sequence[int | None] = (),
) -> Step:
    """The step that computes `nodes` (in the graph's order, each of which goes by rows) in bands of `band` rows.

    `pushed` names an input of the graph whose rows the caller gives one by one; only these nodes read it.
    `compact`: None for line buffers. `limits`: bytes of scratch for each node's kernels, see Forms; none when empty.

    Raises:
        UnsupportedModel: when a kernel is missing for some band, or there are more lines than an event can name.
    """
    given = tuple(limits) or (None,) * len(nodes)
    builder = Builder(graph=graph, nodes=tuple(nodes), made=forms, band=band, pushed=pushed, limits=given)
    stream = builder.stream() if compact is None else builder.compact(compact)
    if len(stream.lines) > MOST_LINES:
        raise UnsupportedModel(
            f"got a stream of {len(nodes)} layers with {len(stream.lines)} tensors; at most {MOST_LINES} can be held"
        )
    inputs = tuple(line.tensor for line in stream.lines if line.home is Home.INPUT)
    outputs = tuple(line.tensor for line in stream.lines if line.home is Home.OUTPUT)
    if pushed is not None and set(outputs) & set(graph.outputs):
        raise UnsupportedModel(
            f"got rows of {pushed!r} to be pushed into layers that write an output of the model; "
            "at least one layer must come behind them"
        )
    first, last = nodes[0], nodes[-1]
    node = Node(
        op="stream",
        name=f"{first.name} .. {last.name}",
        inputs=inputs,
        outputs=outputs,
        args=StreamArgs(nodes=tuple(n.name for n in nodes), band=band),
    )
    return Step(
        node=node,
        site=site_of(graph, node),
        kernel=STREAM,
        calls=(),
        view=False,
        macs=sum(layer.macs for layer in stream.layers),
        stream=stream,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """What a stream is made from."""

    graph: Graph
    nodes: tuple[Node, ...]
    made: Forms
    band: int
    pushed: str | None
    limits: tuple[int | None, ...]

    def parts(self) -> tuple[list[Line], list[StreamLayer], dict[str, int]]:
        """Lines and layers, and the numbers of the lines by tensor."""
        sites = [site_of(self.graph, node) for node in self.nodes]
        lines = self.lines(sites)
        number = {line.tensor: i for i, line in enumerate(lines)}
        limited = zip(sites, self.limits, strict=True)
        layers = [layer for site, limit in limited for layer in self.layers(site, number, lines, limit)]
        return lines, layers, number

    def runners(
        self, lines: Sequence[Line], layers: Sequence[StreamLayer], taken: int | None
    ) -> list[Runner]:
        """The layers to the simulator."""
        runners = [
            Runner(
                window=layer.window,
                inputs=tuple(line for _, line in layer.lines),
                output=layer.output,
                rows=layer.window.output,
                band=self.band,
            )
            for layer in layers
        ]
        if taken is None:
            return runners
        # The caller is the runner before all others: it makes a row when nobody else can do anything.
        source = replace(SINGLE, size=lines[taken].rows)
        return [Runner(window=source, inputs=(), output=taken, rows=source.size, band=1), *runners]

    def stream(self) -> Stream:
        """Lines, layers, and the timetable."""
        lines, layers, number = self.parts()
        lines = self.in_place(lines, layers)
        taken = None if self.pushed is None else number[self.pushed]
        runners = self.runners(lines, layers, taken)
        overlays = self.overlays(lines, layers, taken is not None)
        table, possible = timetable(lines, runners, overlays)
        lines = laid_over(lines, runners, possible, table)
        events = tuple(event_of(e, layers, taken) for e in table.events)
        held = tuple(replace(line, capacity=c) for line, c in zip(lines, table.capacity, strict=True))
        return Stream(
            lines=held,
            layers=tuple(layers),
            events=events,
            overlaps=self.overlaps(held, table.moments),
            taken=taken,
        )

    def compact(self, how: Compactness) -> Stream:
        """Lines, layers, and what happens where."""
        lines, layers, number = self.parts()
        taken = None if self.pushed is None else number[self.pushed]
        runners = self.runners(lines, layers, taken)
        table, _ = timetable(lines, runners, ())
        drained = largest_input(lines) if how.draining else None
        found = compacted(lines, layers, runners, how.slack, growing=how.growing, drained=drained)
        held = tuple(replace(line, capacity=c) for line, c in zip(lines, table.capacity, strict=True))
        return Stream(
            lines=held,
            layers=tuple(layers),
            events=found.events,
            overlaps=self.overlaps(held, table.moments),
            taken=taken,
            room=found.room,
            growing=how.growing,
            draining=None if drained is None else draining_of(lines[drained], found.reach),
        )

    def overlays(self, lines: Sequence[Line], layers: Sequence[StreamLayer], caller: bool) -> list[Overlay]:
        """Layers whose output could lie at the start of the buffer that they read, over rows nobody needs any more."""
        readers = [[layer for layer in layers if i in dict(layer.lines).values()] for i in range(len(lines))]
        found = []
        for number, layer in enumerate(layers):
            if len(layer.lines) != 1 or layer.window.kernel == 1:
                continue
            under, over = layer.lines[0][1], layer.output
            own = all(lines[i].home is Home.HELD and lines[i].shares is None for i in (under, over))
            alone = len(readers[under]) == len(readers[over]) == 1 and len(readers[over][0].lines) == 1
            if own and alone and all(form.overlap is not None for form in layer.forms):
                claims = [form.overlap for form in layer.forms if form.overlap is not None]
                found.append(
                    Overlay(
                        runner=number + caller,
                        under=under,
                        over=over,
                        under_bytes=lines[under].row_bytes,
                        over_bytes=lines[over].row_bytes,
                        lead=max(claim.lead for claim in claims),
                        step=math.lcm(LINE_ALIGNMENT, *(claim.step for claim in claims)),
                    )
                )
        return found

    def overlaps(self, lines: Sequence[Line], moments: Sequence[Moment]) -> tuple[Overlap, ...]:
        """How far output 0 may lie over each input: the rows written against those still to be read."""
        output = next(i for i, line in enumerate(lines) if (line.home, line.index) == (Home.OUTPUT, 0))
        found = []
        for number, line in enumerate(lines):
            if line.home is not Home.INPUT:
                continue
            if kept_apart(*(self.graph.tensors[lines[i].tensor].dtype for i in (number, output))):
                continue
            leads = [
                m.written * lines[output].row_bytes - m.unread[number] * line.row_bytes
                for m in moments
                if m.line == output and m.unread[number] < line.rows
            ]
            lead = max(leads, default=-line.rows * line.row_bytes)
            if lead < lines[output].rows * lines[output].row_bytes:
                found.append(Overlap(input=line.index, lead=lead))
        return tuple(found)

    def lines(self, sites: Sequence[Site[Any]]) -> list[Line]:
        """A line for every computed tensor that the nodes read or write."""
        made = {name for node in self.nodes for name in node.outputs}
        outside = self.read_outside()
        found: dict[str, Line] = {}
        homes = {Home.INPUT: 0, Home.OUTPUT: 0, Home.HELD: 0}
        for site in sites:
            for tensor in (*site.inputs, *site.outputs):
                if tensor is None or tensor.is_constant or tensor.name in found:
                    continue
                home = Home.HELD if tensor.name in made or tensor.name == self.pushed else Home.INPUT
                if tensor.name in outside:
                    home = Home.OUTPUT
                found[tensor.name] = line_of(tensor, home, homes[home])
                homes[home] += 1
        return list(found.values())

    def read_outside(self) -> set[str]:
        """Tensors made here that others read, or that the graph gives back."""
        mine = {node.name for node in self.nodes}
        made = {name for node in self.nodes for name in node.outputs}
        read = {name for n in self.graph.nodes if n.name not in mine for name in n.inputs}
        return made & (read | set(self.graph.outputs))

    def layers(
        self, site: Site[Any], number: dict[str, int], lines: list[Line], limit: int | None
    ) -> tuple[StreamLayer, ...]:
        """One node in all its forms; lines of sums are added to the lines."""
        window = window_of(site)
        assert window is not None
        if sums_of(site):
            lines.append(
                Line(
                    tensor=f"{site.y().name} (sums)", rows=window.size, row_bytes=0, sums_bytes=sums_of(site)
                )
            )
            return summing_layers(site, number, len(lines) - 1, self.band)
        forms = self.made.of(site, window, self.band, limit)
        computed = [(i, x) for i, x in enumerate(site.inputs) if x is not None and not x.is_constant]
        layer = StreamLayer(
            node=site.node,
            site=site,
            window=window,
            lines=tuple((i, number[x.name]) for i, x in computed),
            output=number[site.y().name],
            forms=forms,
            macs=operator(site.node.op).macs(site),
        )
        return (layer,)

    def in_place(self, lines: Sequence[Line], layers: Sequence[StreamLayer]) -> list[Line]:
        """Lets a layer write over the rows it reads, where its kernels can and nobody else needs them."""
        readers = [sum(i == line for layer in layers for _, line in layer.lines) for i in range(len(lines))]
        found = list(lines)
        for layer in layers:
            w = layer.window
            if (w.kernel, w.stride, w.before, w.after) != (1, 1, 0, 0):
                continue
            allowed = set.intersection(*(set(form.in_place) for form in layer.forms))
            for operand, line in layer.lines:
                fits = found[line].row_bytes == found[layer.output].row_bytes
                if operand in allowed and found[line].home is Home.HELD and readers[line] == 1 and fits:
                    found[line] = replace(found[line], shares=layer.output)
                    break
        return found


def largest_input(lines: Sequence[Line]) -> int | None:
    """The line of the largest operand that is read and not written; None when there is none."""
    inputs = [i for i, line in enumerate(lines) if line.home is Home.INPUT]
    return max(inputs, key=lambda i: lines[i].rows * lines[i].row_bytes, default=None)


def draining_of(line: Line, reach: int) -> Overlap:
    """How far a room may lie over an input that ends `reach` bytes behind the room's start, or further."""
    return Overlap(input=line.index, lead=reach - line.rows * line.row_bytes)


def timetable(
    lines: Sequence[Line], runners: Sequence[Runner], overlays: Sequence[Overlay]
) -> tuple[Timetable, tuple[Overlay, ...]]:
    """The timetable, and those of the overlays that are possible."""
    wanted = list(overlays)
    while True:
        above = {o.under: runners[o.runner].window.before for o in wanted}
        tracks = [
            Track(
                rows=line.rows,
                whole=line.home is not Home.HELD,
                given=line.home is Home.INPUT,
                shares=line.shares,
                above=above.get(i, 0),
            )
            for i, line in enumerate(lines)
        ]
        try:
            return simulate(tracks, runners, wanted), tuple(wanted)
        except OverlayError as error:
            wanted.remove(error.overlay)


def laid_over(
    lines: Sequence[Line], runners: Sequence[Runner], overlays: Sequence[Overlay], table: Timetable
) -> list[Line]:
    """The lines with what the overlays say of their buffers."""
    found = list(lines)
    above = {o.under: runners[o.runner].window.before for o in overlays}
    for overlay in overlays:
        found[overlay.under] = replace(
            found[overlay.under], front=table.fronts.get(overlay.under, 0), above=above[overlay.under]
        )
        found[overlay.over] = replace(found[overlay.over], over=overlay.under)
    return found


def summing_layers(
    site: Site[Any], number: dict[str, int], sums: int, band: int
) -> tuple[StreamLayer, StreamLayer]:
    """The layer that adds rows to line `sums` and the one that makes the output of them."""
    how = operator(site.node.op).row_sums
    assert how is not None
    size = site.x().shape[1]
    counts = dict.fromkeys((min(band, size - row), row == 0) for row in range(0, size, band))
    parts = tuple(
        Form(
            rows=count,
            above=0,
            below=0,
            window=count,
            first=first,
            kernel=how.part,
            calls=how.part_calls(site, count, first),
        )
        for count, first in counts
    )
    whole = Form(rows=1, above=0, below=0, window=size, kernel=how.finish, calls=how.finish_calls(site))
    part = StreamLayer(
        node=replace(site.node, name=f"{site.node.name} (sums)"),
        site=site,
        window=replace(SINGLE, size=size),
        lines=((0, number[site.x().name]),),
        output=sums,
        forms=parts,
        macs=0,
    )
    finish = StreamLayer(
        node=site.node,
        site=site,
        window=Window(size=size, kernel=size, stride=1, before=0, after=0),
        lines=((0, sums),),
        output=number[site.y().name],
        forms=(whole,),
        macs=operator(site.node.op).macs(site),
    )
    return part, finish


def line_of(tensor: Tensor, home: Home, index: int) -> Line:
    """A line for an image."""
    return Line(
        tensor=tensor.name,
        rows=tensor.shape[1],
        row_bytes=tensor.nbytes // tensor.shape[1],
        home=home,
        index=index,
    )


def event_of(event: Ran | Dropped, layers: Sequence[StreamLayer], taken: int | None) -> Band | Drop | Take:
    """The simulator's event as the stream's; the caller, where there is one, is its first runner."""
    if isinstance(event, Dropped):
        return Drop(line=event.line, rows=event.rows)
    if taken is not None and event.runner == 0:
        return Take()
    layer = event.runner - (taken is not None)
    return Band(layer=layer, form=form_number(layers[layer], event.row, event.count))
