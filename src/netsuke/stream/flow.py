"""How much memory a compact stream takes, for all parts of a run of nodes at once.

The order in which a run is computed is, in each of its parts, that part's own order: whatever the layers of a part have
to do waits for nothing but rows of that part. So what a part needs is read off the run's events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array, Graph, Node
from netsuke.ops.stream import Home
from netsuke.stream.forms import Forms
from netsuke.stream.make import Builder
from netsuke.stream.needs import Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Events ordered by node. int64 arrays: [events] or [events, lines], in bytes.

    first: for each node, and behind the last, the number of its first event. held: what is in memory of each line
    before an event; grows: what it adds to line `output`, least: the same when it lies over what dies of line `over`
    (-1 for none); done: what there is of each line's tensor afterwards; unread: what is read of it then or later.
    """

    lines: Mapping[str, int]
    node_lines: tuple[tuple[int, ...], ...]
    """For each node the lines without a tensor of the graph that it fills."""
    first: tuple[int, ...]
    held: Array
    output: Array
    over: Array
    grows: Array
    least: Array
    done: Array
    unread: Array

    def part(
        self,
        start: int,
        end: int,
        inside: Sequence[str],
        growing: str | None = None,
        draining: str | None = None,
    ) -> tuple[int, ...]:
        """For each of the nodes start..end - 1 the most bytes in use at its events, without its scratch.

        inside: the tensors that are held; growing: the output of the part among whose rows all else lies; draining: the
        input whose rows make room when they have been read.
        """
        lines = [self.lines[name] for name in inside]
        lines += [line for node in self.node_lines[start:end] for line in node]
        mask = np.zeros(self.held.shape[1], dtype=np.int64)
        mask[lines] = 1
        part = slice(self.first[start], self.first[end])
        output, over = self.output[part], self.over[part]
        added = np.where((over >= 0) & (mask[over] > 0), self.least[part], self.grows[part])
        need = self.held[part] @ mask + np.where(mask[output] > 0, added, 0)
        if growing is not None:
            need = need + self.done[part, self.lines[growing]]
        if draining is not None:
            need = need + self.unread[part, self.lines[draining]]
        bounds = [at - part.start for at in self.first[start:end]]
        return tuple(int(n) for n in np.maximum.reduceat(need, bounds))

    def moved(self, start: int, end: int, inside: Sequence[str]) -> int:
        """Bytes that are moved, roughly: what there is of a line each time that it grows."""
        mask = np.zeros(self.held.shape[1], dtype=np.int64)
        mask[[self.lines[name] for name in inside]] = 1
        part = slice(self.first[start], self.first[end])
        output = self.output[part]
        rows = np.arange(part.start, part.stop)
        return int((self.held[rows, output] * mask[output]).sum())


def flow_of(graph: Graph, nodes: Sequence[Node], forms: Forms, band: int, pushed: str | None) -> Flow:
    """The flow of a run in bands of `band` rows.

    Raises:
        UnsupportedModel: when a kernel is missing for some band.
    """
    builder = Builder(
        graph=graph, nodes=tuple(nodes), made=forms, band=band, pushed=pushed, limits=(None,) * len(nodes)
    )
    lines, layers, number = builder.parts()
    maker = Needs(lines, layers, builder.runners(lines, layers, None if pushed is None else number[pushed]))
    place = {node.name: i for i, node in enumerate(nodes)}
    node_of = [place[layer.site.node.name] for layer in layers]
    rows: list[tuple[int, list[int], int, int, int, int, list[int], list[int]]] = []
    while (runner := maker.state.next()) is not None:
        held = [maker.held(i) for i in range(len(lines))]
        unread = [maker.unread(i) for i in range(len(lines))]
        need = maker.need(runner)
        best = min(need.overs, key=lambda over: over.apart, default=None)
        node = 0 if runner < maker.callers else node_of[runner - maker.callers]
        output = maker.runners[runner].output
        least, over = (need.grows, -1) if best is None else (best.apart, best.line)
        done = [end * line.row_bytes for end, line in zip(maker.state.end, lines, strict=True)]
        rows.append((node, held, output, over, need.grows, least, done, unread))
    rows.sort(key=lambda row: row[0])
    starts = np.searchsorted([row[0] for row in rows], np.arange(len(nodes) + 1))
    sums: list[list[int]] = [[] for _ in nodes]
    for layer, node in zip(layers, node_of, strict=True):
        if lines[layer.output].home is Home.HELD and lines[layer.output].sums_bytes:
            sums[node].append(layer.output)
    _, held_rows, *others, done_rows, unread_rows = zip(*rows, strict=True)
    output_rows, over_rows, grows_rows, least_rows = (np.array(o, dtype=np.int64) for o in others)
    return Flow(
        lines=number,
        node_lines=tuple(tuple(found) for found in sums),
        first=tuple(int(n) for n in starts),
        held=np.array(held_rows, dtype=np.int64),
        output=output_rows,
        over=over_rows,
        grows=grows_rows,
        least=least_rows,
        done=np.array(done_rows, dtype=np.int64),
        unread=np.array(unread_rows, dtype=np.int64),
    )
