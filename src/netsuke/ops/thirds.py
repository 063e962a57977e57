"""CONV_2D three pixels at a time, a third of a row apart, for RV32IM (kernels/include/nk_thirds_s8.h).

For first layers: few channels that are seldom zero, windows that overlap. Rows are packed once, and words serve all
the windows that share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import bias_of, images, windows
from netsuke.ops.fixed_point import Int64Array
from netsuke.ops.high_steps import Floored
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, image_lead, useful
from netsuke.ops.skips import CHANNELS, PARAMS, UP, found_for, scale_table
from netsuke.ops.triples import accumulators, channel_rows, undilated

MOST_ROWS = 8
"""Rows of a window at most (NK_THIRDS_ROWS)."""
ROUND = 3
"""Inputs of a round of the inner loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdsArgs(KernelArgs):
    """One image. Outputs at `third` pixels from one another share words; the columns of a packed line are `span`.

    shift, top, lowest: see nk_high_floor.
    """

    c_name: ClassVar[str] = "nk_thirds_args"
    out_h: int
    out_w: int
    channels: int
    third: int
    span: int
    in_h: int
    in_w: int
    in_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    shift: int
    top: int
    lowest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What sums start from, int64 [channels], and the requantisation."""

    starts: Int64Array
    floored: Floored
    shift: int


def fits(site: Site[Any]) -> bool:
    """Whole blocks of channels, whole rounds of inputs, and two pixels of every three."""
    if not undilated(site):
        return False
    down, along = windows(site)
    run = along.kernel * site.x().shape[3]
    return (
        site.y().shape[3] % CHANNELS == 0
        and run % ROUND == 0
        and down.kernel <= MOST_ROWS
        and along.output > 1
    )


def found(site: Site[Any]) -> Found | None:
    """None where sums do not fit a word's fields, or there is no requantisation with a floor."""
    pieces_steps = found_for(site)
    if pieces_steps is None or pieces_steps[0].count > 1 or pieces_steps[1].up != UP:
        return None
    steps, rows = pieces_steps[1], channel_rows(site)
    floored = steps.floored(int(full_clamp(site.args.clamp, site.y())[0]), accumulators(site, rows))
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    starts = steps.offset + bias
    return None if floored is None else Found(starts=starts, floored=floored, shift=steps.shift)


def accepts(site: Site[Any]) -> bool:
    """Where three pixels can be computed at a time, with all inputs in one piece."""
    return fits(site) and found(site) is not None


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    have, rows, (down, along) = found(site), channel_rows(site), windows(site)
    assert have is not None
    x, y = site.x(), site.y()
    third = -(-along.output // 3)
    args = ThirdsArgs(
        out_h=down.output, out_w=along.output, channels=y.shape[3], third=third,
        span=(third - 1) * along.stride + along.kernel, in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        pad_h=down.before, pad_w=along.before, x_zero=x.zero_point, shift=have.shift, top=have.floored.top,
        lowest=int(full_clamp(site.args.clamp, y)[0]),
    )  # fmt: skip
    blocks = rows.reshape(-1, CHANNELS, rows.shape[1]).transpose(0, 2, 1).astype(np.int8)
    words = np.stack([have.starts * ((1 << 21) + 1), have.starts * ((1 << 11) + 1)], axis=1)
    constants = (
        Constant(
            label="weights",
            data=np.ascontiguousarray(blocks),
            shape_note="channels by eight x inputs x 8",
        ),
        Constant(
            label="starts",
            data=(words & 0xFFFFFFFF).astype(np.uint32),
            shape_note="channels x what both words start from",
        ),
        scale_table(
            [have.floored.multiplier, have.floored.addend, have.floored.floor], "multiplier, addend, floor"
        ),
    )
    scratch = Scratch(nbytes=8 * down.kernel * args.span * args.in_c)
    return tuple(CONV_2D_S8_THIRDS.call(i, *constants, o, scratch, args=args) for i, o in images(site))


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """A row of outputs is written when all rows under its windows are packed."""
    down, _ = windows(site)
    image = site.x().nbytes // site.x().shape[0]
    rows = np.arange(1, down.output + 1, dtype=np.int64)
    written = rows * (site.y().nbytes // site.y().shape[0] // down.output)
    ends = np.clip((rows - 1) * down.stride - down.before + down.kernel, 0, down.size)
    unread = ends * (image // down.size)
    unread[-1] = image
    return useful(site, Overlap(input=0, lead=image_lead(site, written, unread)))


CONV_2D_S8_THIRDS = Kernel(
    name="nk_conv_2d_s8_thirds",
    params=(PARAMS[0], Param(name="w", ctype="const int8_t"), *PARAMS[2:]),
    args=ThirdsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=overlap,
)
