"""Weights of four and of two bits, kept packed in flash and unpacked by the kernels (kernels/include/nk_packed_s8.h).

A layer is taken by its values: all weights in -8..7, or in -2..1. A byte holds the weights of one input in two or four
channels (strips of two bits: of two inputs in two channels), the first in its highest bits. A shift and a mask make
signed bytes of it, 16 or 64 times as large, and sums are shifted back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops import row_dsp, strip
from netsuke.ops.conv_geometry import (
    WEIGHTS,
    Conv2dArgs,
    conv_args,
    folded_bias,
    images,
    quantized_params,
    scale_constants,
    windows,
)
from netsuke.ops.conv_overlap import pixels_ahead, pixels_during, windows_ahead
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Param, Scratch
from netsuke.ops.operator import Site

BITS = (4, 2)
MARGIN = 1 << 20
"""More than the offsets that requantisation adds to a sum."""


def bits_of(site: Site[Any]) -> int | None:
    """The fewest bits, 2 or 4, that hold all weights; None when they need more, or have a zero point."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    if w.dtype != np.int8 or quantization is None or any(quantization.zero_point):
        return None
    return next((b for b in (2, 4) if w.min() >= -(1 << (b - 1)) and w.max() < 1 << (b - 1)), None)


def back(bits: int) -> int:
    """How far sums are shifted back."""
    return 8 - bits


def fits(lowest: Sequence[int], highest: Sequence[int], bits: int) -> bool:
    """Accumulators that stay in 32 bits before they are shifted back."""
    limit = (1 << (31 - back(bits))) - MARGIN
    return max(max(highest), -min(lowest)) < limit


def fields(parts: Sequence[Array], bits: int) -> Array:
    """Bytes from their fields, highest first."""
    total = np.zeros(parts[0].shape, np.uint8)
    for i, part in enumerate(parts):
        total |= (part.astype(np.uint8) & ((1 << bits) - 1)) << (8 - bits * (i + 1))
    return total.view(np.int8)


def padded(w: Array, channels: int, depth: int) -> Array:
    """[O, ...] as rows, with zeros up to multiples of `channels` and `depth`: [blocks, channels, groups, 4]."""
    rows = w.reshape(len(w), -1)
    whole = np.zeros((-(-len(rows) // channels) * channels, -(-rows.shape[1] // depth) * depth), np.int8)
    whole[: len(rows), : rows.shape[1]] = rows
    return whole.reshape(-1, channels, whole.shape[1] // 4, 4)


def strip_weights(w: Array, bits: int) -> Constant:
    """For strips: channels by two; four inputs of both a word, or eight of both."""
    pairs = padded(w, 2, 4 if bits == 4 else 8)
    if bits == 4:
        data = fields((pairs[:, 0], pairs[:, 1]), bits)
    else:
        data = fields([pairs[:, c, g::2] for g in (0, 1) for c in (0, 1)], bits)
    note = f"channel pairs x words, {bits} bits a weight"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)


def row_weights(w: Array, bits: int) -> Constant:
    """For rows: channels by four; four inputs of two of them a word, or of all four."""
    fours = padded(w, 4, 4)
    words = [fours[:, c : c + 8 // bits] for c in range(0, 4, 8 // bits)]
    data = np.stack([fields([word[:, c] for c in range(word.shape[1])], bits) for word in words], axis=2)
    note = f"channels by four x groups x words, {bits} bits a weight"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)


def strips(site: Site[Any], bits: int) -> bool:
    """What strips take, with weights that can be packed."""
    taken = strip.accepts(site) and bits_of(site) == bits
    return taken and fits(*strip.accumulator_range(site), bits)


def strip_operands(site: Site[Any], bits: int) -> tuple[strip.StripArgs, tuple[Constant, Constant]]:
    """Arguments and constants of a strip kernel."""
    args = strip.strip_args(site)
    groups = args.groups if bits == 4 else args.groups + args.groups % 2
    args = replace(args, groups=groups, weight_bytes=-(-args.channels // 2) * groups * bits)
    weights = strip_weights(site.constant(WEIGHTS), bits)
    return args, (weights, strip.scale_stream(site, bias_shift=back(bits)))


def bind_conv(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    args, constants = strip_operands(site, bits)
    scratch = Scratch(nbytes=strip.scratch_bytes(args, gathers=True))
    kernel = CONV_2D_DSP[bits]
    return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any], bits: int) -> tuple[Call]:
    """One call for all pixels of all images."""
    args, constants = strip_operands(site, bits)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = Scratch(nbytes=strip.scratch_bytes(args, gathers=False))
    call = POINTWISE_DSP[bits].call(Input(index=0), *constants, Output(index=0), scratch, args=args)
    return (call,)


def rows(site: Site[Any], bits: int) -> bool:
    """What rows take, with weights that can be packed."""
    taken = bits_of(site) == bits and row_dsp.fully_connected_scales(site) is not None
    return taken and fits(*row_dsp.accumulator_range(site), bits)


def bind_rows(site: Site[Any], bits: int) -> tuple[Call]:
    """One call for all rows."""
    scales, fraction = row_dsp.fully_connected_scales(site), row_dsp.fraction_of(site)
    assert scales is not None
    zero = site.y().zero_point << fraction
    call = ROW_DSP[bits].call(
        Input(index=0),
        row_weights(site.constant(WEIGHTS), bits),
        row_dsp.stream(strip.folded_biases(site), scales, zero, bias_shift=back(bits)),
        Output(index=0),
        args=row_dsp.row_args(site, site.x().elements // site.x(WEIGHTS).shape[1], fraction),
    )
    return (call,)


def any_conv(site: Site[Any], bits: int) -> bool:
    """int8, one group, no dilation."""
    axes = windows(site)
    plain = site.x().shape[3] == site.x(WEIGHTS).shape[3] and all(a.dilation == 1 for a in axes)
    return site.x().dtype is DType.INT8 and plain and bits_of(site) == bits and sums_fit(site, bits)


def sums_fit(site: Site[Any], bits: int) -> bool:
    """Sums of products, without the bias, stay in 32 bits before they are shifted back."""
    w = site.constant(WEIGHTS).astype(np.int64)
    largest = int(np.abs(w.reshape(len(w), -1)).sum(axis=1).max()) * 128
    return fits([-largest], [largest], bits)


def bind_any_conv(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    w = site.constant(WEIGHTS)
    args = conv_args(site, windows(site), 1)
    constants = (row_weights(w, bits), folded_bias(site, w.reshape(len(w), -1)), *scale_constants(site))
    scratch = Scratch(nbytes=w.size // len(w))
    kernel = CONV_2D[bits]
    return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def by_bits(make: Callable[[int], Kernel]) -> dict[int, Kernel]:
    """One kernel for each number of bits."""
    return {bits: make(bits) for bits in BITS}


POINTWISE_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_pointwise_w{bits}_dsp",
        params=strip.PARAMS,
        args=strip.StripArgs,
        bind=lambda site: bind_pointwise(site, bits),
        accepts=lambda site: strip.accepts_pointwise(site) and strips(site, bits),
        needs=Isa.DSP,
        overlap=pixels_ahead(strip.PIXELS),
        packs=True,
    )
)
CONV_2D_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}_dsp",
        params=strip.PARAMS,
        args=strip.StripArgs,
        bind=lambda site: bind_conv(site, bits),
        accepts=lambda site: strips(site, bits),
        needs=Isa.DSP,
        overlap=windows_ahead(strip.PIXELS),
        packs=True,
    )
)
ROW_DSP = by_bits(
    lambda bits: Kernel(
        name=f"nk_row_w{bits}_dsp",
        params=row_dsp.PARAMS,
        args=row_dsp.RowArgs,
        bind=lambda site: bind_rows(site, bits),
        accepts=lambda site: rows(site, bits),
        needs=Isa.DSP,
        overlap=pixels_during,
        packs=True,
    )
)
CONV_2D = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}",
        params=(*quantized_params("int8_t", "int32_t"), Param(name="scratch", ctype="void")),
        args=Conv2dArgs,
        bind=lambda site: bind_any_conv(site, bits),
        accepts=lambda site: any_conv(site, bits),
        overlap=windows_ahead(1),
        packs=True,
    )
)
CONVOLUTIONS = (*POINTWISE_DSP.values(), *CONV_2D_DSP.values(), *CONV_2D.values())
