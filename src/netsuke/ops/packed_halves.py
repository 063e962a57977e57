"""CONV_2D with packed weights and sums of 16 bits, two in a word (kernels/include/nk_halves_packed_s8.h).

Six pixels by two channels at a time for any core, eight by four for RV32IM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops import triples
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, scaled_params, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import BITS, UNITS, bits_of, paired_units
from netsuke.ops.packed_lines import Scales, conv_lines, line_scales
from netsuke.ops.requantize import real_multipliers, relative_clamp
from netsuke.ops.skips import scale_table

START = 1 << 15
"""What each half of a word starts from; with it no sum of a piece leaves its half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalvesArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs (a multiple of four), the window as in Conv2dArgs.

    cut: after how many inputs sums are taken out of the words. stride: words of a channel's row in the table of
    scales, which say what is in it (nk_halves_packed_s8.h); shift: see nk_steps_s8.h. low, high, y_zero: the clamp
    before the zero point is added, and that.
    """

    c_name: ClassVar[str] = "nk_halves_args"
    pixels: int
    channels: int
    depth: int
    cut: int
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
    stride: int
    shift: int
    low: int
    high: int
    y_zero: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is computed at a time: pixels, two in a word, by channels."""

    name: str
    pixels: int
    channels: int
    needs: Isa
    unit: Callable[[int], str]
    """Number of bits → C type of a unit of weights."""
    weights: Callable[[Array, int], Constant]
    """Weights [O, depth] and number of bits → units."""


def fours_of_channels(rows: Array, bits: int) -> Constant:
    """Weights [O, depth] → words [O / 4, depth * bits / 8]: inputs of four channels, the first one's highest."""
    each = 8 // bits
    whole = np.pad(rows, ((0, -len(rows) % 4), (0, -rows.shape[1] % 4))).astype(np.int64)
    fields = whole.reshape(-1, 4, whole.shape[1] // each, each).transpose(0, 2, 3, 1)
    fields = fields.reshape(*fields.shape[:2], 4 * each) & ((1 << bits) - 1)
    words = (fields << bits * np.arange(4 * each - 1, -1, -1)).sum(axis=2)
    note = f"channels by four x inputs by {each}, {bits} bits a weight"
    return Constant(label="weights", data=words.astype("<u4").view("<i4"), shape_note=note)


def cut_of(rows: Array) -> int:
    """The most inputs, a multiple of four, whose sums fit half a word in every channel and piece."""
    depth = triples.fourfold(rows.shape[1])
    whole = np.pad(rows, ((0, 0), (0, depth - rows.shape[1])))
    low, high = np.minimum(whole * -128, whole * 127), np.maximum(whole * -128, whole * 127)
    for pieces in range(1, depth // 4 + 1):
        cut = triples.fourfold(-(-depth // pieces))
        at = np.arange(0, depth, cut)
        least, most = np.add.reduceat(low, at, axis=1).min(), np.add.reduceat(high, at, axis=1).max()
        if least >= -START and most < START:
            return cut
    raise AssertionError("four products of weights of four bits always fit")


def scales_of(site: Site[Any], rows: Array, start: int) -> Scales:
    """One product where that is exact, else two (staircase.py), else both roundings; sums come with `start`."""
    bias = triples.folded_bias(site, rows) - start
    found = conv_lines(site, rows)
    if found is not None:
        return line_scales(found, bias, int(full_clamp(site.args.clamp, site.y())[0]))
    stairs = triples.conv_steps(site, rows)
    if stairs is not None:
        table = triples.scale_rows(site, stairs, bias)
        return Scales(table=table, stride=table.data.shape[1], shift=stairs.shift)
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    multipliers = [Multiplier.of(real) for real in reals.tolist()]
    values, shifts = (np.array([getattr(m, name) for m in multipliers]) for name in ("value", "shift"))
    return Scales(table=scale_table([bias, values, shifts], "bias, multiplier, shift"), stride=3, shift=0)


def args_of(site: Site[Any], rows: Array, cut: int, scales: Scales) -> HalvesArgs:
    """The struct for one image."""
    x, y, (down, along) = site.x(), site.y(), windows(site)
    low, high = relative_clamp(site.args.clamp, y)
    return HalvesArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=triples.fourfold(rows.shape[1]), cut=cut,
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        pad_h=down.before, pad_w=along.before, x_zero=x.zero_point,
        stride=scales.stride, shift=scales.shift, low=low, high=high, y_zero=y.zero_point,
    )  # fmt: skip


def bound(site: Site[Any], bits: int, shape: Shape) -> tuple[tuple[Constant, Constant], HalvesArgs]:
    """Constants and struct."""
    rows = triples.channel_rows(site)
    cut = cut_of(rows)
    scales = scales_of(site, rows, START * -(-rows.shape[1] // cut))
    return (shape.weights(rows, bits), scales.table), args_of(site, rows, cut, scales)


def takes(site: Site[Any], bits: int) -> bool:
    """int8, one group, no dilation, more than two pixels, weights of so many bits."""
    return triples.undilated(site) and bits_of(site) == bits


def conv_2d(shape: Shape, bits: int) -> Kernel:
    """The kernel for windows of any size: one call an image."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        constants, args = bound(site, bits, shape)
        scratch = Scratch(nbytes=2 * shape.pixels * args.depth)
        return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=f"nk_conv_2d_w{bits}_{shape.name}",
        params=scaled_params(shape.unit(bits)),
        args=HalvesArgs,
        bind=bind,
        accepts=lambda site: takes(site, bits),
        needs=shape.needs,
        overlap=windows_ahead(shape.pixels),
        packs=True,
    )
    return kernel


def pointwise(shape: Shape, bits: int) -> Kernel:
    """The kernel for windows of one pixel: one call for all pixels of all images."""

    def bind(site: Site[Any]) -> tuple[Call]:
        constants, args = bound(site, bits, shape)
        args = replace(args, pixels=args.pixels * site.x().shape[0])
        scratch = Scratch(nbytes=2 * shape.pixels * args.depth)
        return (kernel.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)

    kernel = Kernel(
        name=f"nk_pointwise_w{bits}_{shape.name}",
        params=scaled_params(shape.unit(bits)),
        args=HalvesArgs,
        bind=bind,
        accepts=lambda site: takes(site, bits) and triples.one_pixel(site),
        needs=shape.needs,
        overlap=pixels_ahead(shape.pixels),
        packs=True,
    )
    return kernel


EIGHTS = Shape(
    name="eights",
    pixels=8,
    channels=4,
    needs=Isa.RV_M,
    unit=lambda _: "int32_t",
    weights=fours_of_channels,
)
HALVES = Shape(
    name="halves",
    pixels=6,
    channels=2,
    needs=Isa.NONE,
    unit=lambda bits: UNITS[bits],
    weights=paired_units,
)
CONVOLUTIONS_HALVES = tuple(
    make(shape, bits) for shape in (EIGHTS, HALVES) for make in (pointwise, conv_2d) for bits in BITS
)
