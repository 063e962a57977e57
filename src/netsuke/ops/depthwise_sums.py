"""DEPTHWISE_CONV_2D over the whole height of an int8 image that comes row by row: sums are kept instead of rows.

Where the window is one column wide, every pixel of a row has sums of its own; where it is as wide as the image, all
have one. Behind the sums stands the number of rows that have come: it says which row of weights is next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import DType
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, scale_constants, scale_step, windows
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Sums
from netsuke.ops.operator import Site
from netsuke.ops.requantize import relative_clamp
from netsuke.ops.rows import RowSums, is_image

SUM_BYTES = 4
MOST_TAPS = 1 << 16
"""Taps of a window: sums of products of bytes, none taken off, fit 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseSumsArgs(KernelArgs):
    """`rows` of `pixels` of `channels` are added; first: to nothing. apart: each pixel of a row has sums of its own,
    else all have one. sums: how many there are."""

    c_name: ClassVar[str] = "nk_depthwise_sums_args"
    rows: int
    pixels: int
    channels: int
    apart: int
    sums: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledSumsArgs(KernelArgs):
    """`pixels` of `channels`; the rest as in Conv2dArgs."""

    c_name: ClassVar[str] = "nk_scaled_sums_args"
    pixels: int
    channels: int
    scale_step: int
    y_zero: int
    low: int
    high: int


def sums_bytes(site: Site[Any]) -> int:
    """Bytes of the sums and of the number of rows; 0 where the window is another, or rows take no more."""
    x, y = site.x(), site.y()
    if x.dtype is not DType.INT8 or not is_image(x.shape) or y.shape[3] != x.shape[3]:
        return 0
    rows, along = windows(site)
    edges = (rows.before, rows.after, along.before, along.after)
    whole = rows.kernel == x.shape[1] and rows.dilation == along.dilation == 1 and not any(edges)
    column = (along.kernel, along.stride) == (1, 1)
    if not whole or not (column or along.kernel == x.shape[2]) or rows.kernel * along.kernel >= MOST_TAPS:
        return 0
    nbytes = SUM_BYTES * (y.elements + 1)
    return nbytes if nbytes < (x.shape[1] - 1) * x.shape[2] * x.shape[3] else 0


def part_calls(site: Site[Any], rows: int, first: bool) -> tuple[Call, ...]:
    """One call."""
    x, w = site.x(), site.constant(WEIGHTS)[0]
    args = DepthwiseSumsArgs(
        rows=rows, pixels=x.shape[2], channels=x.shape[3], apart=int(w.shape[1] == 1 < x.shape[2]),
        sums=site.y().elements, first=int(first),
    )  # fmt: skip
    weights = Constant(label="weights", data=w, shape_note="kernel_h x kernel_w x channels")
    return (DEPTHWISE_SUMS_S8.call(Input(index=0), weights, Sums(), args=args),)


def finish_calls(site: Site[Any]) -> tuple[Call, ...]:
    """One call."""
    y, w = site.y(), site.constant(WEIGHTS)[0].astype(np.int64)
    low, high = relative_clamp(site.args.clamp, y)
    args = ScaledSumsArgs(
        pixels=y.shape[2], channels=y.shape[3], scale_step=scale_step(site),
        y_zero=y.zero_point, low=low, high=high,
    )  # fmt: skip
    folded = bias_of(site, y.shape[3]).astype(np.int64) - site.x().zero_point * w.sum(axis=(0, 1))
    bias = Constant(label="bias", data=wrap_int32(folded).astype(np.int32), shape_note="channels")
    return (SCALED_SUMS_S8.call(Sums(), bias, *scale_constants(site), Output(index=0), args=args),)


def unused(site: Site[Any]) -> tuple[()]:
    """These kernels are called by streams only."""
    del site
    return ()


DEPTHWISE_SUMS_S8 = Kernel(
    name="nk_depthwise_sums_s8",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="sums", ctype="int32_t"),
    ),
    args=DepthwiseSumsArgs,
    bind=unused,
    accepts=lambda site: False,
)
SCALED_SUMS_S8 = Kernel(
    name="nk_scaled_sums_s8",
    params=(
        Param(name="sums", ctype="const int32_t"),
        Param(name="bias", ctype="const int32_t"),
        Param(name="multiplier", ctype="const int32_t"),
        Param(name="shift", ctype="const int8_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=ScaledSumsArgs,
    bind=unused,
    accepts=lambda site: False,
)
DEPTHWISE_ROW_SUMS = RowSums(
    nbytes=sums_bytes,
    part=DEPTHWISE_SUMS_S8,
    finish=SCALED_SUMS_S8,
    part_calls=part_calls,
    finish_calls=finish_calls,
)
