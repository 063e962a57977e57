"""Float matrix products in register tiles, for cores with an FPU (kernels/include/nk_tile_f32.h).

FULLY_CONNECTED and CONV_2D with one group. Each output adds up its products in the reference's order; tiles share
loads. Windows are gathered first, zeros outside the image: a product of 0 and a finite weight is a zero, and to a sum
that began at +0 a zero of either sign adds nothing. Weights that are not finite are left to the plain kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import FLOAT_PARAMS, WEIGHTS, bias_of, images, interleaved, windows
from netsuke.ops.conv_overlap import windows_ahead
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, Reads, matrix_rows

ROWS = 4
"""Rows, or output pixels, of a tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixF32Args(KernelArgs):
    """`rows` of `depth` elements in, of `channels` out, clamped to low..high."""

    c_name: ClassVar[str] = "nk_matrix_f32_args"
    rows: int
    depth: int
    channels: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsF32Args(MatrixF32Args):
    """One image's windows as rows, gathered; sizes in elements, pads before the first row and column."""

    c_name: ClassVar[str] = "nk_windows_f32_args"
    in_h: int
    in_w: int
    in_c: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_h: int
    pad_w: int


def finite_floats(site: Site[Any]) -> bool:
    """float32 with finite weights, as many input channels as the image: one group."""
    return (
        site.x().dtype is DType.FLOAT32
        and site.x().shape[-1] == site.x(WEIGHTS).shape[-1]
        and bool(np.isfinite(site.constant(WEIGHTS)).all())
    )


def accepts_rows(site: Site[Any]) -> bool:
    """float32 rows times constant weights."""
    return site.x().dtype is DType.FLOAT32


def accepts_pointwise(site: Site[Any]) -> bool:
    """A window of one pixel that moves by one, one group."""
    axes = windows(site)
    single = all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in axes)
    return accepts_rows(site) and single and site.x().shape[3] == site.x(WEIGHTS).shape[3]


def shape_of(site: Site[Any], rows: int) -> dict[str, Any]:
    """The fields of MatrixF32Args."""
    w = site.x(WEIGHTS)
    low, high = full_clamp(site.args.clamp, site.y())
    return {
        "rows": rows,
        "depth": w.elements // w.shape[0],
        "channels": w.shape[0],
        "low": low,
        "high": high,
    }


def constants(site: Site[Any]) -> tuple[Constant, Constant]:
    """Weights by four channels, and the bias."""
    w = site.constant(WEIGHTS)
    note = "channels by four, then depth, then 4 channels"
    weights = Constant(label="weights", data=interleaved(w.reshape(len(w), -1)), shape_note=note)
    return weights, Constant(label="bias", data=bias_of(site, len(w)).reshape(-1))


def bind_rows(site: Site[Any]) -> tuple[Call]:
    """One call over all rows; pixels of all images are rows too."""
    args = MatrixF32Args(**shape_of(site, site.y().elements // site.x(WEIGHTS).shape[0]))
    return (MATRIX_F32.call(Input(index=0), *constants(site), Output(index=0), args=args),)


def bind_windows(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    down, along = windows(site)
    x, y = site.x(), site.y()
    args = WindowsF32Args(
        **shape_of(site, y.shape[1] * y.shape[2]),
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        dilation_h=down.dilation, dilation_w=along.dilation, pad_h=down.before, pad_w=along.before,
    )  # fmt: skip
    scratch = Scratch(nbytes=4 * ROWS * args.depth)
    made = constants(site)
    return tuple(WINDOWS_F32.call(i, *made, o, scratch, args=args) for i, o in images(site))


def rows_during(site: Site[Any]) -> tuple[Overlap, ...]:
    """Four rows are read again for every four channels; the last few rows one by one."""
    return matrix_rows(site, Reads.DURING, rows=ROWS)


MATRIX_F32 = Kernel(
    name="nk_matrix_f32",
    params=FLOAT_PARAMS,
    args=MatrixF32Args,
    bind=bind_rows,
    accepts=accepts_rows,
    needs=Isa.FP32,
    overlap=rows_during,
)
"""Of FULLY_CONNECTED."""
POINTWISE_F32 = Kernel(
    name=MATRIX_F32.name,
    params=FLOAT_PARAMS,
    args=MatrixF32Args,
    bind=bind_rows,
    accepts=accepts_pointwise,
    needs=Isa.FP32,
    overlap=rows_during,
)
WINDOWS_F32 = Kernel(
    name="nk_windows_f32",
    params=(*FLOAT_PARAMS, Param(name="scratch", ctype="float")),
    args=WindowsF32Args,
    bind=bind_windows,
    accepts=finite_floats,
    needs=Isa.FP32,
    overlap=windows_ahead(ROWS),
)
