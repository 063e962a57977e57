"""Patches: several nodes computed together, tile by tile of the last one's output image.

For each tile every node computes the rectangle that the tile needs. Rectangles of neighbouring tiles meet: what lies
in both, the halo, is computed twice (MCUNetV2, Lin et al. 2021), and how much that is, is known. A rectangle is rows
times columns, and its rows depend on the tile's row only, its columns on the tile's column only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netsuke.ir import Node
from netsuke.ops.kernel import Call, Kernel, scratch_bytes
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap
from netsuke.ops.stream import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`count` rows, or columns, from `start` on."""

    start: int
    count: int

    @property
    def end(self) -> int:
        """The first one behind it."""
        return self.start + self.count


Spans = tuple[Span, ...]
"""One for each row, or column, of tiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The rectangle of a tensor that each tile asks for."""

    rows: Spans
    columns: Spans

    def meets_width(self, other: Box) -> bool:
        """True when both have the same columns, in every tile: rows of the one are then rows of the other."""
        return self.columns == other.columns

    @property
    def pixels(self) -> int:
        """Of the largest rectangle."""
        return max(span.count for span in self.rows) * max(span.count for span in self.columns)

    @property
    def total(self) -> int:
        """Pixels of all rectangles."""
        return sum(span.count for span in self.rows) * sum(span.count for span in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A rectangle of a tensor in memory.

    INPUT and OUTPUT: the whole image, number `index` of the patches' operands. HELD: at `offset` of the scratch, its
    rows one after the other.
    """

    tensor: str
    box: Box
    pixel_bytes: int
    home: Home = Home.HELD
    index: int = 0
    offset: int = 0

    @property
    def nbytes(self) -> int:
        """Of its own memory, for the largest rectangle."""
        return self.box.pixels * self.pixel_bytes if self.home is Home.HELD else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TileForm:
    """One way a node's rectangle is computed: by its size and by which edges of the image it touches.

    overlaps: how far the output may lie over inputs.
    """

    kernel: Kernel
    calls: tuple[Call, ...]
    macs: int
    overlaps: tuple[Overlap, ...] = ()

    @property
    def scratch_bytes(self) -> int:
        """Bytes its calls need while they run."""
        return scratch_bytes(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchLayer:
    """A node of the patches.

    `inputs`: (input number, number of the Held whose rows it reads); it reads `box` of them, whose columns are all
    that are held. `made` is what it computes, in Held number `output`. `down`: for each row of tiles which kind of
    rows it is, `along` likewise; form number down * (kinds along) + along. `macs` are those of the whole node, `done`
    those of all its rectangles.
    """

    node: Node
    site: Site[Any]
    inputs: tuple[tuple[int, int], ...]
    box: Box
    made: Box
    output: int
    down: tuple[int, ...]
    along: tuple[int, ...]
    forms: tuple[TileForm, ...]
    macs: int
    done: int
    scratch_offset: int = 0

    @property
    def scratch_bytes(self) -> int:
        """The most that one of its forms needs."""
        return max(form.scratch_bytes for form in self.forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """Layer `layer` computes its rectangle."""

    layer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The smaller of two rectangles of a tensor, the one inside the other, is copied from `source` to `target`."""

    source: int
    target: int


PatchEvent = Compute | Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """`grid` is (rows, columns) of tiles; `events` happen for each tile, row of tiles by row of tiles.

    `overlaps`: how far output 0 may lie over the inputs.
    """

    grid: tuple[int, int]
    held: tuple[Held, ...]
    layers: tuple[PatchLayer, ...]
    events: tuple[PatchEvent, ...]
    scratch_bytes: int
    overlaps: tuple[Overlap, ...] = ()

    @property
    def macs(self) -> int:
        """What the nodes need when each is computed once."""
        return sum(layer.macs for layer in self.layers)

    @property
    def done(self) -> int:
        """What is really done, halos and all."""
        return sum(layer.done for layer in self.layers)

    @property
    def recompute(self) -> float:
        """MACs done for each MAC needed."""
        return self.done / self.macs if self.macs else 1.0

    @property
    def held_bytes(self) -> int:
        """Bytes of scratch without what kernels need."""
        return max((held.offset + held.nbytes for held in self.held if held.nbytes), default=0)
