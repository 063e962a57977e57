"""DEPTHWISE_CONV_2D for cores without SIMD: three output rows at a time, or four channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, Conv2dArgs, bias_of, conv_args, images, windows
from netsuke.ops.conv_overlap import windows_by_channel
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane
from netsuke.ops.triples import LARGEST_SUM, conv_steps, folded_bias, scale_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseTriplesArgs(KernelArgs):
    """The window as in Conv2dArgs.

    in_line, out_line: elements of a row; `inside`: columns of a row that a window sees; small: 3 x 3, no dilation.
    Output rows are taken `third_out` apart, input rows `third_in`; the ring has `slots` rows of `width` triples, of the
    `rows` that a channel needs.
    stride, shift: see nk_steps_s8.h.
    """

    c_name: ClassVar[str] = "nk_depthwise_triples_args"
    in_h: int
    in_line: int
    out_line: int
    inside: int
    small: int
    channels: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    slots: int
    rows: int
    width: int
    third_out: int
    third_in: int
    stride: int
    shift: int


def channel_rows(site: Site[Any]) -> Array:
    """Weights as int64 [channels, taps]."""
    w = site.constant(WEIGHTS)[0].astype(np.int64)
    result: Array = w.reshape(-1, w.shape[2]).T
    return result


def accepts_steps(site: Site[Any]) -> bool:
    """int8, multiplier 1, and a requantisation that can be proved."""
    single = site.x().dtype is DType.INT8 and site.x().shape[3] == site.x(WEIGHTS).shape[3]
    return single and conv_steps(site, channel_rows(site)) is not None


def accepts(site: Site[Any]) -> bool:
    """The same, for images of some width whose sums can share words."""
    worthwhile = site.y().shape[1] > 1 and site.y().shape[2] > 2
    if not worthwhile or site.x().dtype is not DType.INT8 or site.x().shape[3] != site.x(WEIGHTS).shape[3]:
        return False
    fits = int(np.abs(channel_rows(site)).sum(axis=1).max()) * 128 < LARGEST_SUM
    return fits and accepts_steps(site)


def bind_steps(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image. The struct holds the stride of the table in scale_step, its shift in narrow."""
    rows = channel_rows(site)
    found = conv_steps(site, rows)
    assert found is not None
    args = replace(
        conv_args(site, windows(site), site.x().shape[3]),
        scale_step=7 if found.mirrored else 5, narrow=found.shift,
    )  # fmt: skip
    weights = Constant(
        label="weights", data=site.constant(WEIGHTS)[0], shape_note="kernel_h x kernel_w x channels"
    )
    scales = scale_rows(site, found, bias_of(site, len(rows)).reshape(-1).astype(np.int64))
    return tuple(DEPTHWISE_S8_STEPS.call(x, weights, scales, y, args=args) for x, y in images(site))


def ring_of(site: Site[Any]) -> tuple[int, int]:
    """(rows in the ring, rows that a channel needs): all of them where that is little beside the image.

    Then the output may take the input's place, which is worth more than the scratch costs.
    """
    down, along = windows(site)
    rows = (-(-down.output // 3) - 1) * down.stride + down.reach
    nbytes = 8 * rows * ((along.output - 1) * along.stride + along.reach)
    return (rows if 4 * nbytes <= 3 * min(site.x().nbytes, site.y().nbytes) else down.reach), rows


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """Where the ring has room for all rows, a channel is read before it is written."""
    slots, rows = ring_of(site)
    return plane_by_plane(site, []) if slots == rows else ()


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    x, y, (down, along) = site.x(), site.y(), windows(site)
    rows = channel_rows(site)
    found = conv_steps(site, rows)
    assert found is not None
    width = (along.output - 1) * along.stride + (along.kernel - 1) * along.dilation + 1
    small = (down.kernel, along.kernel, down.dilation, along.dilation) == (3, 3, 1, 1)
    third = -(-y.shape[1] // 3)
    slots, ring_rows = ring_of(site)
    args = DepthwiseTriplesArgs(
        in_h=x.shape[1], in_line=x.shape[2] * x.shape[3], out_line=y.shape[2] * y.shape[3],
        inside=min(x.shape[2], width - along.before), small=int(small),
        channels=x.shape[3], out_h=y.shape[1], out_w=y.shape[2],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        dilation_h=down.dilation, dilation_w=along.dilation, pad_h=down.before, pad_w=along.before,
        x_zero=x.zero_point, slots=slots, rows=ring_rows, width=width,
        third_out=third, third_in=third * down.stride, stride=7 if found.mirrored else 5, shift=found.shift,
    )  # fmt: skip
    data = np.ascontiguousarray(rows.astype(np.int8))
    weights = Constant(label="weights", data=data, shape_note="channels x kernel_h x kernel_w")
    scales = scale_rows(site, found, folded_bias(site, rows))
    scratch = Scratch(nbytes=8 * args.slots * args.width)
    return tuple(
        DEPTHWISE_S8_TRIPLES.call(x, weights, scales, y, scratch, args=args) for x, y in images(site)
    )


DEPTHWISE_S8_TRIPLES = Kernel(
    name="nk_depthwise_conv_2d_s8_triples",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
        Param(name="scratch", ctype="void"),
    ),
    args=DepthwiseTriplesArgs,
    bind=bind,
    accepts=accepts,
    overlap=over_the_input,
)
DEPTHWISE_S8_STEPS = Kernel(
    name="nk_depthwise_conv_2d_s8_steps",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=Conv2dArgs,
    bind=bind_steps,
    accepts=accepts_steps,
    overlap=windows_by_channel,
)
