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


LEAN = 255
"""Bytes of scratch that are little enough where memory is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A kernel and the bytes of scratch that it needs for a site."""

    kernel: Kernel
    scratch: int


@dataclass(slots=True, kw_only=True)
class Forms:
    """Makes forms for a core, each once: schedules that are compared have most of theirs in common.

    Where a `limit` is given kernels are the first, in the operator's order, that need no more bytes of scratch, or
    the one with the least.
    """

    isa: Isa
    small: bool = False
    made: dict[tuple[str, Piece, str], Form] = field(default_factory=dict)
    """By node, piece and kernel."""
    by_limit: dict[tuple[str, Piece, int | None], Form] = field(default_factory=dict)
    tiles: dict[tuple[str, str, Piece, Piece], TileForm] = field(default_factory=dict)
    """By node and kernel."""
    known: dict[tuple[str, object], tuple[Choice, ...]] = field(default_factory=dict)
    """Kernels by node and piece."""

    def of(self, site: Site[Any], window: Window, band: int, limit: int | None = None) -> tuple[Form, ...]:
        """The forms of a node in bands.

        Raises:
            UnsupportedModel: when no kernel computes the node over so few rows.
        """
        return tuple(self.one(site, piece, limit) for piece in pieces(window, band))

    def one(self, site: Site[Any], piece: Piece, limit: int | None = None) -> Form:
        """The calls that compute a piece."""
        key = (site.node.name, piece, limit)
        if key not in self.by_limit:
            self.by_limit[key] = self.form(site, piece, limit)
        return self.by_limit[key]

    def form(self, site: Site[Any], piece: Piece, limit: int | None) -> Form:
        """See one."""
        found = site_of_piece(site, piece)
        kernel = self.kernel(found, piece, limit)
        key = (site.node.name, piece, kernel.name)
        if key not in self.made:
            self.made[key] = Form(
                rows=piece.rows,
                above=piece.above,
                below=piece.below,
                window=piece.window,
                kernel=kernel,
                calls=kernel.bind(found),
                in_place=kernel.in_place(found),
                overlaps=kernel.overlap(found),
            )
        return self.made[key]

    def kernel(self, site: Site[Any], piece: object, limit: int | None = None) -> Kernel:
        """The kernel for a node or a piece of one; `piece` is what tells it from the node's others.

        Raises:
            UnsupportedModel: when there is none.
        """
        key = (site.node.name, piece)
        if limit is None:
            if key in self.known:
                return self.known[key][0].kernel
            return kernel_for(site, self.isa, small=self.small)
        choices = self.choices(site, piece)
        return next((c.kernel for c in choices if c.scratch <= limit), choices[-1].kernel)

    def choices(self, site: Site[Any], piece: object) -> tuple[Choice, ...]:
        """The preferred kernel, and those behind it that need the same of the core, each leaner than all before."""
        key = (site.node.name, piece)
        if key not in self.known:
            first = kernel_for(site, self.isa, small=self.small)
            found = [Choice(kernel=first, scratch=scratch_of(first, site))]
            for kernel in operator(site.node.op).kernels:
                if found[-1].scratch == 0:
                    break
                spends = self.small and kernel.spends_flash
                if kernel is first or spends or kernel.needs != first.needs or not kernel.accepts(site):
                    continue
                scratch = scratch_of(kernel, site)
                if scratch < found[-1].scratch:
                    found.append(Choice(kernel=kernel, scratch=scratch))
            self.known[key] = tuple(found)
        return self.known[key]


def scratch_of(kernel: Kernel, site: Site[Any]) -> int:
    """Bytes of scratch."""
    return scratch_bytes(kernel.bind(site))
