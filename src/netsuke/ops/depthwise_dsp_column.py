"""DEPTHWISE_CONV_2D along one axis, for cores with the DSP extension (kernels/include/nk_column_s8.h)."""

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
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import plane_by_plane

PAIRS = 3
"""Pairs of outputs that are made at a time, and words of taps that a turn of the inner loop takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnArgs(KernelArgs):
    """One image. `words` of a plane, two inputs each; threes: words of taps by three.

    narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_column_args"
    inputs: int
    outputs: int
    channels: int
    pad: int
    threes: int
    words: int
    x_zero: int
    y_zero: int
    narrow: int
    low: int
    high: int


def axis_of(site: Site[Any]) -> Window | None:
    """The axis of a convolution along one: the other has one pixel, one tap and no padding."""
    rows, along = windows(site)
    for axis, other in ((rows, along), (along, rows)):
        if (other.size, other.kernel, other.before, other.output) == (1, 1, 0, 1):
            return axis
    return None


def fits(site: Site[Any]) -> bool:
    """int8, multiplier 1, one axis, stride 1, no dilation, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    axis = axis_of(site)
    return axis is not None and axis.stride == axis.dilation == 1


def threes_of(taps: int) -> int:
    """Words of taps by three: an output that begins with the second half of a word reaches taps // 2 + 1 words."""
    return -(-(taps // 2 + 1) // PAIRS)


def blocks(site: Site[Any], *, once: bool) -> Constant:
    """A channel's bias, its taps in pairs for the even and the odd outputs in turn, its scale."""
    scales = scales_of(site, once=once)
    assert scales is not None
    w = site.constant(WEIGHTS).reshape(-1, site.x().shape[3]).astype(np.int64) * scales.factor
    words = PAIRS * threes_of(len(w))
    columns = [starts_with(site, scales)]
    for even, odd in zip(paired(w, 2 * words, 0), paired(w, 2 * words, 1), strict=True):
        columns += [even, odd]
    data = wrap_int32(np.stack([*columns, scales.first, scales.second], axis=1)).astype(np.int32)
    return Constant(
        label="blocks", data=data, shape_note="channels x (bias, taps of even and odd outputs, scale)"
    )


def paired(w: Array, length: int, skipped: int) -> Array:
    """Taps [taps, C] behind `skipped` zeros and before others, as pairs of halfwords [length / 2, C]."""
    padded = np.zeros((length, w.shape[1]), dtype=np.int64)
    padded[skipped : skipped + len(w)] = w
    return halfwords(padded[0::2], padded[1::2])


def column_args(site: Site[Any]) -> ColumnArgs:
    """The struct for one image."""
    axis = axis_of(site)
    assert axis is not None
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    threes = threes_of(axis.kernel)
    turns = -(-axis.output // (2 * PAIRS))
    return ColumnArgs(
        inputs=axis.size, outputs=axis.output, channels=site.x().shape[3], pad=axis.before,
        threes=threes, words=PAIRS * (turns + threes) - 1,
        x_zero=site.x().zero_point, y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def column_kernel(name: str, *, once: bool) -> Kernel:
    """The kernel of a form of requantisation."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = column_args(site), blocks(site, once=once)
        scratch = Scratch(nbytes=args.words * LANES * 4)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=ColumnArgs,
        bind=bind,
        accepts=lambda site: fits(site) and scales_of(site, once=once) is not None,
        needs=Isa.DSP,
        overlap=lambda site: plane_by_plane(site, []),
    )
    return kernel


DEPTHWISE_1D_S8_DSP = (
    column_kernel("nk_depthwise_1d_relu_s8_dsp", once=True),
    column_kernel("nk_depthwise_1d_s8_dsp", once=False),
)
"""Best first."""
