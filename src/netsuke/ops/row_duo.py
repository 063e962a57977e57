"""FULLY_CONNECTED, and pointwise CONV_2D without scratch, two channels in a halfword (nk_row_duo_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops import duo
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.high_multiply import FRACTION, HighMultiply, high_multiply_double
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers
from netsuke.ops.row_dsp import GROUP, MOST_PIXELS, accumulator_range, fraction_of
from netsuke.ops.strip import accepts_pointwise, folded_biases, relu_scales_at

CHANNELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDuoArgs(KernelArgs):
    """`rows` of `depth` inputs (a multiple of four), `channels` outputs each, eight or more; the rest as in RowArgs."""

    c_name: ClassVar[str] = "nk_row_duo_args"
    rows: int
    depth: int
    channels: int
    coarse: int
    narrow: int
    low: int
    high: int


def tiles_of(site: Site[Any]) -> duo.Tiles | None:
    """The tiles, when they take no longer than those of four channels do: 5 cycles against 6 a channel and input."""
    channels, fours = site.x(WEIGHTS).shape[0], -(-site.x(WEIGHTS).shape[0] // 4)
    eights = -(-channels // CHANNELS)
    if channels < CHANNELS or eights * CHANNELS * 5 > fours * 4 * 6:
        return None
    return duo.Tiles(channels=channels, size=CHANNELS)


def words_of(site: Site[Any], tiles: duo.Tiles) -> Array | None:
    """The packed weights, when all pairs fit."""
    w = site.constant(WEIGHTS)
    return duo.packed(w.reshape(len(w), -1), tiles)


def connected_scales(site: Site[Any], tiles: duo.Tiles) -> list[HighMultiply] | None:
    """The two-instruction requantisation at every place of a fully connected layer, when all have one."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    plain = site.x().dtype is DType.INT8 and quantization is not None and not any(quantization.zero_point)
    if not plain or w.shape[-1] % GROUP:
        return None
    lowest, highest = accumulator_range(site)
    if not duo.fits(lowest, highest):
        return None
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    reals = reals * len(w) if len(reals) == 1 else reals
    low, high = (int(end) - site.y().zero_point for end in full_clamp(site.args.clamp, site.y()))
    found = []
    for place, (c, factor) in enumerate(zip(tiles.order().tolist(), tiles.factors(), strict=True)):
        fraction = duo.fraction_of(place, fraction_of(site))
        h = high_multiply_double(reals[c], (low + 1, high), lowest[c], highest[c], fraction, factor)
        if h is None:
            return None
        found.append(h)
    return found


def accepts_connected(site: Site[Any]) -> bool:
    """All channels have a requantisation, and all pairs of weights fit."""
    tiles = tiles_of(site)
    if tiles is None or connected_scales(site, tiles) is None:
        return False
    return words_of(site, tiles) is not None


def pixels_of(site: Site[Any]) -> int:
    """Pixels of all images."""
    x = site.x()
    return x.elements // x.shape[3]


def accepts_pixels(site: Site[Any]) -> bool:
    """A pointwise convolution whose activation clamps negative sums away."""
    if site.x().shape[3] % GROUP or not accepts_pointwise(site):
        return False
    tiles = tiles_of(site)
    return tiles is not None and relu_scales_at(site, tiles) is not None and words_of(site, tiles) is not None


def accepts_single(site: Site[Any]) -> bool:
    """The same, of one pixel."""
    return pixels_of(site) <= MOST_PIXELS and accepts_pixels(site)


def accepts_many(site: Site[Any]) -> bool:
    """The same, of more pixels: slower than a strip, but without scratch."""
    return pixels_of(site) > MOST_PIXELS and accepts_pixels(site)


def row_call(site: Site[Any], tiles: duo.Tiles, scales: list[HighMultiply], fraction: int) -> tuple[Call]:
    """The call for weights [O, depth] (or [O, 1, 1, depth])."""
    words = words_of(site, tiles)
    assert words is not None
    depth = site.x(WEIGHTS).elements // tiles.channels
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    args = RowDuoArgs(
        rows=site.x().elements // depth, depth=depth, channels=tiles.channels, coarse=int(fraction != FRACTION),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip
    biases = folded_biases(site)[tiles.order()] * np.array(tiles.factors())
    start = duo.starts(biases + np.array([h.offset for h in scales]))
    stream = duo.blocks(start, words, duo.once_scales(scales, site.y().zero_point, fraction))
    note = "eights of channels x {8 starts, groups x 2 x 4 words of weights, 8 x {multiplier, addend}}"
    constant = Constant(label="weights", data=stream.astype(np.int32), shape_note=note)
    return (ROW_S8_DUO.call(Input(index=0), constant, Output(index=0), args=args),)


def bind_connected(site: Site[Any]) -> tuple[Call]:
    """One call for all rows."""
    tiles = tiles_of(site)
    assert tiles is not None
    scales = connected_scales(site, tiles)
    assert scales is not None
    return row_call(site, tiles, scales, fraction_of(site))


def bind_pixels(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels."""
    tiles = tiles_of(site)
    assert tiles is not None
    scales = relu_scales_at(site, tiles)
    assert scales is not None
    return row_call(site, tiles, scales, FRACTION)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
)
ROW_S8_DUO = Kernel(
    name="nk_row_s8_duo",
    params=PARAMS,
    args=RowDuoArgs,
    bind=bind_connected,
    accepts=accepts_connected,
    needs=Isa.DSP,
    overlap=pixels_during,
)
SINGLE_S8_DUO = Kernel(
    name="nk_row_s8_duo",
    params=PARAMS,
    args=RowDuoArgs,
    bind=bind_pixels,
    accepts=accepts_single,
    needs=Isa.DSP,
    overlap=pixels_during,
)
PIXELS_S8_DUO = Kernel(
    name="nk_row_s8_duo",
    params=PARAMS,
    args=RowDuoArgs,
    bind=bind_pixels,
    accepts=accepts_many,
    needs=Isa.DSP,
    overlap=pixels_during,
)
