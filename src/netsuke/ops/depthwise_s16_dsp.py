"""DEPTHWISE_CONV_2D of int16 with any window, stride 1 or 2, for cores with the DSP extension (nk_window_s16.h)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, windows
from netsuke.ops.depthwise_dsp import PlanesArgs, planes_args
from netsuke.ops.depthwise_dsp_window import OUTPUTS, SCRATCH_BYTES, pair_rows, words
from netsuke.ops.depthwise_scales import LANES, halfwords, taps_by_channel
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.scales_s16_dsp import HIGHEST, LOWEST, clamp_ends, multipliers, once, reach_of

WHOLE, RELU = (LOWEST, HIGHEST), (0, HIGHEST)
"""Clamps that kernels make themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowS16Args(KernelArgs):
    """As WindowArgs, for int16: their zero point is 0. An image one pixel wide lies on its side."""

    c_name: ClassVar[str] = "nk_window_s16_args"
    in_h: int
    in_w: int
    channels: int
    out_h: int
    out_w: int
    stride: int
    rows: int
    taps: int
    pad_h: int
    left: int
    width: int
    columns: int
    pairs: int
    batch: int
    slots: int
    narrow: int
    low: int
    high: int


def axes(site: Site[Any]) -> tuple[Window, Window]:
    """The window down and along the image, which is turned when it is one pixel wide."""
    rows, along = windows(site)
    column = (along.size, along.output, along.kernel, along.before) == (1, 1, 1, 0)
    return (along, rows) if column else (rows, along)


def taps_of(site: Site[Any]) -> Array:
    """Weights [down, along, C], turned as the image is."""
    w = site.constant(WEIGHTS)[0].astype(np.int64)
    down, along = axes(site)
    turned: Array = w.reshape(down.kernel, along.kernel, w.shape[2])
    return turned


def fits(site: Site[Any]) -> bool:
    """int16, multiplier 1, stride 1 or 2 both ways, no dilation, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT16 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    down, along = axes(site)
    single = down.output == 1  # then it does not move
    return (
        down.dilation == along.dilation == 1 and (single or down.stride == along.stride) and along.stride <= 2
    )


def scales_of(site: Site[Any]) -> list[int] | None:
    """SMMULR's multiplier of every channel, when all sums fit 32 bits."""
    rows = taps_by_channel(site)
    if not reach_of(rows, bias_of(site, len(rows))).fits:
        return None
    found = [m for m in map(once, multipliers(site)) if m is not None]
    return found if len(found) == len(rows) else None


def blocks(site: Site[Any], scales: list[int]) -> Constant:
    """A channel's bias; row by row of the planes and tap by tap the words of the upper and the lower row; its scale."""
    w = taps_of(site)
    stride = axes(site)[1].stride
    upper, lower = words(w, stride, 0), words(w, stride, stride)
    taps = np.stack([upper, lower], axis=1).reshape(-1, w.shape[2])
    start = wrap_int32(bias_of(site, w.shape[2]).reshape(-1))
    data = np.stack([start, *taps, np.array(scales, dtype=np.int64)], axis=1)
    return Constant(
        label="blocks",
        data=wrap_int32(data).astype(np.int32),
        shape_note="channels x (bias, taps of upper and lower outputs, multiplier)",
    )


def window_args(site: Site[Any]) -> WindowS16Args:
    """The struct for one image, `narrow` as if the kernel clamped to int16."""
    rows, along = axes(site)
    low, high = clamp_ends(site)
    stride, taps, covered = (
        along.stride,
        -(-along.kernel // along.stride),
        pair_rows(rows.kernel, along.stride),
    )
    columns = max(along.output, OUTPUTS) + taps - 1
    left = min(along.before, stride * columns)
    pairs = -(-rows.output // 2)
    slot = stride * columns * LANES * 4
    batch = max(1, min(pairs, (SCRATCH_BYTES // slot - covered) // stride + 1))
    return WindowS16Args(
        in_h=rows.size, in_w=along.size, channels=site.x().shape[3], out_h=rows.output, out_w=along.output,
        stride=stride, rows=covered * stride, taps=taps, pad_h=rows.before, left=left,
        width=min(along.size, stride * columns - left), columns=columns, pairs=pairs, batch=batch,
        slots=covered + stride * (batch - 1), narrow=int((low, high) != (LOWEST, HIGHEST)), low=low, high=high,
    )  # fmt: skip


def suits(site: Site[Any], own: tuple[int, int]) -> bool:
    """A kernel that clamps to `own` is of use: relu's for no other clamp."""
    return own == WHOLE or clamp_ends(site) == own


def window_kernel(name: str, own: tuple[int, int]) -> Kernel:
    """The kernel of any window, that clamps to `own` itself."""

    def accepts(site: Site[Any]) -> bool:
        return fits(site) and suits(site, own) and scales_of(site) is not None

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        scales, args = scales_of(site), window_args(site)
        assert scales is not None
        args = replace(args, narrow=int(clamp_ends(site) != own))
        found, scratch = (
            blocks(site, scales),
            Scratch(nbytes=args.slots * args.stride * args.columns * LANES * 4),
        )
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(name=name, params=PARAMS, args=WindowS16Args, bind=bind, accepts=accepts, needs=Isa.DSP)
    return kernel


PARAMS = (
    Param(name="x", ctype="const int16_t"),
    Param(name="blocks", ctype="const int32_t"),
    Param(name="y", ctype="int16_t"),
    Param(name="scratch", ctype="void"),
)


def fits_planes(site: Site[Any], stride: int) -> bool:
    """A 3x3 window of this stride."""
    square = all((w.kernel, w.stride) == (3, stride) for w in windows(site))
    return square and fits(site) and site.y().shape[2] >= 3 - stride and scales_of(site) is not None


def plane_blocks(site: Site[Any], scales: list[int]) -> Constant:
    """Nine words a channel: the bias, the columns' pairs of taps, the multiplier, a word that nobody reads."""
    w = site.constant(WEIGHTS)[0].astype(np.int64)
    upper, lower = halfwords(w[0], w[1]), halfwords(w[1], w[2])
    start, unused = bias_of(site, w.shape[2]).reshape(-1), np.zeros(w.shape[2], dtype=np.int64)
    columns = [start, *upper, *lower, np.array(scales, dtype=np.int64), unused]
    data = wrap_int32(np.stack(columns, axis=1)).astype(np.int32)
    return Constant(
        label="blocks", data=data, shape_note="channels x (bias, taps 0 and 1, taps 1 and 2, multiplier, 0)"
    )


def planes_kernel(name: str, stride: int, own: tuple[int, int]) -> Kernel:
    """The kernel of a 3x3 window of a stride, that clamps to `own` itself."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        scales, args = scales_of(site), planes_args(site)
        assert scales is not None
        args = replace(args, narrow=int(clamp_ends(site) != own))
        found, scratch = plane_blocks(site, scales), Scratch(nbytes=args.slots * args.columns * LANES * 4)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=PlanesArgs,
        bind=bind,
        accepts=lambda site: fits_planes(site, stride) and suits(site, own),
        needs=Isa.DSP,
    )
    return kernel


DEPTHWISE_S16_DSP = (
    planes_kernel("nk_depthwise_3x3_relu_s16_dsp", 1, RELU),
    planes_kernel("nk_depthwise_3x3_s16_dsp", 1, WHOLE),
    planes_kernel("nk_depthwise_3x3_s2_relu_s16_dsp", 2, RELU),
    planes_kernel("nk_depthwise_3x3_s2_s16_dsp", 2, WHOLE),
    window_kernel("nk_depthwise_relu_s16_dsp", RELU),
    window_kernel("nk_depthwise_s16_dsp", WHOLE),
)
"""Best first."""
