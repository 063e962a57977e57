"""AVERAGE_POOL_2D over a whole int8 image whose rows come one after the other: sums are kept, not rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param, Sums
from netsuke.ops.operator import Site
from netsuke.ops.rows import RowSums, is_image

SUM_BYTES = 4
MOST_TAPS = 1 << 16
"""Pixels whose average is taken: as many as a window may have (`pool.taps_inside`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSumsArgs(KernelArgs):
    """`pixels` of `channels` are added; first: to nothing."""

    c_name: ClassVar[str] = "nk_row_sums_args"
    pixels: int
    channels: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageArgs(KernelArgs):
    """Averages of `taps` pixels of `channels`, clamped to low..high."""

    c_name: ClassVar[str] = "nk_average_sums_args"
    channels: int
    taps: int
    low: int
    high: int


def sums_bytes(site: Site[Any]) -> int:
    """Bytes of sums where the window is the whole image, else 0."""
    x, y = site.x(), site.y()
    whole = tuple(site.args.kernel) == x.shape[1:3] and y.shape[1:3] == (1, 1)
    padded = any(any(side) for side in site.args.explicit)
    fits = is_image(x.shape) and x.dtype is DType.INT8 and x.shape[1] * x.shape[2] < MOST_TAPS
    return x.shape[3] * SUM_BYTES if fits and whole and not padded else 0


def part_calls(site: Site[Any], rows: int, first: bool) -> tuple[Call, ...]:
    """One call."""
    x = site.x()
    args = RowSumsArgs(pixels=rows * x.shape[2], channels=x.shape[3], first=int(first))
    return (ROW_SUMS_S8.call(Input(index=0), Sums(), args=args),)


def finish_calls(site: Site[Any]) -> tuple[Call, ...]:
    """One call."""
    x = site.x()
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    args = AverageArgs(channels=x.shape[3], taps=x.shape[1] * x.shape[2], low=low, high=high)
    return (AVERAGE_SUMS_S8.call(Sums(), Output(index=0), args=args),)


def unused(site: Site[Any]) -> tuple[()]:
    """These kernels are called by streams only."""
    del site
    return ()


ROW_SUMS_S8 = Kernel(
    name="nk_row_sums_s8",
    params=(Param(name="x", ctype="const int8_t"), Param(name="sums", ctype="int32_t")),
    args=RowSumsArgs,
    bind=unused,
    accepts=lambda site: False,
)
AVERAGE_SUMS_S8 = Kernel(
    name="nk_average_sums_s8",
    params=(Param(name="sums", ctype="const int32_t"), Param(name="y", ctype="int8_t")),
    args=AverageArgs,
    bind=unused,
    accepts=lambda site: False,
)
AVERAGE_ROW_SUMS = RowSums(
    nbytes=sums_bytes,
    part=ROW_SUMS_S8,
    finish=AVERAGE_SUMS_S8,
    part_calls=part_calls,
    finish_calls=finish_calls,
)
