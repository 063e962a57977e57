"""The forms in which a node is computed band by band: one node of a few rows for each kind of edge it meets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from netsuke.boards import Isa
from netsuke.ir import Tensor
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Kernel, scratch_bytes
from netsuke.ops.operator import Site
from netsuke.ops.patch import TileForm
from netsuke.ops.program import kernel_for
from netsuke.ops.registry import operator
from netsuke.ops.stream import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """`rows` output rows, made of `window` rows of input with `above` and `below` rows of padding around them."""

    rows: int
    above: int
    below: int
    window: int


def piece_at(window: Window, row: int, count: int) -> Piece:
    """What output rows `row`..`row + count - 1` are made of."""
    above = max(0, window.before - row * window.stride)
    start = row * window.stride - window.before
    last = start + (count - 1) * window.stride + window.reach
    inside = min(last, window.size) - max(start, 0)
    return Piece(rows=count, above=above, below=max(0, last - window.size), window=inside)


def pieces(window: Window, band: int) -> tuple[Piece, ...]:
    """The different pieces of a whole node in bands, in the order in which they first come up."""
    rows = window.output
    return tuple(dict.fromkeys(piece_at(window, row, min(band, rows - row)) for row in range(0, rows, band)))


def site_of_piece(site: Site[Any], piece: Piece) -> Site[Any]:
    """The node over a piece: its computed inputs have `window` rows, its output `rows`."""
    rows = operator(site.node.op).rows
    assert rows is not None
    node = replace(site.node, args=rows.band(site, piece.above, piece.below))
    inputs = tuple(x if x is None or x.is_constant else with_rows(x, piece.window) for x in site.inputs)
    found: Site[Any] = Site(
        node=node, inputs=inputs, outputs=tuple(with_rows(y, piece.rows) for y in site.outputs)
    )
    operator(node.op).check(found)
    return found


def with_rows(tensor: Tensor, rows: int) -> Tensor:
    """The image with another number of rows."""
    return replace(tensor, shape=(1, rows, *tensor.shape[2:]))


LEAN_FROM = 256
"""Bytes of scratch from which a leaner kernel is looked for."""


@dataclass(slots=True, kw_only=True)
class Forms:
    """Makes forms for a core, each once: schedules that are compared have most of theirs in common."""

    isa: Isa
    small: bool = False
    lean: bool = False
    """Kernels with the least scratch, of those that need what the preferred one needs of the core."""
    made: dict[tuple[str, Piece], Form] = field(default_factory=dict)
    tiles: dict[tuple[str, str, Piece, Piece], TileForm] = field(default_factory=dict)
    """By node and kernel."""
    lean_ones: Forms | None = None

    def of(self, site: Site[Any], window: Window, band: int) -> tuple[Form, ...]:
        """The forms of a node in bands.

        Raises:
            UnsupportedModel: when no kernel computes the node over so few rows.
        """
        return tuple(self.one(site, piece) for piece in pieces(window, band))

    def one(self, site: Site[Any], piece: Piece) -> Form:
        """The calls that compute a piece."""
        key = (site.node.name, piece)
        if key not in self.made:
            found = site_of_piece(site, piece)
            kernel = self.kernel(found)
            self.made[key] = Form(
                rows=piece.rows,
                above=piece.above,
                below=piece.below,
                window=piece.window,
                kernel=kernel,
                calls=kernel.bind(found),
                in_place=kernel.in_place(found),
                overlap=next((claim for claim in kernel.overlap(found) if claim.input == 0), None),
            )
        return self.made[key]

    def kernel(self, site: Site[Any]) -> Kernel:
        """The kernel for a node or a piece of one."""
        first = kernel_for(site, self.isa, small=self.small)
        if not self.lean or scratch_of(first, site) < LEAN_FROM:
            return first
        same = [k for k in operator(site.node.op).kernels if k.needs == first.needs]
        here = [k for k in same if k is not first and k.accepts(site)]
        return min([first, *here], key=lambda kernel: scratch_of(kernel, site))

    def leaner(self) -> Forms:
        """Forms with the least scratch."""
        if self.lean_ones is None:
            self.lean_ones = replace(self, lean=True, made={}, tiles={})
        return self.lean_ones


def scratch_of(kernel: Kernel, site: Site[Any]) -> int:
    """Bytes of scratch."""
    return scratch_bytes(kernel.bind(site))
