"""CONV_2D and FULLY_CONNECTED with packed weights on cores with the DSP extension: what kernels are handed.

See packed_layout.py for the weights, packed_scales.py for the requantisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops import row_dsp, strip
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.conv_overlap import pixels_ahead, pixels_during, windows_ahead
from netsuke.ops.duo import GROUP, Tiles
from netsuke.ops.fixed_point import Int64Array, wrap_int32
from netsuke.ops.high_multiply import HighMultiply
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import bits_of, by_bits
from netsuke.ops.packed_layout import (
    CHANNELS,
    filled,
    first_sums,
    lift_2,
    row_tiles,
    segment_of,
    strip_tiles,
    words_2,
    words_4,
)
from netsuke.ops.packed_scales import (
    PLACES,
    RAW,
    Channel,
    Place,
    clamps_negatives,
    doubled,
    fits,
    general,
    levels_of,
    rising,
)
from netsuke.ops.requantize import real_multipliers
from netsuke.ops.strip_duo import PIXELS


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs in `groups` of four; the window as in Conv2dArgs.

    steps: pairs of inputs that are not all zero (four bits). segment: groups behind which the first of two sums is
    taken out (two bits). lift: what the inputs' sum is multiplied by. whole_groups: a row of the window is a multiple
    of four bytes; short_rows: it has four at most. once: the scales are those of high_multiply. narrow: the clamp
    low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_packed_args"
    pixels: int
    channels: int
    depth: int
    groups: int
    steps: int
    segment: int
    segments: int
    lift: int
    weight_bytes: int
    in_h: int
    in_w: int
    in_c: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    whole_groups: int
    short_rows: int
    once: int
    narrow: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRowArgs(KernelArgs):
    """`rows` of `depth` inputs (a multiple of four), `channels` outputs each; the others as in PackedArgs."""

    c_name: ClassVar[str] = "nk_packed_row_args"
    rows: int
    depth: int
    channels: int
    segment: int
    lift: int
    narrow: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """[tiles * 4, ...] scale constants of every place; `starts`: bias and offset, as the sums come, [tiles * 4]."""

    starts: Int64Array
    words: Int64Array
    once: bool


def channels_of(site: Site[Any], ranges: tuple[list[int], list[int]]) -> list[Channel]:
    """[O] from the bounds of their accumulators."""
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    reals = reals * len(ranges[0]) if len(reals) == 1 else reals
    return [
        Channel(real=real, lowest=least, highest=most)
        for real, least, most in zip(reals, *ranges, strict=True)
    ]


def at_places(channels: Sequence[Channel], bits: int, tiles: Tiles) -> list[tuple[Channel, Place]]:
    """Every place's channel; the last one fills up a tile."""
    order = [min(int(c), len(channels) - 1) for c in tiles.order()]
    return [(channels[c], PLACES[bits][i % CHANNELS]) for i, c in enumerate(order)]


def once(site: Site[Any], found: Sequence[HighMultiply], bits: int, tiles: Tiles) -> Scales:
    """Scale constants of two instructions, the zero point in their addends."""
    count = len(found) // CHANNELS
    places = PLACES[bits] * count
    shifts = [place.factor // raw for place, raw in zip(places, RAW[bits] * count, strict=True)]
    factors, offsets = np.array([p.factor for p in places]), np.array([h.offset for h in found])
    starts = (filled(strip.folded_biases(site), tiles) * factors + offsets) // np.array(shifts)
    zero = site.y().zero_point
    words = [(h.multiplier, h.addend + (zero << p.fraction)) for h, p in zip(found, places, strict=True)]
    return Scales(starts=starts, words=np.array(words, np.int64), once=True)


def conv_scales(site: Site[Any], bits: int) -> Scales | None:
    """Scale constants of a convolution; None where sums do not stay apart."""
    tiles = strip_tiles(site)
    places = at_places(channels_of(site, strip.accumulator_range(site)), bits, tiles)
    raw = RAW[bits] * (len(places) // CHANNELS)
    if not fits([c for c, _ in places], raw):
        return None
    if clamps_negatives(site):
        count = 127 - site.y().zero_point
        found = [rising(channel, count, place) for channel, place in places]
        whole = [h for h in found if h is not None]
        if len(whole) == len(found):
            return once(site, whole, bits, tiles)
    both = [general(channel.real, channel) for channel, _ in places]
    words = [scale for scale in both if scale is not None]
    if len(words) < len(both):
        return None
    starts = filled(strip.folded_biases(site), tiles) * np.array(raw)
    return Scales(starts=starts, words=np.array(words, np.int64), once=False)


def row_scales(site: Site[Any], bits: int) -> Scales | None:
    """Scale constants of a fully connected layer; None where sums do not stay apart, or there are none."""
    tiles = row_tiles(site)
    places = at_places(channels_of(site, row_dsp.accumulator_range(site)), bits, tiles)
    raw = RAW[bits] * (len(places) // CHANNELS)
    if not fits([c for c, _ in places], raw):
        return None
    levels = levels_of(site)
    found = [doubled(channel, levels, place) for channel, place in places]
    whole = [h for h in found if h is not None]
    return once(site, whole, bits, tiles) if len(whole) == len(found) else None


def stream_of(site: Site[Any], scales: Scales, words: Array, firsts: Int64Array, *, places: bool) -> Constant:
    """All blocks; with `places` the zero point, where both roundings need it, and a tile's first channel."""
    count = len(words)
    parts = [firsts, words, scales.words.reshape(count, -1)]
    if not scales.once:
        parts.insert(2, np.full((count, 1), site.y().zero_point))
    if places:
        parts.append(np.array(strip_tiles(site).firsts)[:, None])
    data = wrap_int32(np.concatenate(parts, axis=1)).astype(np.int32).reshape(-1)
    return Constant(
        label="weights", data=data, shape_note="fours of channels x {starts, packed weights, scales}"
    )


def packed_args(site: Site[Any], bits: int) -> tuple[PackedArgs, Constant]:
    """The struct for one image, and the stream."""
    scales = conv_scales(site, bits)
    assert scales is not None
    rows, along = windows(site)
    x, y, w = site.x(), site.y(), site.constant(WEIGHTS)
    tiles, depth = strip_tiles(site), w.size // len(w)
    groups = -(-depth // GROUP)
    steps = max(2, 2 * groups - (depth % GROUP == 1))
    words = words_4(w, tiles, steps) if bits == 4 else words_2(w, tiles)
    stream = stream_of(site, scales, words, first_sums(scales.starts, bits), places=True)
    segment = groups if bits == 4 else segment_of(w, tiles, 0)
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    args = PackedArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=depth, groups=groups, steps=steps,
        segment=segment, segments=-(-groups // segment), lift=1 if bits == 4 else lift_2(w),
        weight_bytes=stream.data.nbytes, in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride, stride_w=along.stride,
        pad_h=rows.before, pad_w=along.before, x_zero=x.zero_point,
        whole_groups=int(along.kernel * x.shape[3] % GROUP == 0), short_rows=int(along.kernel * x.shape[3] <= GROUP),
        once=int(scales.once),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip
    return args, stream


def scratch_of(args: PackedArgs, *, gathers: bool) -> Scratch:
    """Columns of two pixels, offsets of their segments, four channels of both where there are fewer, and a window (or
    one row of it) on its way into the columns."""
    run = args.kernel_w * args.in_c
    staged = run if args.whole_groups and not args.short_rows else run * args.kernel_h + GROUP - 1
    window = staged if gathers or args.short_rows else 0
    few = PIXELS * CHANNELS if args.channels < CHANNELS else 0
    return Scratch(nbytes=args.groups * 16 + args.segments * 8 + few + window)


def takes_strips(site: Site[Any], bits: int) -> bool:
    """int8, one group, no dilation, weights of so many bits, sums that stay apart."""
    plain = site.x().shape[3] == site.x(WEIGHTS).shape[3] and all(a.dilation == 1 for a in windows(site))
    eights = site.x().dtype is DType.INT8 and plain
    return eights and bits_of(site) == bits and conv_scales(site, bits) is not None


def takes_pixels(site: Site[Any], bits: int) -> bool:
    """The same with a window of one pixel that moves by one."""
    one = all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in windows(site))
    return one and takes_strips(site, bits)


def bind_conv(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    args, stream = packed_args(site, bits)
    scratch = scratch_of(args, gathers=strip.reads_outside(site))
    kernel = CONV_2D_DSP[bits]
    return tuple(kernel.call(x, stream, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any], bits: int) -> tuple[Call]:
    """One call for all pixels of all images."""
    args, stream = packed_args(site, bits)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = scratch_of(replace(args, short_rows=0), gathers=False)
    return (POINTWISE_DSP[bits].call(Input(index=0), stream, Output(index=0), scratch, args=args),)


def takes_rows(site: Site[Any], bits: int) -> bool:
    """Whole groups of four inputs, weights of so many bits, sums that stay apart."""
    whole = site.x().dtype is DType.INT8 and site.x(WEIGHTS).shape[-1] % GROUP == 0
    return whole and bits_of(site) == bits and row_scales(site, bits) is not None


def bind_rows(site: Site[Any], bits: int) -> tuple[Call]:
    """One call for all rows."""
    scales = row_scales(site, bits)
    assert scales is not None
    w = site.constant(WEIGHTS)
    tiles, depth = row_tiles(site), w.shape[1]
    lift = 1 if bits == 4 else lift_2(w)
    words = words_4(w, tiles, depth // 2) if bits == 4 else words_2(w, tiles)
    sums = first_sums(scales.starts, bits)
    firsts = sums if bits == 4 else sums[:, [2, 3, 0, 1]]
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    args = PackedRowArgs(
        rows=site.x().elements // depth, depth=depth, channels=len(w), lift=lift,
        segment=depth // GROUP if bits == 4 else segment_of(w, tiles, lift),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip
    stream = stream_of(site, scales, words, firsts, places=False)
    return (ROW_DSP[bits].call(Input(index=0), stream, Output(index=0), args=args),)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="scratch", ctype="void"),
)
POINTWISE_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_pointwise_w{bits}_dsp",
        params=PARAMS,
        args=PackedArgs,
        bind=lambda site: bind_pointwise(site, bits),
        accepts=lambda site: takes_pixels(site, bits),
        needs=Isa.DSP,
        overlap=pixels_ahead(PIXELS),
        packs=True,
    )
)
CONV_2D_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}_dsp",
        params=PARAMS,
        args=PackedArgs,
        bind=lambda site: bind_conv(site, bits),
        accepts=lambda site: takes_strips(site, bits),
        needs=Isa.DSP,
        overlap=windows_ahead(PIXELS),
        packs=True,
    )
)
ROW_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_row_w{bits}_dsp",
        params=PARAMS[:3],
        args=PackedRowArgs,
        bind=lambda site: bind_rows(site, bits),
        accepts=lambda site: takes_rows(site, bits),
        needs=Isa.DSP,
        overlap=pixels_during,
        packs=True,
    )
)
