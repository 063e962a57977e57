"""CONV_2D 3 x 3 by Winograd's F(4, 3) along rows on integers (kernels/include/nk_winograd_1x4_s8.h): half of the MACs.

For images of few rows, as streams compute them: a row has no tile of four by four. Weights become 16-bit and twice as
many, so flash pays for the cycles: 4 bytes for one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, scaled_params, windows
from netsuke.ops.fixed_point import INT32_MAX, wrap_int32
from netsuke.ops.high_multiply import HighMultiply
from netsuke.ops.kernel import Call, Constant, Kernel, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, Reads, row_by_row, windowed
from netsuke.ops.strip import accepts, accumulator_range, folded_biases, multipliers, relu_scales_of
from netsuke.ops.winograd_4x4 import CHANNELS, DEPTHS, FILTER, TILE, Winograd4x4Args

FACTOR = 24
"""Sums are so many times the accumulator."""
FRACTION = 8
"""Bits below the stored value: sums are large, multipliers small."""


def accepts_1x4(site: Site[Any]) -> bool:
    """3 x 3, stride 1, input channels in sixteens, rows that tiles fill well enough, shifts of two bits or more where
    the general requantisation needs them, and sums that fit when multiplied by FACTOR."""
    rows, along = windows(site)
    if not accepts(site) or (rows.kernel, along.kernel, rows.stride, along.stride) != (3, 3, 1, 1):
        return False
    if site.x().shape[3] % DEPTHS or not fills_tiles(site):
        return False
    lowest, highest = accumulator_range(site)
    if FACTOR * max(-min(lowest), max(highest)) > INT32_MAX:
        return False
    return all(m.shift <= -2 for m in multipliers(site)) or relu_scales(site) is not None


def fills_tiles(site: Site[Any]) -> bool:
    """True when fewer products are left than winograd.py needs, two of three."""
    width, tiles = site.y().shape[2], tiles_at_once(site)
    return -(-width // (TILE * tiles)) * tiles * (TILE + 2) < 2 * width


def accepts_one(site: Site[Any]) -> bool:
    """The same, where there are two tiles side by side."""
    return accepts_1x4(site) and tiles_at_once(site) == 2


def tiles_at_once(site: Site[Any]) -> int:
    """One tile where a row has no more, else two side by side."""
    return 1 if site.y().shape[2] <= TILE else 2


def relu_scales(site: Site[Any]) -> list[HighMultiply] | None:
    """The two-instruction requantisation of every channel (see strip.relu_scales)."""
    channels = site.y().shape[3]
    return relu_scales_of(site, range(channels), [FACTOR] * channels, [FRACTION] * channels)


def args_of(site: Site[Any], tiles: int) -> Winograd4x4Args:
    """The struct for one image; `tiles` at once."""
    rows, along = windows(site)
    x, y = site.x(), site.y()
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    return Winograd4x4Args(
        channels=y.shape[3], in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3],
        out_h=y.shape[1], out_w=y.shape[2], pad_h=rows.before, pad_w=along.before,
        tiles=tiles, sums_bytes=max(4 * 6 * CHANNELS * tiles, 6 * x.shape[3]),
        x_zero=x.zero_point, y_zero=y.zero_point,
        relu=int(relu_scales(site) is not None),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def transformed(w: Array) -> Constant:
    """[O, 3, 3, C] → each row times G^T, by four output channels, place by place, row by row, two inputs at a time."""
    g = np.zeros((-(-len(w) // CHANNELS) * CHANNELS, *w.shape[1:]), dtype=np.int64)
    g[: len(w)] = w
    places = np.einsum("ui,oric->ourc", FILTER, g)
    depth = w.shape[3]
    # Inputs 0 and 2, then 1 and 3 of every four.
    pairs = places.reshape(-1, CHANNELS, 6, 3, depth // 4, 4)[..., [0, 2, 1, 3]]
    data = pairs.reshape(-1, CHANNELS, 6, 3 * depth // 2, 2).transpose(0, 2, 3, 1, 4)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(data).astype(np.int16),
        shape_note="fours of channels x 6 places x 3 rows of pairs of inputs x 4 channels x 2 inputs",
    )


def scales(site: Site[Any]) -> Constant:
    """{what sums start from, multiplier, addend or power of two} of every channel; inputs count from -128."""
    w = site.constant(WEIGHTS).astype(np.int64)
    start = (folded_biases(site) - 128 * w.reshape(len(w), -1).sum(axis=1)) * FACTOR
    relu = relu_scales(site)
    if relu is None:
        rest = [(int(wrap_int32(np.array(2 * m.value))), 1 << (32 + m.shift)) for m in multipliers(site)]
        note = "channels x {bias, multiplier, power}"
    else:
        start = start + np.array([h.offset for h in relu])
        rest = [(h.multiplier, h.addend + (site.y().zero_point << FRACTION)) for h in relu]
        note = "channels x {bias, multiplier, addend}"
    data = np.concatenate([wrap_int32(start)[:, None], np.array(rest, dtype=np.int64)], axis=1)
    return Constant(label="scales", data=data.astype(np.int32), shape_note=note)


def scratch_bytes(args: Winograd4x4Args) -> int:
    """Transformed tiles, and the sums of four channels, before them six pixels on their way."""
    return 36 * args.in_c * args.tiles + args.sums_bytes


def calls(site: Site[Any], kernel: Kernel, tiles: int) -> tuple[Call, ...]:
    """One call an image."""
    args = args_of(site, tiles)
    constants = transformed(site.constant(WEIGHTS)), scales(site)
    scratch = Scratch(nbytes=scratch_bytes(args))
    return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """Two tiles at once where there are two."""
    return calls(site, CONV_2D_S8_WINOGRAD_1X4, tiles_at_once(site))


def bind_one(site: Site[Any]) -> tuple[Call, ...]:
    """One tile at once."""
    return calls(site, CONV_2D_S8_WINOGRAD_1X4_ONE, 1)


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """As overlap_of."""
    return overlap_of(site, tiles_at_once(site))


def overlap_one(site: Site[Any]) -> tuple[Overlap, ...]:
    """As overlap_of."""
    return overlap_of(site, 1)


def overlap_of(site: Site[Any], tiles: int) -> tuple[Overlap, ...]:
    """Tiles read what they need before they write; where the last ones stick out of their row it is done row by row."""
    at_once = TILE * tiles
    if site.y().shape[2] % at_once == 0:
        return windowed(site, windows(site), Reads.AHEAD, pixels=at_once)
    rows, _ = windows(site)
    return row_by_row(site, [(y + 1, y - rows.before) for y in range(site.y().shape[1])])


CONV_2D_S8_WINOGRAD_1X4 = Kernel(
    name="nk_conv_2d_s8_winograd_1x4",
    params=scaled_params("int16_t"),
    args=Winograd4x4Args,
    bind=bind,
    accepts=accepts_1x4,
    needs=Isa.DSP,
    overlap=overlap,
    spends_flash=True,
    tile=(1, TILE),
)
CONV_2D_S8_WINOGRAD_1X4_ONE = replace(
    CONV_2D_S8_WINOGRAD_1X4,
    name="nk_conv_2d_s8_winograd_1x4_one",
    bind=bind_one,
    accepts=accepts_one,
    overlap=overlap_one,
)
"""Half of the scratch, a third more cycles."""
