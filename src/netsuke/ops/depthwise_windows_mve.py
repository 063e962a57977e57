"""DEPTHWISE_CONV_2D with a vector for every window, for cores with Helium (kernels/include/nk_mve_windows_s8.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, windows
from netsuke.ops.depthwise_mve import in_blocks
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane
from netsuke.ops.strip import multipliers

BLOCK = 16
"""Channels that are turned round together."""
ROW = 64
"""Bytes of a row of words: four pixels of each channel."""
VECTOR = 16
LINE_REACH = 13
"""Four windows of so many taps side by side fill a vector."""
MOST_PAD = 2
"""Pixels of a strip that the next one needs too, at most."""
CHANNEL_COST, BLOCK_COST, WORD_COST = 20, 16, 14
"""Instructions for a channel of a strip, for a block of its outputs, for a row of words: what decides the walk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsMveArgs(KernelArgs):
    """One image. Windows walk along one axis, strip by strip across the other; steps in bytes.

    A word holds four pixels across (word_across 1) or along the walk (word_walk 4). words: rows of them in a strip;
    `inside` of them, from `inside_from` on, see the image only. words_room: bytes they take. keep: pixels across that
    are kept for the next strip. strip_step: inputs across from strip to strip; per_strip: outputs. blocks: of four
    outputs; tail: outputs of one more. next: from a block's outputs to the next one's; lane_odd, lane_two: from the
    first output of a block to the second and the third. twin: bytes between the weights of the two.
    """

    c_name: ClassVar[str] = "nk_windows_mve_args"
    channels: int
    across_size: int
    across_pad: int
    across_x: int
    across_out: int
    walk_size: int
    walk_pad: int
    walk_x: int
    word_walk: int
    word_across: int
    words: int
    words_room: int
    inside_from: int
    inside: int
    keep: int
    strips: int
    strip_step: int
    strip_y: int
    per_strip: int
    blocks: int
    block_bytes: int
    tail: int
    next: int
    lane_odd: int
    lane_two: int
    twin: int
    outputs: int
    x_zero: int
    y_zero: int
    is_signed: int
    narrow: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The axis along which windows walk, the one across it, and the bytes of a step on each, in and out."""

    along: Window
    across: Window
    along_x: int
    across_x: int
    along_y: int
    across_y: int
    by_rows: bool
    """True when strips follow each other down the image."""


def walks(site: Site[Any]) -> tuple[Walk, Walk]:
    """Along the columns, and down the rows."""
    rows, columns = windows(site)
    channels = site.x().shape[3]
    x_row, y_row = columns.size * channels, columns.output * channels
    return (
        Walk(
            along=columns,
            across=rows,
            along_x=channels,
            across_x=x_row,
            along_y=channels,
            across_y=y_row,
            by_rows=True,
        ),
        Walk(
            along=rows,
            across=columns,
            along_x=x_row,
            across_x=channels,
            along_y=y_row,
            across_y=channels,
            by_rows=False,
        ),
    )


def plain(site: Site[Any]) -> bool:
    """int8, multiplier 1, every requantisation to the right."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3]:
        return False
    return all(m.shift < 0 for m in multipliers(site))


def is_line(walk: Walk) -> bool:
    """One axis has the taps, of which four windows side by side fit a vector."""
    along, across = walk.along, walk.across
    flat = across.kernel == 1 and across.before == 0
    return flat and along.stride == 1 and 1 < along.reach <= LINE_REACH


def is_square(walk: Walk) -> bool:
    """Stride 1 and at most 3 x 3, padding by two at most."""
    axes = walk.along, walk.across
    return all(w.stride == 1 and w.reach <= 3 and 0 <= w.before <= MOST_PAD for w in axes)


def is_sparse(walk: Walk) -> bool:
    """Stride 2 and at most 4 x 4."""
    return all(w.stride == 2 and w.reach <= 4 for w in (walk.along, walk.across))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One of the three arrangements of windows in vectors."""

    name: str
    fits: Callable[[Walk], bool]
    word_walk: int
    """Pixels along the walk from word to word."""
    per_block: int
    """Outputs of a block along the walk; the others lie across."""
    words_a_block: int
    advance: int
    apart: int = 0

    def cost(self, walk: Walk, channels: int) -> int:
        """About how many instructions a walk takes."""
        strips = -(-walk.across.output * self.per_block // 4)
        blocks = -(-walk.along.output // self.per_block)
        words = self.words_a_block * blocks * -(-channels // BLOCK)
        return strips * (channels * (CHANNEL_COST + BLOCK_COST * blocks) + words * WORD_COST)

    def walk(self, site: Site[Any]) -> Walk | None:
        """The cheapest walk that the shape allows."""
        found = [walk for walk in walks(site) if self.fits(walk)]
        return min(found, key=lambda walk: self.cost(walk, site.x().shape[3]), default=None)

    def args(self, site: Site[Any]) -> WindowsMveArgs:
        """The struct for one image."""
        walk = self.walk(site)
        assert walk is not None
        along, across, line = walk.along, walk.across, self.word_walk > 1
        x, y = site.x(), site.y()
        low, high = (int(end) for end in full_clamp(site.args.clamp, y))
        blocks, rest = divmod(along.output, self.per_block)
        shared, room = self.words(along.output)
        per_strip = 4 // self.per_block
        first = -(-along.before // self.word_walk)
        last = (along.size + along.before) // self.word_walk
        step_y = walk.across_y if per_strip > 1 else walk.along_y
        return WindowsMveArgs(
            channels=x.shape[3], across_size=across.size, across_pad=across.before, across_x=walk.across_x,
            across_out=across.output, walk_size=along.size, walk_pad=along.before, walk_x=walk.along_x,
            word_walk=self.word_walk, word_across=int(not line), words=shared, words_room=room * ROW,
            inside_from=first, inside=max(0, min(last, shared) - first), keep=self.keep(walk),
            strips=-(-across.output // per_strip), strip_step=across.stride * per_strip,
            strip_y=walk.across_y * per_strip, per_strip=per_strip, blocks=blocks,
            block_bytes=4 * self.apart if self.apart else self.advance, tail=rest * per_strip,
            next=self.per_block * walk.along_y, lane_odd=step_y,
            lane_two=walk.along_y if per_strip > 1 else 2 * walk.along_y, twin=0 if self.apart else 1,
            outputs=y.elements // y.shape[0],
            x_zero=x.zero_point, y_zero=y.zero_point, is_signed=int(low < y.zero_point),
            narrow=int((low, high) != (-128, 127)), low=low, high=high,
        )  # fmt: skip

    def words(self, outputs: int) -> tuple[int, int]:
        """Rows of words that windows see, and those that the last block's idle lanes may touch."""
        blocks = -(-outputs // self.per_block)
        if self.apart:
            return 2 * outputs + 2, self.words_a_block * blocks + 2
        room = (blocks - 1) * self.words_a_block + 4
        return room, room

    def keep(self, walk: Walk) -> int:
        """Pixels across that a strip shares with the one before it, which may have been overwritten."""
        return walk.across.before if self.per_block == 2 else 0

    def taps(self, site: Site[Any]) -> Array:
        """int8 [channels, 16]: where a window's weights stand in a vector."""
        walk = self.walk(site)
        assert walk is not None
        w = site.constant(WEIGHTS)[0]
        if not walk.by_rows:
            w = w.transpose(1, 0, 2)  # [across, along, C]
        placed = np.zeros((w.shape[2], VECTOR), dtype=np.int8)
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                along, across = j * walk.along.dilation, i * walk.across.dilation
                placed[:, along if self.word_walk > 1 else 4 * along + across] = w[i, j]
        return placed

    def stream(self, site: Site[Any]) -> Constant:
        """For 16 channels: 8 zeros, their weights, then bias (zero point folded in), multiplier, shift, 0 of each."""
        taps = self.taps(site)
        channels = len(taps)
        sums = taps.astype(np.int64).sum(axis=1)
        bias = wrap_int32(bias_of(site, channels).reshape(-1) - site.x().zero_point * sums)
        found = multipliers(site)
        values, shifts = (np.array([getattr(m, name) for m in found]) for name in ("value", "shift"))
        scales = np.stack([bias, values, shifts, np.zeros(channels, np.int64)]).astype(np.int32)
        weights = in_blocks(taps.T.copy()).transpose(0, 2, 1)
        by_channel = in_blocks(scales).transpose(0, 2, 1)
        blocks = [
            np.concatenate([np.zeros(2, np.int32), np.ascontiguousarray(t).view(np.int32).ravel(), s.ravel()])
            for t, s in zip(weights, by_channel, strict=True)
        ]
        return Constant(
            label="stream",
            data=np.stack(blocks).astype(np.int32),
            shape_note="16 channels x (2 zeros, 16 x 16 bytes of weights, 16 x (bias, multiplier, shift, 0))",
        )

    def overlap(self, site: Site[Any]) -> tuple[Overlap, ...]:
        """Strips are turned round before their outputs are written, and what the next one shares is kept."""
        walk, x, y = self.walk(site), site.x(), site.y()
        if walk is None:
            return ()
        if self.apart:
            # Each strip is one row of outputs, and nothing is kept: all rows from its window's first on are read again.
            across = walk.across
            moments = [(row, row * across.stride - across.before) for row in range(1, across.output)]
            return plane_by_plane(site, moments) if walk.by_rows else ()
        if walk.across.output == walk.across.size == 1:
            return plane_by_plane(site, [])
        if self.per_block != 2:
            return ()
        if walk.by_rows:
            return plane_by_plane(site, [(end, end) for end in range(2, walk.across.output, 2)])
        # Columns of all rows are written while those behind them are still to be read: rows must lie over rows.
        return (Overlap(input=0, lead=0, step=walk.along_x),) if x.shape == y.shape else ()


SQUARE = Shape(name="square", fits=is_square, word_walk=1, per_block=2, words_a_block=2, advance=2 * ROW)
LINE = Shape(name="line", fits=is_line, word_walk=4, per_block=4, words_a_block=1, advance=ROW)
SPARSE = Shape(
    name="sparse",
    fits=is_sparse,
    word_walk=1,
    per_block=4,
    words_a_block=8,
    advance=2 * ROW,
    apart=2 * ROW,
)


def windows_kernel(shape: Shape) -> Kernel:
    """The kernel of an arrangement."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, stream = shape.args(site), shape.stream(site)
        kept = args.keep * args.walk_size * BLOCK
        scratch = Scratch(nbytes=args.words_room + VECTOR + kept)
        return tuple(kernel.call(x, stream, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=f"nk_depthwise_{shape.name}_s8_mve",
        params=(
            Param(name="x", ctype="const int8_t"),
            Param(name="stream", ctype="const int32_t"),
            Param(name="y", ctype="int8_t"),
            Param(name="scratch", ctype="void"),
        ),
        args=WindowsMveArgs,
        bind=bind,
        accepts=lambda site: plain(site) and shape.walk(site) is not None,
        needs=Isa.MVE,
        overlap=shape.overlap,
    )
    return kernel


DEPTHWISE_WINDOWS_S8_MVE = tuple(windows_kernel(shape) for shape in (LINE, SQUARE, SPARSE))
"""Best first."""
