"""CONV_2D of int16 activations in strips of pixels, for cores with the DSP extension (nk_band_s16.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, accumulates_64_bits, bias_of, images, windows
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.scales_s16_dsp import (
    HIGHEST,
    LOWEST,
    clamp_ends,
    multipliers,
    once,
    reach_of,
    saturates,
    twice,
)

PASS = 8
"""Pairs of inputs in the unrolled loop: NK_STRIP_S16_PASS."""
TILE = 3
BAND_BYTES = 2048
"""A band grows up to this size, so that fewer columns are copied twice."""

Scales = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvS16Args(KernelArgs):
    """One image (pointwise: all, as one row). Sizes in elements; a window is `pairs` pairs of inputs.

    tile: outputs that a band serves, or one more; band: halfwords of it; direct: the image serves as one. first: pairs
    in the first pass of the loop. narrow: the clamp low..high is not the kernel's own.
    """

    c_name: ClassVar[str] = "nk_conv_s16_args"
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    channels: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    pad_h: int
    pad_w: int
    pairs: int
    first: int
    weight_bytes: int
    tile: int
    band: int
    direct: int
    narrow: int
    low: int
    high: int


def plain(site: Site[Any]) -> bool:
    """int16, one group, taps of a row side by side."""
    _, along = windows(site)
    whole = site.x().shape[3] == site.x(WEIGHTS).shape[3]
    return site.x().dtype is DType.INT16 and whole and (along.dilation == 1 or along.kernel == 1)


def by_columns(site: Site[Any]) -> Array:
    """Weights [O, K], the window column by column, as a band has it."""
    w = site.constant(WEIGHTS)
    return np.ascontiguousarray(w.transpose(0, 2, 1, 3)).reshape(len(w), -1)


def once_scales(site: Site[Any]) -> Scales | None:
    """SMMULR's multiplier of every channel, when LiteRT's accumulator has 64 bits and 32 of them do."""
    rows = by_columns(site)
    if not accumulates_64_bits(site) or not reach_of(rows, bias_of(site, len(rows))).fits:
        return None
    found = [(m,) for m in map(once, multipliers(site)) if m is not None]
    return found if len(found) == len(rows) else None


def twice_scales(site: Site[Any]) -> Scales | None:
    """The constants of two roundings, when LiteRT's accumulator has 32 bits."""
    rows = by_columns(site)
    reach = reach_of(rows, bias_of(site, len(rows)))
    if accumulates_64_bits(site) or not reach.fits:
        return None
    every = zip(multipliers(site), reach.least, reach.most, strict=True)
    found = [s for s in (twice(m, least, most) for m, least, most in every) if s is not None]
    return found if len(found) == len(rows) else None


def wide_scales(site: Site[Any]) -> Scales | None:
    """SMMULR's multiplier of every channel, when some sums need more than 32 bits and may be saturated to them."""
    rows = by_columns(site)
    reach = reach_of(rows, bias_of(site, len(rows)))
    if not accumulates_64_bits(site) or reach.fits:
        return None
    ends = clamp_ends(site)
    every = zip(map(once, multipliers(site)), reach.least, reach.most, strict=True)
    found = [(m,) for m, least, most in every if m is not None and saturates(m, least, most, ends)]
    return found if len(found) == len(rows) else None


def accepts_wide(site: Site[Any]) -> bool:
    """Sums of more than 32 bits, any activation."""
    return plain(site) and wide_scales(site) is not None


def accepts_once(site: Site[Any]) -> bool:
    """Any activation."""
    return plain(site) and once_scales(site) is not None


def accepts_relu(site: Site[Any]) -> bool:
    """What is below zero is clamped, and nothing else."""
    return accepts_once(site) and clamp_ends(site) == (0, HIGHEST)


def accepts_twice(site: Site[Any]) -> bool:
    """A bias of int32, any activation."""
    return plain(site) and twice_scales(site) is not None


def packed_weights(rows: Array) -> Constant:
    """[O, K] → channels by two, inputs by two: bytes a0 b0 a1 b1, padded with zeros to whole pairs of both."""
    padded = np.zeros((len(rows) + len(rows) % 2, rows.shape[1] + rows.shape[1] % 2), dtype=np.int8)
    padded[: rows.shape[0], : rows.shape[1]] = rows
    data = padded.reshape(-1, 2, padded.shape[1] // 2, 2).transpose(0, 2, 3, 1)
    note = "channel pairs x input pairs x 2 inputs x 2 channels"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)


def scale_stream(biases: Array, scales: Scales) -> Constant:
    """Biases of the first pair, then for every pair the constants of each channel and the biases of the next."""
    starts = [int(b) for b in wrap_int32(biases)]
    padded = list(scales)
    if len(starts) % 2:
        starts, padded = [*starts, 0], [*padded, padded[-1]]
    stream: list[int] = []
    for first in range(0, len(starts), 2):
        stream += [*starts[first : first + 2], *padded[first], *padded[first + 1]]
    data = np.array([*stream, 0, 0], dtype=np.int32)
    return Constant(label="scales", data=data, shape_note="biases of a pair, constants of each")


def wide_stream(biases: Array, scales: Scales) -> Constant:
    """For every pair of channels their biases, of two words each, and their multipliers."""
    starts = [int(b) for b in biases]
    padded = [m for (m,) in scales]
    if len(starts) % 2:
        starts, padded = [*starts, 0], [*padded, 0]
    bits = np.array(starts, dtype="<i8").view("<i4").reshape(-1, 4)
    data = np.concatenate([bits, np.array(padded, dtype=np.int32).reshape(-1, 2)], axis=1)
    note = "channel pairs x (2 biases of 2 words, 2 multipliers)"
    return Constant(label="scales", data=data.astype(np.int32), shape_note=note)


def conv_args(site: Site[Any]) -> ConvS16Args:
    """The struct for one image; `narrow` as if the kernel clamped to int16."""
    rows, along = windows(site)
    x, y, w = site.x(), site.y(), site.x(WEIGHTS)
    low, high = clamp_ends(site)
    pairs = -(-w.elements // w.shape[0] // 2)
    args = ConvS16Args(
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_h=y.shape[1], out_w=y.shape[2],
        channels=y.shape[3], kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride,
        stride_w=along.stride, dilation_h=rows.dilation, pad_h=rows.before, pad_w=along.before,
        pairs=pairs, first=(pairs - 1) % PASS + 1, weight_bytes=-(-y.shape[3] // 2) * pairs * 4,
        tile=y.shape[2], band=0, direct=int(is_direct(site)),
        narrow=int((low, high) != (LOWEST, HIGHEST)), low=low, high=high,
    )  # fmt: skip
    return with_band(args)


def is_direct(site: Site[Any]) -> bool:
    """Windows are one row high, within the image, and whole words."""
    rows, _ = windows(site)
    inside = all(
        w.before == 0 and (w.output - 1) * w.stride + (w.kernel - 1) * w.dilation < w.size
        for w in windows(site)
    )
    w = site.x(WEIGHTS)
    return rows.kernel == 1 and inside and w.elements // w.shape[0] % 2 == 0


def with_band(args: ConvS16Args) -> ConvS16Args:
    """The struct with the largest tile whose band is no larger than it should be."""
    if args.direct:
        return replace(args, tile=args.out_w)
    column = args.kernel_h * args.in_c

    def halfwords(outputs: int) -> int:
        columns = (min(outputs, args.out_w) - 1) * args.stride_w + args.kernel_w
        return (columns * column + 2) // 2 * 2

    tile = TILE
    while tile < args.out_w and 2 * halfwords(tile + TILE + 1) <= BAND_BYTES:
        tile += TILE
    return replace(args, tile=tile, band=halfwords(tile + 1))


def is_pointwise(site: Site[Any]) -> bool:
    """A window of one pixel that moves by one: all pixels of all images are one row."""
    return all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in windows(site))


def scratch_of(args: ConvS16Args) -> Scratch:
    """The band, then a tile of an odd number of channels."""
    staged = TILE * (args.channels + 1) if args.channels % 2 else 0
    return Scratch(nbytes=max(2 * (args.band + staged), 4))


def conv_calls(site: Site[Any], kernel: Kernel, stream: Constant, args: ConvS16Args) -> tuple[Call, ...]:
    """One call an image, or one for all pixels."""
    constants = packed_weights(by_columns(site)), stream
    if is_pointwise(site):
        pixels = site.x().elements // site.x().shape[3]
        args = with_band(replace(args, in_h=1, in_w=pixels, out_h=1, out_w=pixels))
        return (kernel.call(Input(index=0), *constants, Output(index=0), scratch_of(args), args=args),)
    return tuple(kernel.call(x, *constants, y, scratch_of(args), args=args) for x, y in images(site))


PARAMS = (
    Param(name="x", ctype="const int16_t"),
    Param(name="w", ctype="const int8_t"),
    Param(name="scales", ctype="const int32_t"),
    Param(name="y", ctype="int16_t"),
    Param(name="scratch", ctype="void"),
)


def conv_kernel(
    name: str,
    accepts: Callable[[Site[Any]], bool],
    scales: Callable[[Site[Any]], Scales | None],
    stream: Callable[[Array, Scales], Constant] = scale_stream,
    own: tuple[int, int] = (LOWEST, HIGHEST),
) -> Kernel:
    """The kernel of one form of requantisation; `own` is the clamp that it makes itself."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        found, args = scales(site), conv_args(site)
        assert found is not None
        args = replace(args, narrow=int((args.low, args.high) != own))
        biases = bias_of(site, args.channels).reshape(-1)
        return conv_calls(site, kernel, stream(biases, found), args)

    kernel = Kernel(name=name, params=PARAMS, args=ConvS16Args, bind=bind, accepts=accepts, needs=Isa.DSP)
    return kernel


CONV_2D_S16_DSP = (
    conv_kernel("nk_conv_2d_relu_s16_dsp", accepts_relu, once_scales, own=(0, HIGHEST)),
    conv_kernel("nk_conv_2d_s16_dsp", accepts_once, once_scales),
    conv_kernel("nk_conv_2d_narrow_s16_dsp", accepts_twice, twice_scales),
    conv_kernel("nk_conv_2d_wide_s16_dsp", accepts_wide, wide_scales, wide_stream),
)
"""Best first."""
