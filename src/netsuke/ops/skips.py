"""CONV_2D three pixels at a time with zeros passed over, for RV32IM (kernels/include/nk_skips_s8.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Int64Array, Multiplier
from netsuke.ops.high_steps import HighSteps, Room, high_steps
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp
from netsuke.ops.staircase import Accumulators
from netsuke.ops.triples import (
    accumulators,
    channel_rows,
    fixed_scaling,
    fourfold,
    one_pixel,
    quad_weights,
    undilated,
)

FIELD = 1 << 21
"""Sums lie below it, or the words of three pixels could not be parted."""
LEAST_SLACK, SLACK = 1 << 6, 1 << 10
"""What the search for a requantisation may add to a sum: as much at least, and no more than that."""
CHANNELS = 8
UP = 10
"""How far the inner loop for sums of one piece shifts them up: they have that much room (NK_SKIP_UP)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipsArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs (a multiple of four), the window as in Conv2dArgs.

    cut: after how many inputs sums are taken out of the words; later: what the sums of the next piece start from.
    stride, up, shift, top, lowest: see nk_high_steps_s8.h.
    """

    c_name: ClassVar[str] = "nk_skips_args"
    pixels: int
    channels: int
    depth: int
    cut: int
    later: int
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
    up: int
    shift: int
    top: int
    lowest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """How inputs are cut: into `count` pieces of `cut`.

    Sums of the first piece start from at least `first` [channels] and at most first + room, those of the others from
    `later`.
    """

    cut: int
    count: int
    first: Int64Array
    room: Int64Array
    later: int


def reach(site: Site[Any], rows: Array) -> tuple[Int64Array, Int64Array]:
    """How far each product of weights [channels, n] and an input less its zero point goes down and up; both >= 0."""
    zero = site.x().zero_point
    ends = rows * (-128 - zero), rows * (127 - zero)
    return np.maximum(-np.minimum(*ends), 0), np.maximum(np.maximum(*ends), 0)


def pieces_of(site: Site[Any], rows: Array) -> Pieces | None:
    """The longest pieces whose sums stay within a field in every channel."""
    depth = fourfold(rows.shape[1])
    padded = np.zeros((len(rows), depth), dtype=np.int64)
    padded[:, : rows.shape[1]] = rows
    down, above = reach(site, padded)
    for count in range(1, depth // 4 + 1):
        cut = fourfold(-(-depth // count))
        starts = range(0, depth, cut)
        below = np.stack([down[:, k : k + cut].sum(axis=1) for k in starts])
        over = np.stack([above[:, k : k + cut].sum(axis=1) for k in starts])
        later = int(below[1:].max()) if len(below) > 1 else 0
        room = FIELD - 1 - below[0] - over[0]
        if room.min() >= LEAST_SLACK and (later + over[1:] < FIELD).all():
            return Pieces(
                cut=cut, count=len(below), first=below[0], room=np.minimum(room, SLACK), later=later
            )
    return None


def steps_of(site: Site[Any], rows: Array, room: Room) -> HighSteps | None:
    """The formula for a convolution whose channels have weights `rows`."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    scaling = fixed_scaling([Multiplier.of(real) for real in reals.tolist()])
    clamp = relative_clamp(site.args.clamp, site.y())
    return high_steps(scaling, reals, clamp, accumulators(site, rows), room)


def found_for(site: Site[Any]) -> tuple[Pieces, HighSteps] | None:
    """Pieces and formula, or None where either cannot be had."""
    rows = channel_rows(site)
    pieces = pieces_of(site, rows)
    if pieces is None:
        return None
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    least = pieces.first + (pieces.count - 1) * pieces.later - bias
    rooms = (Room(least=least, most=least + pieces.room, least_up=least_up, up=UP) for least_up in (UP, 0))
    found = next((steps for room in rooms if (steps := steps_of(site, rows, room)) is not None), None)
    return None if found is None else (pieces, found)


def accepts(site: Site[Any]) -> bool:
    """Where three pixels can be computed at a time, and a requantisation is found."""
    return undilated(site) and found_for(site) is not None


def accepts_pointwise(site: Site[Any]) -> bool:
    """The same for a window of one pixel that moves by one."""
    return one_pixel(site) and accepts(site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """What the kernels read of a requantisation: the table, its columns, the top of v."""

    table: Constant
    stride: int
    top: int


def scale_table(columns: Sequence[Int64Array], note: str) -> Constant:
    """[channels, columns] of words."""
    table = (np.stack(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return Constant(label="scales", data=np.ascontiguousarray(table), shape_note="channels x " + note)


def scales_of(found: HighSteps, lowest: int, bounds: Accumulators) -> Scales:
    """With a floor (nk_high_floor) where there can be one, else as nk_high_step reads them."""
    floored = found.floored(lowest, bounds)
    if floored is None:
        columns = [found.multiplier, found.addend, found.offset, found.addend_up]
        table = scale_table(columns, "multiplier, addend, place of zero, addend above")
        return Scales(table=table, stride=4, top=found.top)
    columns = [floored.multiplier, floored.addend, floored.floor]
    return Scales(table=scale_table(columns, "multiplier, addend, floor"), stride=3, top=floored.top)


def bound(site: Site[Any]) -> tuple[tuple[Constant, Constant, Constant], SkipsArgs]:
    """Constants and struct for one image."""
    rows, found_pieces = channel_rows(site), found_for(site)
    assert found_pieces is not None
    pieces, found = found_pieces
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    first = found.offset + bias - (pieces.count - 1) * pieces.later
    starts = np.zeros((-(-len(rows) // CHANNELS) * CHANNELS, 2), dtype=np.int64)
    starts[: len(rows)] = np.stack([first * ((1 << 21) + 1), first * ((1 << 11) + 1)], axis=1)
    x, y, (down, along) = site.x(), site.y(), windows(site)
    lowest = int(full_clamp(site.args.clamp, y)[0])
    scales = scales_of(found, lowest, accumulators(site, rows))
    args = SkipsArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=fourfold(rows.shape[1]), cut=pieces.cut,
        later=pieces.later, in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        pad_h=down.before, pad_w=along.before, x_zero=x.zero_point,
        stride=scales.stride, up=found.up, shift=found.shift, top=scales.top, lowest=lowest,
    )  # fmt: skip
    words = Constant(
        label="starts",
        data=(starts & 0xFFFFFFFF).astype(np.uint32),
        shape_note="channels x what both words start from",
    )
    return (quad_weights(rows, args.depth), words, scales.table), args


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    constants, args = bound(site)
    scratch = Scratch(nbytes=8 * args.depth)
    return tuple(CONV_2D_S8_SKIPS.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    constants, args = bound(site)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = Scratch(nbytes=8 * args.depth)
    return (POINTWISE_S8_SKIPS.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int32_t"),
    Param(name="starts", ctype="const uint32_t"),
    Param(name="scales", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="scratch", ctype="void"),
)
POINTWISE_S8_SKIPS = Kernel(
    name="nk_pointwise_s8_skips",
    params=PARAMS,
    args=SkipsArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise,
    needs=Isa.RV_M,
    overlap=pixels_ahead(3),
)
CONV_2D_S8_SKIPS = Kernel(
    name="nk_conv_2d_s8_skips",
    params=PARAMS,
    args=SkipsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=windows_ahead(3),
)
