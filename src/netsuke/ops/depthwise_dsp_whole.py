"""DEPTHWISE_CONV_2D with windows of pixels that stand side by side, for cores with the DSP extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.depthwise_scales import LANES, PARAMS, halfwords, start_of, twice_scales
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, Reads, useful, windowed

FEW = 3
"""Outputs, or taps. With more of both, kernels that take pixels apart for several outputs are as fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeArgs(KernelArgs):
    """`outputs` of one image, `pixels` under the window of each, `stride` bytes from a window to the next.

    last: words of the blocks before the last four channels'. narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_whole_args"
    channels: int
    pixels: int
    outputs: int
    stride: int
    last: int
    y_zero: int
    narrow: int
    low: int
    high: int


def accepts(site: Site[Any]) -> bool:
    """int8, multiplier 1, four channels or more, few outputs or taps, no padding, windows in one piece of memory."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    axes = windows(site)
    inside = all((a.before, a.after) == (0, 0) and (a.dilation == 1 or a.kernel == 1) for a in axes)
    taps = axes[0].kernel * axes[1].kernel
    outputs = outputs_of(axes)
    few = outputs > 0 and min(outputs, taps) <= FEW
    return inside and taps > 1 and few and twice_scales(site) is not None


def outputs_of(axes: tuple[Window, Window]) -> int:
    """Outputs along the only axis that has more than one; 0 where windows are not in one piece of memory."""
    rows, along = axes
    if along.kernel == along.size:
        return rows.output
    return along.output if rows.size == 1 else 0


def blocks(site: Site[Any]) -> Constant:
    """Biases, pairs of taps and scales of four channels at a time; the last four may overlap the ones before."""
    scales = twice_scales(site)
    assert scales is not None
    w = site.constant(WEIGHTS).reshape(-1, site.x().shape[3]).astype(np.int64)
    w = np.concatenate([w, np.zeros_like(w[: len(w) % 2])])
    rows = np.stack([start_of(site), *halfwords(w[0::2], w[1::2]), scales.first, scales.second])
    channels = rows.shape[1]
    starts = [min(first, channels - LANES) for first in range(0, channels, LANES)]
    groups = np.stack([rows[:, first : first + LANES] for first in starts])
    return Constant(
        label="blocks",
        data=wrap_int32(groups).astype(np.int32),
        shape_note="groups x (bias, pairs of taps, scale) x 4 channels",
    )


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args, found = whole_args(site), blocks(site)
    return tuple(DEPTHWISE_WHOLE_S8_DSP.call(i, found, o, args=args) for i, o in images(site))


def whole_args(site: Site[Any]) -> WholeArgs:
    """The struct for one image."""
    rows, along = windows(site)
    channels, pixels = site.x().shape[3], rows.kernel * along.kernel
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    apart = along.size * rows.stride if along.kernel == along.size else along.stride
    return WholeArgs(
        channels=channels, pixels=pixels, outputs=outputs_of((rows, along)), stride=apart * channels,
        last=channels // LANES * LANES * (3 + -(-pixels // 2)), y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def over_the_input(site: Site[Any]) -> tuple[Overlap, ...]:
    """Four channels are read before their outputs are written; the last four may have been written in part."""
    axes = windows(site)
    if outputs_of(axes) > 1:
        return windowed(site, axes, Reads.DURING)
    again = -site.x().shape[3] % LANES
    return useful(site, Overlap(input=0, lead=LANES - again if again else 0))


DEPTHWISE_WHOLE_S8_DSP = Kernel(
    name="nk_depthwise_whole_s8_dsp",
    params=PARAMS[:3],
    args=WholeArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.DSP,
    overlap=over_the_input,
)
