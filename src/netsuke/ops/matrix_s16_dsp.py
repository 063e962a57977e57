"""FULLY_CONNECTED of several rows of int16, for cores with the DSP extension: rows are pixels (nk_band_s16.h)."""

from __future__ import annotations

from typing import Any

from netsuke.boards import Isa
from netsuke.ops.conv_geometry import bias_of
from netsuke.ops.conv_s16_dsp import (
    PARAMS,
    PASS,
    TILE,
    ConvS16Args,
    packed_weights,
    scale_stream,
    scratch_of,
    with_band,
)
from netsuke.ops.kernel import Call, Input, Kernel, Output
from netsuke.ops.operator import Site
from netsuke.ops.row_s16_dsp import double_scales, matrix
from netsuke.ops.scales_s16_dsp import HIGHEST, LOWEST, clamp_ends


def accepts(site: Site[Any]) -> bool:
    """Rows for a tile or more, sums of 32 bits."""
    return site.x().elements >= TILE * site.x(1).shape[1] and double_scales(site) is not None


def matrix_args(site: Site[Any]) -> ConvS16Args:
    """Rows as pixels of one row of an image."""
    channels, depth = site.x(1).shape
    rows, pairs = site.x().elements // depth, -(-depth // 2)
    low, high = clamp_ends(site)
    args = ConvS16Args(
        in_h=1, in_w=rows, in_c=depth, out_h=1, out_w=rows, channels=channels, kernel_h=1, kernel_w=1,
        stride_h=1, stride_w=1, dilation_h=1, pad_h=0, pad_w=0, pairs=pairs, first=(pairs - 1) % PASS + 1,
        weight_bytes=-(-channels // 2) * pairs * 4, tile=rows, band=0, direct=int(depth % 2 == 0),
        narrow=int((low, high) != (LOWEST, HIGHEST)), low=low, high=high,
    )  # fmt: skip
    return with_band(args)


def bind(site: Site[Any]) -> tuple[Call]:
    """One call for all rows."""
    scales, w, args = double_scales(site), matrix(site), matrix_args(site)
    assert scales is not None
    stream = scale_stream(bias_of(site, len(w)).reshape(-1), scales)
    pointers = Input(index=0), packed_weights(w), stream, Output(index=0), scratch_of(args)
    return (MATRIX_S16_DSP.call(*pointers, args=args),)


MATRIX_S16_DSP = Kernel(
    name="nk_matrix_s16_dsp", params=PARAMS, args=ConvS16Args, bind=bind, accepts=accepts, needs=Isa.DSP
)
