"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR over NHWC images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from netsuke.ir import Args, Array, DType
from netsuke.ops.fixed_point import Int64Array
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of
from netsuke.ops.overlap import Overlap, Reads, pixel_lead, useful
from netsuke.ops.reshape import same_dtype

Float32Array = npt.NDArray[np.float32]
ONE = 1 << 10
"""1 in the fixed-point numbers of the integer bilinear kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Args):
    """Output height and width in pixels.

    `align_corners` maps the corner pixels' centres onto each other; `half_pixel_centers` takes a pixel's
    centre to lie at .5.
    """

    size: tuple[int, int]
    align_corners: bool = False
    half_pixel_centers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeArgs(KernelArgs):
    """Sizes in pixels; `pixel` is a pixel's bytes (nearest neighbour) or channels (bilinear)."""

    c_name: ClassVar[str] = "nk_resize_args"
    in_w: int
    pixel: int
    out_h: int
    out_w: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taps:
    """Along one axis, for each output index: the two input indices that it lies between, and where."""

    low: Int64Array
    high: Int64Array
    fraction: Int64Array | Float32Array
    """From `low` on, in 1024ths for integer images; 1 is the distance of two pixels."""


def rank_4(site: Site[Resize]) -> str | None:
    """The input is an NHWC image: rank 4."""
    return None if len(site.x().shape) == 4 else f"shape {list(site.x().shape)}"


def size_positive(site: Site[Resize]) -> str | None:
    """Output height and width are 1 or more, and all sizes below 32768."""
    sizes = (*site.args.size, *site.x().shape[1:3])
    return None if min(sizes) >= 1 and max(sizes) < 1 << 15 else f"sizes {list(sizes)}"


def one_alignment(site: Site[Resize]) -> str | None:
    """At most one of align_corners and half_pixel_centers is set."""
    return "both" if site.args.align_corners and site.args.half_pixel_centers else None


def taps_inside(site: Site[Resize]) -> str | None:
    """Every output pixel lies inside the input image.

    TFLite's integer kernel rounds the scale to 1024ths and walks off the image when an output is very large.
    """
    for axis in (0, 1):
        found = taps(site, axis)
        if found.low.max() >= site.x().shape[1 + axis]:
            return f"output size {site.args.size[axis]} for an input of {site.x().shape[1 + axis]}"
    return None


def infer(site: Site[Resize]) -> tuple[Shape]:
    """[N, H, W, C] → [N, size 0, size 1, C]."""
    batch, _, _, channels = site.x().shape
    return ((batch, *site.args.size, channels),)


def scale_f32(site: Site[Resize], axis: int) -> np.float32:
    """Input pixels an output pixel, in float32."""
    size, wanted = site.x().shape[1 + axis], site.args.size[axis]
    if site.args.align_corners and wanted > 1:
        return np.float32(size - 1) / np.float32(wanted - 1)
    return np.float32(size) / np.float32(wanted)


def nearest(site: Site[Resize], axis: int) -> Int64Array:
    """The input index of each output index (GetNearestNeighbor), computed in float32 as there."""
    a, size = site.args, site.x().shape[1 + axis]
    offset = np.float32(0.5 if a.half_pixel_centers else 0.0)
    place = (np.arange(a.size[axis], dtype=np.float32) + offset) * scale_f32(site, axis)
    # std::round of a number >= 0; adding the half in float32 could round up what lies just below it.
    index = np.floor(place.astype(np.float64) + 0.5) if a.align_corners else np.floor(place)
    return np.clip(index.astype(np.int64), 0, size - 1)


def taps(site: Site[Resize], axis: int) -> Taps:
    """The taps of one axis (0 rows, 1 columns) for the input's type."""
    return taps_f32(site, axis) if site.x().dtype is DType.FLOAT32 else taps_fixed(site, axis)


def taps_f32(site: Site[Resize], axis: int) -> Taps:
    """ComputeInterpolationValues, in float32; half pixels at the edges give fractions below 0."""
    size, scale = site.x().shape[1 + axis], scale_f32(site, axis)
    place = np.arange(site.args.size[axis], dtype=np.float32)
    # Adding and taking off zero changes nothing: the corners' places are the product alone.
    half = np.float32(0.5 if site.args.half_pixel_centers else 0.0)
    place = (place + half) * scale - half
    low = np.maximum(np.floor(place).astype(np.int64), 0)
    high = np.minimum(np.ceil(place).astype(np.int64), size - 1)
    return Taps(low=low, high=high, fraction=place - low.astype(np.float32))


def taps_fixed(site: Site[Resize], axis: int) -> Taps:
    """ComputeInterpolationValuesInteger: in 1024ths of a pixel.

    Where both taps are the same pixel the fraction is 0, which gives the same result.
    """
    a, size, wanted = site.args, site.x().shape[1 + axis], site.args.size[axis]
    corners = a.align_corners and wanted > 1
    spans, steps = (size - 1, wanted - 1) if corners else (size, wanted)
    scale = (ONE * spans + steps // 2) // steps
    place = np.arange(wanted, dtype=np.int64) * scale
    if a.half_pixel_centers:
        place += scale // 2 - ONE // 2
    low = np.maximum(np.trunc(place / ONE).astype(np.int64), 0)
    high = np.minimum(np.trunc((place + ONE - 1) / ONE).astype(np.int64), size - 1)
    return Taps(low=low, high=high, fraction=np.where(low == high, 0, place - ONE * low))


def nearest_reference(site: Site[Resize], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::ResizeNearestNeighbor."""
    x = values[0]
    assert x is not None
    return (x[:, nearest(site, 0)][:, :, nearest(site, 1)],)


def bilinear_reference(site: Site[Resize], values: Sequence[Array | None]) -> tuple[Array]:
    """ResizeBilinear for float32, ResizeBilinearInteger for integers (halves away from zero)."""
    x = values[0]
    assert x is not None
    rows, columns = taps(site, 0), taps(site, 1)
    one = np.float32(1) if x.dtype == np.float32 else np.int64(ONE)
    down, right = rows.fraction[:, None, None], columns.fraction[:, None]
    wide = x if x.dtype == np.float32 else x.astype(np.int64)
    upper, lower = wide[:, rows.low], wide[:, rows.high]
    total = upper[:, :, columns.low] * (one - down) * (one - right)
    total = total + lower[:, :, columns.low] * down * (one - right)
    total = total + upper[:, :, columns.high] * (one - down) * right
    total = total + lower[:, :, columns.high] * down * right
    if x.dtype == np.float32:
        return (total + np.float32(0),)
    rounded = np.sign(total) * ((np.abs(total) + (1 << 19)) >> 20)
    return (rounded.astype(x.dtype),)


def whole_batch(
    site: Site[Resize], kernel: Kernel, tables: Sequence[Constant], pixel: int
) -> tuple[Call, ...]:
    """One call an image."""
    batch, in_h, in_w, channels = site.x().shape
    out_h, out_w = site.args.size
    args = ResizeArgs(in_w=in_w, pixel=pixel, out_h=out_h, out_w=out_w)
    return tuple(
        kernel.call(
            Input(index=0, offset=image * in_h * in_w * channels),
            *tables,
            Output(index=0, offset=image * out_h * out_w * channels),
            args=args,
        )
        for image in range(batch)
    )


def bind_nearest(site: Site[Resize]) -> tuple[Call, ...]:
    """The indices as two tables."""
    tables = [
        Constant(label=label, data=nearest(site, axis).astype(np.int16), shape_note=note)
        for axis, (label, note) in enumerate((("rows", "out_h"), ("columns", "out_w")))
    ]
    x = site.x()
    return whole_batch(site, RESIZE_NEAREST, tables, x.shape[3] * x.dtype.size)


def bind_bilinear(site: Site[Resize]) -> tuple[Call, ...]:
    """For each axis the two taps of each output index as a table, and their fractions as another."""
    dtype = np.float32 if site.x().dtype is DType.FLOAT32 else np.int16
    tables: list[Constant] = []
    for axis, (label, note) in enumerate((("rows", "out_h"), ("columns", "out_w"))):
        found = taps(site, axis)
        pairs = np.stack([found.low, found.high], axis=1).astype(np.int16)
        tables.append(Constant(label=label, data=pairs, shape_note=f"{note} x (low, high)"))
        fraction = found.fraction.astype(dtype)
        tables.append(Constant(label=f"{label}_fraction", data=fraction, shape_note=note))
    return whole_batch(site, BILINEAR[site.x().dtype], tables, site.x().shape[3])


def nearest_over_the_input(site: Site[Resize]) -> tuple[Overlap, ...]:
    """A pixel and its copy keep apart, since memcpy wants that."""
    return over_the_input(site, nearest(site, 0), nearest(site, 1), Reads.DURING)


def bilinear_over_the_input(site: Site[Resize]) -> tuple[Overlap, ...]:
    """The four pixels are read channel by channel."""
    rows, columns = (np.minimum(t.low, t.high) for t in (taps(site, 0), taps(site, 1)))
    return over_the_input(site, rows, columns, Reads.BY_CHANNEL)


def over_the_input(site: Site[Resize], rows: Array, columns: Array, reads: Reads) -> tuple[Overlap, ...]:
    """`rows`, `columns`: the first input row and column of each output row and column."""
    first = (rows[:, None] * site.x().shape[2] + columns).reshape(-1)
    return useful(site, Overlap(input=0, lead=pixel_lead(site, first, reads, 1)))


def bilinear_kernel(dtype: DType, suffix: str) -> Kernel:
    """The bilinear kernel of one element type."""
    fraction = "const float" if dtype is DType.FLOAT32 else "const int16_t"
    return Kernel(
        name=f"nk_resize_bilinear_{suffix}",
        params=(
            Param(name="x", ctype=f"const {dtype.c}"),
            Param(name="rows", ctype="const int16_t"),
            Param(name="rows_fraction", ctype=fraction),
            Param(name="columns", ctype="const int16_t"),
            Param(name="columns_fraction", ctype=fraction),
            Param(name="y", ctype=dtype.c),
        ),
        args=ResizeArgs,
        bind=bind_bilinear,
        accepts=lambda site: site.x().dtype is dtype,
        overlap=bilinear_over_the_input,
    )


RESIZE_NEAREST = Kernel(
    name="nk_resize_nearest",
    params=(
        Param(name="x", ctype="const void"),
        Param(name="rows", ctype="const int16_t"),
        Param(name="columns", ctype="const int16_t"),
        Param(name="y", ctype="void"),
    ),
    args=ResizeArgs,
    bind=bind_nearest,
    overlap=nearest_over_the_input,
)
BILINEAR = {
    dtype: bilinear_kernel(dtype, suffix)
    for dtype, suffix in ((DType.INT8, "s8"), (DType.INT16, "s16"), (DType.FLOAT32, "f32"))
}

RESIZE_NEAREST_NEIGHBOR = Operator(
    name="resize_nearest_neighbor",
    tflite=("RESIZE_NEAREST_NEIGHBOR",),
    summary="an image of another size, by copying pixels",
    args=Resize,
    infer=infer,
    reference=nearest_reference,
    constraints=(same_dtype, rank_4, size_positive),
    kernels=(RESIZE_NEAREST,),
)
RESIZE_BILINEAR = Operator(
    name="resize_bilinear",
    tflite=("RESIZE_BILINEAR",),
    summary="an image of another size, by weighing four pixels",
    args=Resize,
    infer=infer,
    reference=bilinear_reference,
    constraints=(
        dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32),
        rank_4,
        size_positive,
        one_alignment,
        taps_inside,
    ),
    kernels=tuple(BILINEAR.values()),
)

OPERATORS: tuple[Operator[Resize], ...] = (RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR)
