"""The rectangles that a tile asks for, and the forms in which nodes compute them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.ir import Tensor
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site
from netsuke.ops.patch import Box, Span, Spans, TileForm
from netsuke.ops.registry import operator
from netsuke.stream.forms import Forms, Piece, piece_at, pieces

Axes = tuple[Window, Window]
"""Down the rows and along the columns."""


def axes_of(site: Site[Any]) -> Axes | None:
    """The windows of a node whose rectangles can be computed one by one, else None."""
    rows = operator(site.node.op).rows
    if rows is None or len(site.outputs) != 1 or len(site.y().shape) != 4:
        return None
    computed = computed_inputs(site)
    down = rows.window(site) if computed else None
    if down is None:
        return None
    along = rows.columns(site)
    if any(x.shape[1:3] != (down.size, along.size) for _, x in computed):
        return None
    return (down, along) if covered(down) and covered(along) else None


def covered(window: Window) -> bool:
    """True when each output sees an element of the image, and sizes fit the tables of the C code."""
    whole = all(piece.window > 0 for piece in pieces(window, 1))
    return whole and max(window.size, window.output) < 1 << 15


def computed_inputs(site: Site[Any]) -> list[tuple[int, Tensor]]:
    """(number, tensor) of the inputs that are no constants."""
    return [(i, x) for i, x in enumerate(site.inputs) if x is not None and not x.is_constant]


def tiled(size: int, count: int) -> Spans:
    """At most `count` spans of one size but the last, which is no larger."""
    step = -(-size // min(count, size))
    return tuple(Span(start=at, count=min(step, size - at)) for at in range(0, size, step))


def seen(window: Window, wanted: Spans) -> Spans:
    """The input elements of which `wanted` outputs are made."""
    found = []
    for span in wanted:
        piece = piece_at(window, span.start, span.count)
        start = max(0, span.start * window.stride - window.before)
        found.append(Span(start=start, count=piece.window))
    return tuple(found)


def hull(one: Spans | None, other: Spans) -> Spans:
    """The smallest spans that hold both."""
    if one is None:
        return other
    found = []
    for a, b in zip(one, other, strict=True):
        start = min(a.start, b.start)
        found.append(Span(start=start, count=max(a.end, b.end) - start))
    return tuple(found)


@dataclass(slots=True, kw_only=True)
class Boxes:
    """The rectangles of every tensor, found from the last node to the first."""

    made: dict[str, Box]
    """By tensor: what is computed, or, of inputs, needed of it."""
    read: dict[str, Box]
    """By node: what it reads of its inputs."""

    @classmethod
    def of_tiles(cls, output: Tensor, grid: tuple[int, int]) -> Boxes:
        """Those of the last node's output."""
        rows, columns = (tiled(n, g) for n, g in zip(output.shape[1:3], grid, strict=True))
        return cls(made={output.name: Box(rows=rows, columns=columns)}, read={})

    def add(self, site: Site[Any], axes: Axes) -> None:
        """The node before those that were added.

        Raises:
            UnsupportedModel: when nothing of its output is needed.
        """
        box = self.made.get(site.y().name)
        if box is None:
            raise UnsupportedModel(
                f"got patches in which nobody reads the output of {site.node.name!r}; "
                "every node must lead to the last one"
            )
        read = Box(rows=seen(axes[0], box.rows), columns=seen(axes[1], box.columns))
        self.read[site.node.name] = read
        for _, x in computed_inputs(site):
            held = self.made.get(x.name)
            self.made[x.name] = Box(
                rows=hull(None if held is None else held.rows, read.rows),
                columns=hull(None if held is None else held.columns, read.columns),
            )


def kinds(window: Window, spans: Spans) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    """The different pieces along one axis, and the number of each span's."""
    found = [piece_at(window, span.start, span.count) for span in spans]
    different = tuple(dict.fromkeys(found))
    return different, tuple(different.index(piece) for piece in found)


def site_of_tile(site: Site[Any], down: Piece, along: Piece) -> Site[Any]:
    """The node over a rectangle."""
    rows = operator(site.node.op).rows
    assert rows is not None
    args = rows.tile(site, (down.above, down.below), (along.above, along.below))
    window, made = (down.window, along.window), (down.rows, along.rows)
    inputs = tuple(x if x is None or x.is_constant else with_size(x, window) for x in site.inputs)
    outputs = tuple(with_size(y, made) for y in site.outputs)
    found: Site[Any] = Site(node=replace(site.node, args=args), inputs=inputs, outputs=outputs)
    return found


def with_size(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """The image with other numbers of rows and columns."""
    return replace(tensor, shape=(1, *size, tensor.shape[3]))


def tile_forms(
    forms: Forms, site: Site[Any], down: Sequence[Piece], along: Sequence[Piece], limit: int | None = None
) -> tuple[TileForm, ...]:
    """All of a node's forms. They share the kernel of the largest where they can, so that weights are there once.

    Raises:
        UnsupportedModel: when a kernel is missing.
    """
    pairs = [(d, a) for d in down for a in along]
    largest = max(pairs, key=lambda pair: pair[0].rows * pair[1].rows)
    shared = forms.kernel(checked(site_of_tile(site, *largest)), largest, limit)
    return tuple(one_form(forms, site, d, a, shared, limit) for d, a in pairs)


def one_form(
    forms: Forms, site: Site[Any], down: Piece, along: Piece, shared: Kernel, limit: int | None
) -> TileForm:
    """The calls that compute a rectangle, with the kernel `shared` where it accepts that."""
    found = checked(site_of_tile(site, down, along))
    kernel = shared if shared.accepts(found) else forms.kernel(found, (down, along), limit)
    key = (site.node.name, kernel.name, down, along)
    if key not in forms.tiles:
        forms.tiles[key] = TileForm(
            kernel=kernel,
            calls=kernel.bind(found),
            macs=operator(site.node.op).macs(found),
            overlaps=kernel.overlap(found),
        )
    return forms.tiles[key]


def checked(site: Site[Any]) -> Site[Any]:
    """The site, held against its operator's rules."""
    operator(site.node.op).check(site)
    return site
