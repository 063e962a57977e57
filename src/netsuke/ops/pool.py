"""MAX_POOL_2D and AVERAGE_POOL_2D over NHWC images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Clamp, apply_clamp, full_clamp
from netsuke.ops.geometry import Padding, Window, window
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site, dtypes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2d(Args):
    """Window (height, width) and stride in pixels; `clamp` is the fused activation as a range of stored values."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding = Padding.VALID
    explicit: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2dArgs(KernelArgs):
    """Sizes in elements. pad_h and pad_w are the padding before the first row and column."""

    c_name: ClassVar[str] = "nk_pool_2d_args"
    in_h: int
    in_w: int
    channels: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    clamp_low: int
    clamp_high: int


def windows(site: Site[Pool2d]) -> tuple[Window, Window]:
    """The window down the rows and the one along the columns."""
    _, height, width, _ = site.x().shape
    a = site.args
    rows = window(height, a.kernel[0], a.stride[0], a.padding, explicit=a.explicit[0])
    columns = window(width, a.kernel[1], a.stride[1], a.padding, explicit=a.explicit[1])
    return rows, columns


def rank_4(site: Site[Pool2d]) -> str | None:
    """The input is an NHWC image: rank 4."""
    return None if len(site.x().shape) == 4 else f"shape {list(site.x().shape)}"


def same_quantization(site: Site[Pool2d]) -> str | None:
    """Input and output have the same scale and zero point: pooling does not requantise."""
    x, y = site.x().quantization, site.y().quantization
    return None if x == y else f"{x} and {y}"


def infer(site: Site[Pool2d]) -> tuple[tuple[int, ...]]:
    """[N, H, W, C] → [N, OH, OW, C]."""
    batch, _, _, channels = site.x().shape
    rows, columns = windows(site)
    return ((batch, rows.output, columns.output, channels),)


def max_reference(site: Site[Pool2d], values: Sequence[Array | None]) -> tuple[Array]:
    """Maximum over the taps inside the image (reference_ops::MaxPool): padded taps do not take part."""
    x = values[0]
    assert x is not None
    rows, columns = windows(site)
    lowest = x.dtype.type(-np.inf) if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    y = np.full(site.y().shape, lowest, dtype=x.dtype)
    for i in range(rows.kernel):
        for j in range(columns.kernel):
            (out_r, in_r), (out_c, in_c) = tap(rows, i), tap(columns, j)
            part = y[:, out_r, out_c]
            np.maximum(part, x[:, in_r, in_c], out=part)
    return (apply_clamp(y, site.args.clamp),)


def tap(axis: Window, index: int) -> tuple[slice, slice]:
    """The outputs that tap `index` serves from inside the image, and the inputs they read."""
    shift = index * axis.dilation - axis.before
    first = max(0, -(shift // axis.stride))
    last = min(axis.output - 1, (axis.size - 1 - shift) // axis.stride)
    count = max(0, last - first + 1)
    start = first * axis.stride + shift
    return slice(first, first + count), slice(start, start + max(0, count - 1) * axis.stride + (count > 0), axis.stride)


def pool_args(site: Site[Pool2d]) -> Pool2dArgs:
    """The argument struct of the integer kernels."""
    rows, columns = windows(site)
    low, high = full_clamp(site.args.clamp, site.y())
    return Pool2dArgs(
        in_h=rows.size, in_w=columns.size, channels=site.x().shape[3],
        out_h=rows.output, out_w=columns.output,
        kernel_h=rows.kernel, kernel_w=columns.kernel,
        stride_h=rows.stride, stride_w=columns.stride,
        pad_h=rows.before, pad_w=columns.before,
        clamp_low=int(low), clamp_high=int(high),
    )  # fmt: skip


def bind_max_s8(site: Site[Pool2d]) -> tuple[Call]:
    """One call over the whole image."""
    return (MAX_POOL_2D_S8.call(Input(index=0), Output(index=0), args=pool_args(site)),)


MAX_POOL_2D_S8 = Kernel(
    name="nk_max_pool_2d_s8",
    params=(Param(name="x", ctype="const int8_t"), Param(name="y", ctype="int8_t")),
    args=Pool2dArgs,
    bind=bind_max_s8,
    accepts=lambda site: site.x().dtype is DType.INT8,
)

MAX_POOL_2D = Operator(
    name="max_pool_2d",
    tflite=("MAX_POOL_2D",),
    summary="maximum over a sliding window",
    args=Pool2d,
    infer=infer,
    reference=max_reference,
    constraints=(dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32), rank_4, same_quantization),
    kernels=(MAX_POOL_2D_S8,),
)

OPERATORS: tuple[Operator[Pool2d], ...] = (MAX_POOL_2D,)
