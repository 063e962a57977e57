"""DEPTHWISE_CONV_2D with any window, stride 1 or 2, for cores with the DSP extension (nk_window_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.depthwise_scales import LANES, PARAMS, halfwords, scales_of, starts_with
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane

OUTPUTS = 3
"""Outputs of a row that are made at a time."""
SCRATCH_BYTES = 4096
"""Planes grow up to this size, so that less must be moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowArgs(KernelArgs):
    """One image. A window covers `rows` rows of the planes (with stride 2, even and odd columns are two rows) and in
    each `taps` of the `columns`; the image is `width` columns from column `left` on.

    pairs: pairs of rows of outputs, `batch` of them at a time; slots: pair rows held in scratch memory. narrow: the
    clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_window_args"
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
    x_zero: int
    y_zero: int
    narrow: int
    low: int
    high: int


def fits(site: Site[Any]) -> bool:
    """int8, multiplier 1, stride 1 or 2 both ways, no dilation, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    rows, along = windows(site)
    return rows.dilation == along.dilation == 1 and rows.stride == along.stride <= 2


def pair_rows(kernel: int, stride: int) -> int:
    """Pair rows under two windows, one a stride below the other."""
    return -(-(kernel + stride) // 2)


def blocks(site: Site[Any], *, once: bool) -> Constant:
    """A channel's bias; row by row of the planes and tap by tap the words of the upper and the lower row; its scale."""
    scales = scales_of(site, once=once)
    assert scales is not None
    w = site.constant(WEIGHTS)[0].astype(np.int64) * scales.factor
    stride = windows(site)[0].stride
    upper, lower = words(w, stride, 0), words(w, stride, stride)
    taps = np.stack([upper, lower], axis=1).reshape(-1, w.shape[2])
    data = np.stack([starts_with(site, scales), *taps, scales.first, scales.second], axis=1)
    return Constant(
        label="blocks",
        data=wrap_int32(data).astype(np.int32),
        shape_note="channels x (bias, taps of upper and lower outputs, scale)",
    )


def words(w: Array, stride: int, below: int) -> Array:
    """Taps [kernel_h, kernel_w, C] of a window `below` rows further down, as words [pair rows x columns, C]."""
    height, width, channels = w.shape
    pairs, taps = pair_rows(height, stride), -(-width // stride)
    padded = np.zeros((2 * pairs, stride * taps, channels), dtype=np.int64)
    padded[below : below + height, :width] = w
    paired = halfwords(padded[0::2], padded[1::2])
    halves = [paired[:, first::stride] for first in range(stride)]
    return np.stack(halves, axis=1).reshape(-1, channels)


def window_args(site: Site[Any]) -> WindowArgs:
    """The struct for one image."""
    rows, along = windows(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    stride, taps, covered = rows.stride, -(-along.kernel // rows.stride), pair_rows(rows.kernel, rows.stride)
    columns = max(along.output, OUTPUTS) + taps - 1
    left = min(along.before, stride * columns)
    pairs = -(-rows.output // 2)
    slot = stride * columns * LANES * 4
    batch = max(1, min(pairs, (SCRATCH_BYTES // slot - covered) // stride + 1))
    return WindowArgs(
        in_h=rows.size, in_w=along.size, channels=site.x().shape[3], out_h=rows.output, out_w=along.output,
        stride=stride, rows=covered * stride, taps=taps, pad_h=rows.before, left=left,
        width=min(along.size, stride * columns - left), columns=columns, pairs=pairs, batch=batch,
        slots=covered + stride * (batch - 1), x_zero=site.x().zero_point, y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """Of four channels all pair rows under a batch's windows are taken apart before its outputs are written."""
    a = window_args(site)
    batches = range(a.batch, a.pairs, a.batch)
    shared = a.rows // a.stride - a.stride
    return plane_by_plane(site, [(2 * j, 2 * (shared + a.stride * j) - a.pad_h) for j in batches])


def window_kernel(name: str, *, once: bool) -> Kernel:
    """The kernel of a form of requantisation."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = window_args(site), blocks(site, once=once)
        scratch = Scratch(nbytes=args.slots * args.stride * args.columns * LANES * 4)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=WindowArgs,
        bind=bind,
        accepts=lambda site: fits(site) and scales_of(site, once=once) is not None,
        needs=Isa.DSP,
        overlap=over_the_input,
    )
    return kernel


DEPTHWISE_WINDOW_S8_DSP = (
    window_kernel("nk_depthwise_window_relu_s8_dsp", once=True),
    window_kernel("nk_depthwise_window_s8_dsp", once=False),
)
"""Best first."""
