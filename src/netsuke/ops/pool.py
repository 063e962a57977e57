"""MAX_POOL_2D and AVERAGE_POOL_2D over NHWC images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import FLOAT32_MAX, Clamp, apply_clamp, full_clamp
from netsuke.ops.geometry import Padding, Window, window
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.overlap import Overlap, Reads
from netsuke.ops.overlap import windowed as windowed_overlap
from netsuke.ops.pool_sums import AVERAGE_ROW_SUMS
from netsuke.ops.rows import windowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2d(Args):
    """Window and stride as (height, width); `clamp` is the fused activation as a range of stored values."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding = Padding.VALID
    explicit: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2dWindow(KernelArgs):
    """Sizes in elements. pad_h and pad_w are the padding before the first row and column."""

    c_name: ClassVar[str] = "nk_pool_2d_window"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2dArgs(Pool2dWindow):
    """The integer kernels: results are clamped to clamp_low..clamp_high."""

    c_name: ClassVar[str] = "nk_pool_2d_args"
    clamp_low: int
    clamp_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2dF32Args(Pool2dWindow):
    """The float kernels: results are clamped to clamp_low..clamp_high."""

    c_name: ClassVar[str] = "nk_pool_2d_f32_args"
    clamp_low: float
    clamp_high: float


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


def taps_inside(site: Site[Pool2d]) -> str | None:
    """Every window holds an element of the image, and the kernel at most 65535."""
    for axis in windows(site):
        last = (axis.output - 1) * axis.stride - axis.before
        if min(axis.before, axis.after) < 0 or axis.before >= axis.kernel or last >= axis.size:
            return f"kernel {axis.kernel}, stride {axis.stride}, padding {axis.before} and {axis.after}"
    taps = site.args.kernel[0] * site.args.kernel[1]
    return None if taps < 1 << 16 else f"{taps} elements"


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
    lowest = x.dtype.type(-FLOAT32_MAX if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
    y = np.full(site.y().shape, lowest, dtype=x.dtype)
    for i in range(rows.kernel):
        for j in range(columns.kernel):
            (out_r, in_r), (out_c, in_c) = tap(rows, i), tap(columns, j)
            y[:, out_r, out_c] = larger(x[:, in_r, in_c], y[:, out_r, out_c])
    return (apply_clamp(y, full_clamp(site.args.clamp, site.y())),)


def larger(x: Array, best: Array) -> Array:
    """The larger elements, `best` where equal: zeros get the sign that TFLite gives them (numpy varies)."""
    return np.where(x > best, x, best)


def average_reference(site: Site[Pool2d], values: Sequence[Array | None]) -> tuple[Array]:
    """Average over the taps inside the image (AveragePool); integers: to nearest, halves away from zero."""
    x = values[0]
    assert x is not None
    rows, columns = windows(site)
    wide = np.dtype(np.float32 if x.dtype.kind == "f" else np.int64)
    total = np.zeros(site.y().shape, dtype=wide)
    count = np.zeros(site.y().shape[1:3], dtype=wide)
    for i in range(rows.kernel):
        for j in range(columns.kernel):
            (out_r, in_r), (out_c, in_c) = tap(rows, i), tap(columns, j)
            total[:, out_r, out_c] += x[:, in_r, in_c]
            count[out_r, out_c] += 1
    taps = count[:, :, None]
    average = total / taps if wide == np.float32 else np.sign(total) * ((np.abs(total) + taps // 2) // taps)
    return (apply_clamp(average, full_clamp(site.args.clamp, site.y())).astype(x.dtype),)


def tap(axis: Window, index: int) -> tuple[slice, slice]:
    """The outputs that tap `index` serves from inside the image, and the inputs they read."""
    shift = index * axis.dilation - axis.before
    first = max(0, -(shift // axis.stride))
    last = min(axis.output - 1, (axis.size - 1 - shift) // axis.stride)
    count = max(0, last - first + 1)
    start = first * axis.stride + shift
    end = start + max(0, count - 1) * axis.stride + (count > 0)
    return slice(first, first + count), slice(start, end, axis.stride)


def pool_args(site: Site[Pool2d]) -> Pool2dWindow:
    """The argument struct of the kernels for the site's element type."""
    rows, columns = windows(site)
    real = site.x().dtype is DType.FLOAT32
    make: Callable[..., Pool2dWindow] = Pool2dF32Args if real else Pool2dArgs
    low, high = full_clamp(site.args.clamp, site.y())
    return make(
        in_h=rows.size, in_w=columns.size, channels=site.x().shape[3],
        out_h=rows.output, out_w=columns.output,
        kernel_h=rows.kernel, kernel_w=columns.kernel,
        stride_h=rows.stride, stride_w=columns.stride,
        pad_h=rows.before, pad_w=columns.before,
        clamp_low=low if real else int(low), clamp_high=high if real else int(high),
    )  # fmt: skip


def kernel_for(
    dtype: DType,
    name: str,
    accepts: Callable[[Site[Pool2d]], bool] = lambda site: True,
    needs: Isa = Isa.NONE,
) -> Kernel:
    """A pooling kernel of one element type: one call an image of the batch."""

    def bind(site: Site[Pool2d]) -> tuple[Call, ...]:
        x, y, args = site.x().shape, site.y().shape, pool_args(site)
        return tuple(
            kernel.call(
                Input(index=0, offset=image * math.prod(x[1:])),
                Output(index=0, offset=image * math.prod(y[1:])),
                args=args,
            )
            for image in range(x[0])
        )

    kernel = Kernel(
        name=name,
        params=(Param(name="x", ctype=f"const {dtype.c}"), Param(name="y", ctype=dtype.c)),
        args=Pool2dF32Args if dtype is DType.FLOAT32 else Pool2dArgs,
        bind=bind,
        accepts=lambda site: site.x().dtype is dtype and accepts(site),
        needs=needs,
        overlap=over_the_input,
    )
    return kernel


def over_the_input(site: Site[Pool2d]) -> tuple[Overlap, ...]:
    """A channel is read before it is written; kernels of four channels at a time may read the last ones again."""
    whole = site.x().shape[3] % 4 == 0 or site.x().dtype is not DType.INT8
    return windowed_overlap(site, windows(site), Reads.BY_CHANNEL if whole else Reads.DURING)


def four_channels(site: Site[Pool2d]) -> bool:
    """Channels fill a word."""
    return site.x().shape[3] >= 4


def sums_fit(site: Site[Pool2d]) -> bool:
    """Sums of a window fit 16 bits."""
    return four_channels(site) and math.prod(site.args.kernel) <= 255


MAX_POOL_2D_S8_MVE = kernel_for(DType.INT8, "nk_max_pool_2d_s8_mve", needs=Isa.MVE)
AVERAGE_POOL_2D_S8_MVE = kernel_for(
    DType.INT8, "nk_average_pool_2d_s8_mve", lambda site: math.prod(site.args.kernel) <= 255, Isa.MVE
)
MAX_POOL_2D_S8_DSP = kernel_for(DType.INT8, "nk_max_pool_2d_s8_dsp", four_channels, Isa.DSP)
AVERAGE_POOL_2D_S8_DSP = kernel_for(DType.INT8, "nk_average_pool_2d_s8_dsp", sums_fit, Isa.DSP)
MAX_POOL_2D_S8 = kernel_for(DType.INT8, "nk_max_pool_2d_s8")
MAX_POOL_2D_S16 = kernel_for(DType.INT16, "nk_max_pool_2d_s16")
MAX_POOL_2D_F32 = kernel_for(DType.FLOAT32, "nk_max_pool_2d_f32")
AVERAGE_POOL_2D_S8 = kernel_for(DType.INT8, "nk_average_pool_2d_s8")
AVERAGE_POOL_2D_S16 = kernel_for(DType.INT16, "nk_average_pool_2d_s16")
AVERAGE_POOL_2D_F32 = kernel_for(DType.FLOAT32, "nk_average_pool_2d_f32")

CONSTRAINTS = (
    dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32),
    rank_4,
    same_quantization,
    taps_inside,
)

MAX_POOL_2D = Operator(
    name="max_pool_2d",
    tflite=("MAX_POOL_2D",),
    summary="maximum over a sliding window",
    args=Pool2d,
    infer=infer,
    reference=max_reference,
    constraints=CONSTRAINTS,
    rows=windowed(windows),
    kernels=(
        MAX_POOL_2D_S8_MVE,
        MAX_POOL_2D_S8_DSP,
        MAX_POOL_2D_S8,
        MAX_POOL_2D_S16,
        MAX_POOL_2D_F32,
    ),
)
AVERAGE_POOL_2D = Operator(
    name="average_pool_2d",
    tflite=("AVERAGE_POOL_2D",),
    summary="average over a sliding window, padding left out",
    args=Pool2d,
    infer=infer,
    reference=average_reference,
    constraints=CONSTRAINTS,
    rows=windowed(windows),
    row_sums=AVERAGE_ROW_SUMS,
    kernels=(
        AVERAGE_POOL_2D_S8_MVE,
        AVERAGE_POOL_2D_S8_DSP,
        AVERAGE_POOL_2D_S8,
        AVERAGE_POOL_2D_S16,
        AVERAGE_POOL_2D_F32,
    ),
)

OPERATORS: tuple[Operator[Pool2d], ...] = (MAX_POOL_2D, AVERAGE_POOL_2D)
