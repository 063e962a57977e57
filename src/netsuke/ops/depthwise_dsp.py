"""DEPTHWISE_CONV_2D with a 3x3 window in planes of halfwords, for cores with the DSP extension (nk_planes_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.depthwise_scales import LANES, PARAMS, halfwords, scales_of, starts_with
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane

WHOLE_IMAGE_BYTES = 2048
"""Planes of a whole image are held at once when they take no more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanesArgs(KernelArgs):
    """One image. `columns` of the planes: `left` of padding, `width` of the image, padding.

    pairs: pairs of rows of outputs (stride 2: rows), `batch` of them at a time; slots: pair rows held in scratch
    memory. threes: how often three outputs of a row are made at a time. narrow: the clamp low..high is narrower than
    int8.
    """

    c_name: ClassVar[str] = "nk_planes_args"
    in_h: int
    in_w: int
    channels: int
    out_h: int
    out_w: int
    stride: int
    pad_h: int
    left: int
    width: int
    columns: int
    pairs: int
    batch: int
    slots: int
    threes: int
    x_zero: int
    y_zero: int
    narrow: int
    low: int
    high: int


def fits(site: Site[Any], stride: int) -> bool:
    """int8, multiplier 1, a 3x3 window of this stride without dilation, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    axes = windows(site)
    return (
        all((a.kernel, a.dilation, a.stride) == (3, 1, stride) for a in axes)
        and site.y().shape[2] >= 3 - stride
    )


def blocks(site: Site[Any], *, once: bool) -> Constant:
    """Nine words a channel: the bias, the columns' pairs of taps, two constants of the requantisation."""
    scales = scales_of(site, once=once)
    assert scales is not None
    w = site.constant(WEIGHTS)[0].astype(np.int64) * scales.factor
    upper, lower = halfwords(w[0], w[1]), halfwords(w[1], w[2])
    columns = [starts_with(site, scales), *upper, *lower, scales.first, scales.second]
    data = wrap_int32(np.stack(columns, axis=1)).astype(np.int32)
    return Constant(
        label="blocks", data=data, shape_note="channels x (bias, taps 0 and 1, taps 1 and 2, scale)"
    )


def planes_args(site: Site[Any]) -> PlanesArgs:
    """The struct for one image."""
    rows, along = windows(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    stride, out_w = rows.stride, along.output
    columns = (out_w - 1) * stride + 3
    left = min(along.before, columns)
    pair_count = -(-rows.output // 2) if stride == 1 else rows.output
    whole = (pair_count + 1) * columns * LANES * 4 <= WHOLE_IMAGE_BYTES
    return PlanesArgs(
        in_h=rows.size, in_w=along.size, channels=site.x().shape[3], out_h=rows.output, out_w=out_w,
        stride=stride, pad_h=rows.before, left=left, width=min(along.size, columns - left), columns=columns,
        pairs=pair_count, batch=pair_count if whole else 1, slots=pair_count + 1 if whole else 2,
        threes=threes_of(out_w) if stride == 1 else out_w // 3,
        x_zero=site.x().zero_point, y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def threes_of(width: int) -> int:
    """How many threes make up a row of outputs, when only twos may be left."""
    return next(n for n in range(width // 3, -1, -1) if (width - 3 * n) % 2 == 0)


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """Of four channels pair rows up to one beyond a batch are taken apart before its outputs are written."""
    a = planes_args(site)
    batches = range(a.batch, a.pairs, a.batch)
    made = 2 if a.stride == 1 else 1
    return plane_by_plane(site, [(made * p, 2 * (p + 1) - a.pad_h) for p in batches])


def planes_kernel(name: str, stride: int, *, once: bool) -> Kernel:
    """nk_<name>: the kernel of a stride and of a form of requantisation."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = planes_args(site), blocks(site, once=once)
        scratch = Scratch(nbytes=args.slots * args.columns * LANES * 4)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=PlanesArgs,
        bind=bind,
        accepts=lambda site: fits(site, stride) and scales_of(site, once=once) is not None,
        needs=Isa.DSP,
        overlap=over_the_input,
    )
    return kernel


DEPTHWISE_S8_DSP = (
    planes_kernel("nk_depthwise_3x3_relu_s8_dsp", 1, once=True),
    planes_kernel("nk_depthwise_3x3_s8_dsp", 1, once=False),
    planes_kernel("nk_depthwise_3x3_s2_relu_s8_dsp", 2, once=True),
    planes_kernel("nk_depthwise_3x3_s2_s8_dsp", 2, once=False),
)
"""Best first."""
