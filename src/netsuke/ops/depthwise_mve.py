"""DEPTHWISE_CONV_2D of 16 channels side by side, for cores with Helium (kernels/include/nk_mve_taps_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_2d_mve import PARAMS
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, windows
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, row_by_row
from netsuke.ops.strip import multipliers

BLOCK = 16
LARGEST_PAIR = 255
"""Two weights of at most this size together: 128 times it is the largest sum that a halfword holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseMveArgs(KernelArgs):
    """A row of the output is `steps` pieces of `channels`, `step` bytes apart in the lines.

    Few channels that fill a block make a piece of several pixels: it then has 16 channels. row: bytes of an image's
    row; line: of one with its padding, `before` bytes of it in front, and what the last block reads beyond. lines: rows
    that a window spans. tap_step: bytes from a tap to the one beside it. pairs: of taps. taps_at: where in the scratch
    memory the lines end and the places of the taps start.
    """

    c_name: ClassVar[str] = "nk_depthwise_mve_args"
    in_h: int
    out_h: int
    row: int
    line: int
    lines: int
    before: int
    steps: int
    step: int
    channels: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    dilation_h: int
    pad_h: int
    tap_step: int
    pairs: int
    taps_at: int
    x_zero: int
    y_zero: int
    is_signed: int
    narrow: int
    low: int
    high: int


def accepts(site: Site[Any]) -> bool:
    """int8, multiplier 1, every requantisation to the right, and weights of which two fit a halfword."""
    w = site.x(WEIGHTS)
    if site.x().dtype is not DType.INT8 or w.shape[3] != site.x().shape[3]:
        return False
    if any(m.shift >= 0 for m in multipliers(site)):
        return False
    sizes = np.abs(pairs_of(site.constant(WEIGHTS)[0]).astype(np.int16))
    return int(sizes.sum(axis=1).max()) <= LARGEST_PAIR


def pairs_of(w: Array) -> Array:
    """[kernel_h, kernel_w, C] → [pairs, 2, C], a zero tap behind an odd number."""
    taps = w.reshape(-1, w.shape[2])
    if len(taps) % 2:
        taps = np.concatenate([taps, np.zeros_like(taps[:1])])
    return taps.reshape(-1, 2, w.shape[2])


def repeats(site: Site[Any]) -> int:
    """How many pixels a piece of the output's row takes in: several where few channels fill a block of neighbours."""
    channels, width = site.y().shape[3], site.y().shape[2]
    fits = BLOCK % channels == 0 and width * channels % BLOCK == 0
    return BLOCK // channels if fits and site.args.stride[1] == 1 else 1


def depthwise_args(site: Site[Any]) -> DepthwiseMveArgs:
    """The struct for one image."""
    rows, along = windows(site)
    x, y = site.x(), site.y()
    channels, pixels = x.shape[3], repeats(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    reach = (along.output - 1) * along.stride + (along.kernel - 1) * along.dilation + 1
    width = max(reach, along.before + along.size)
    line = width * channels + (-channels % BLOCK if pixels == 1 else 0)
    lines = (rows.kernel - 1) * rows.dilation + 1
    taps = rows.kernel * along.kernel
    return DepthwiseMveArgs(
        in_h=x.shape[1], out_h=y.shape[1], row=x.shape[2] * channels, line=line, lines=lines,
        before=along.before * channels, steps=y.shape[2] // pixels, step=along.stride * channels * pixels,
        channels=channels * pixels, kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride,
        dilation_h=rows.dilation, pad_h=rows.before, tap_step=along.dilation * channels, pairs=-(-taps // 2),
        taps_at=-(-lines * line // 8) * 8, x_zero=x.zero_point, y_zero=y.zero_point,
        is_signed=int(low < y.zero_point), narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def in_blocks(columns: Array) -> Array:
    """[..., C] → [blocks, ..., 16], zeros behind the last channel."""
    padded = np.zeros((*columns.shape[:-1], -(-columns.shape[-1] // BLOCK) * BLOCK), dtype=columns.dtype)
    padded[..., : columns.shape[-1]] = columns
    return np.moveaxis(padded.reshape(*columns.shape[:-1], -1, BLOCK), -2, 0)


def constants(site: Site[Any]) -> tuple[Constant, Constant]:
    """Weights by blocks and pairs of taps; biases (zero point folded in), multipliers, shifts by blocks."""
    w, pixels = site.constant(WEIGHTS)[0], repeats(site)
    channels = w.shape[2]
    bias = bias_of(site, channels).reshape(-1) - site.x().zero_point * w.reshape(-1, channels).astype(
        np.int64
    ).sum(axis=0)
    found = multipliers(site)
    scales = np.stack([wrap_int32(bias), [m.value for m in found], [m.shift for m in found]]).astype(np.int32)
    blocks = in_blocks(np.tile(scales, (1, pixels))).reshape(-1, 3, 4, 4).transpose(0, 1, 3, 2)
    return (
        Constant(
            label="weights",
            data=np.ascontiguousarray(in_blocks(np.tile(pairs_of(w), (1, 1, pixels)))),
            shape_note="blocks x pairs of taps x 2 x 16 channels",
        ),
        Constant(
            label="scales",
            data=np.ascontiguousarray(blocks),
            shape_note="blocks x (bias, multiplier, shift) x 4 accumulators x 4 channels",
        ),
    )


def scratch_bytes(args: DepthwiseMveArgs) -> int:
    """Lines, then the place of each tap."""
    return args.taps_at + 4 * 2 * args.pairs


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """The rows under a row of windows are copied before that row of outputs is written."""
    a = depthwise_args(site)
    return row_by_row(site, [(y + 1, y * a.stride_h - a.pad_h + a.lines) for y in range(a.out_h - 1)])


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args, found = depthwise_args(site), constants(site)
    scratch = Scratch(nbytes=scratch_bytes(args))
    return tuple(DEPTHWISE_S8_MVE.call(x, *found, y, scratch, args=args) for x, y in images(site))


DEPTHWISE_S8_MVE = Kernel(
    name="nk_depthwise_conv_2d_s8_mve",
    params=PARAMS,
    args=DepthwiseMveArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.MVE,
    overlap=over_the_input,
)
