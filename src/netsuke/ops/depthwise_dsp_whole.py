"""DEPTHWISE_CONV_2D with a window that covers the image, for cores with the DSP extension."""

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
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs
from netsuke.ops.operator import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeArgs(KernelArgs):
    """One image."""

    c_name: ClassVar[str] = "nk_whole_args"
    channels: int
    pixels: int
    y_zero: int
    low: int
    high: int


def accepts(site: Site[Any]) -> bool:
    """int8, multiplier 1, one output of all pixels and no padding, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    covered = all((a.kernel, a.before, a.after) == (a.size, 0, 0) and a.dilation == 1 for a in windows(site))
    return covered and twice_scales(site) is not None


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
    x, found = site.x(), blocks(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    args = WholeArgs(
        channels=x.shape[3], pixels=x.shape[1] * x.shape[2], y_zero=site.y().zero_point, low=low, high=high
    )
    return tuple(DEPTHWISE_WHOLE_S8_DSP.call(i, found, o, args=args) for i, o in images(site))


DEPTHWISE_WHOLE_S8_DSP = Kernel(
    name="nk_depthwise_whole_s8_dsp",
    params=PARAMS[:3],
    args=WholeArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.DSP,
)
