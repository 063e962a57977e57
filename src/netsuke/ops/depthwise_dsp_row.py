"""DEPTHWISE_CONV_2D with a 3x3 window, one row of outputs, for cores with the DSP extension (nk_depthwise_row_s8.h)."""

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

PAIR_WORDS = 12
"""Words of two columns of the plane."""
LAST_WORDS = 8
"""Of the last two columns when only the first of them is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseRowArgs(KernelArgs):
    """One row of outputs. The plane has `words`: `left` columns of padding, then the image's: `before` (0 or 1) that
    is the second of its pair, `pairs` of two, `after` (0 or 1) that is the first. Padding is in the words before
    `head` and from `tail` on.

    Each of `turns` makes two outputs (stride 2: one), `ahead` in all; two are made after them (even) or one. narrow:
    the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_depthwise_row_args"
    in_h: int
    in_w: int
    channels: int
    out_w: int
    pad_h: int
    left: int
    before: int
    pairs: int
    after: int
    turns: int
    ahead: int
    even: int
    words: int
    head: int
    tail: int
    x_zero: int
    y_zero: int
    narrow: int
    low: int
    high: int


def fits(site: Site[Any], stride: int) -> bool:
    """int8, multiplier 1, four channels or more, a 3x3 window without dilation, `stride` along a single row of outputs:
    three or more (stride 2: two)."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    rows, along = windows(site)
    return (
        (rows.kernel, rows.dilation, rows.output) == (3, 1, 1)
        and (along.kernel, along.dilation, along.stride) == (3, 1, stride)
        and rows.before < rows.kernel
        and along.output > 3 - stride
    )


def blocks(site: Site[Any], *, once: bool) -> Constant:
    """A channel's five words of taps, two constants of its requantisation, its bias."""
    scales = scales_of(site, once=once)
    assert scales is not None
    w = site.constant(WEIGHTS)[0].astype(np.int64) * scales.factor
    third = w[2]
    taps = [*halfwords(w[0], w[1]), halfwords(third[0], third[1]), halfwords(third[1], third[2])]
    columns = [*taps, scales.first, scales.second, starts_with(site, scales)]
    data = wrap_int32(np.stack(columns, axis=1)).astype(np.int32)
    return Constant(
        label="blocks", data=data, shape_note="channels x (taps of rows 0 and 1, taps of row 2, scale, bias)"
    )


def row_args(site: Site[Any]) -> DepthwiseRowArgs:
    """The struct for one image."""
    rows, along = windows(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    out_w = along.output
    columns = (out_w - 1) * along.stride + 3
    left = min(along.before, columns)
    width = min(along.size, columns - left)
    before = min(left % 2, width)
    made = 3 - along.stride
    turns = (out_w - 1) // made
    return DepthwiseRowArgs(
        in_h=rows.size, in_w=along.size, channels=site.x().shape[3], out_w=out_w, pad_h=rows.before,
        left=left, before=before, pairs=(width - before) // 2, after=(width - before) % 2,
        turns=turns, ahead=made * turns, even=out_w - made * turns - 1,
        words=columns // 2 * PAIR_WORDS + columns % 2 * LAST_WORDS, head=(left + 1) // 2 * PAIR_WORDS,
        tail=(left + width) // 2 * PAIR_WORDS,
        x_zero=site.x().zero_point, y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """Four channels are taken apart before their outputs are written; the last four must not be read twice."""
    return plane_by_plane(site, []) if site.x().shape[3] % LANES == 0 else ()


def row_kernel(name: str, stride: int, *, once: bool) -> Kernel:
    """nk_<name>: the kernel of a stride and of a form of requantisation."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = row_args(site), blocks(site, once=once)
        scratch = Scratch(nbytes=4 * args.words)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=DepthwiseRowArgs,
        bind=bind,
        accepts=lambda site: fits(site, stride) and scales_of(site, once=once) is not None,
        needs=Isa.DSP,
        overlap=over_the_input,
    )
    return kernel


DEPTHWISE_ROW_S8_DSP = (
    row_kernel("nk_depthwise_row_relu_s8_dsp", 1, once=True),
    row_kernel("nk_depthwise_row_s8_dsp", 1, once=False),
    row_kernel("nk_depthwise_row_s2_relu_s8_dsp", 2, once=True),
    row_kernel("nk_depthwise_row_s2_s8_dsp", 2, once=False),
)
"""Best first."""
