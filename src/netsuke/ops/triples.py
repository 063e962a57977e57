"""CONV_2D three pixels at a time, for cores without SIMD (kernels/include/nk_triples_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, scaled_params, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Int64Array, Multiplier
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_int32
from netsuke.ops.staircase import FRACTION, Accumulators, Scaling, Staircase, staircase

LARGEST_SUM = 1 << 20
"""Sums of products stay below it, or the words of three pixels could not be parted."""
REMEMBERED = 512
"""Layers whose formula is not looked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriplesArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs (a multiple of four), the window as in Conv2dArgs.

    cut: after how many inputs sums are taken out of the words. stride, shift: see nk_steps_s8.h.
    """

    c_name: ClassVar[str] = "nk_triples_args"
    pixels: int
    channels: int
    depth: int
    cut: int
    in_h: int
    in_w: int
    in_c: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    stride: int
    shift: int


def channel_rows(site: Site[Any]) -> Array:
    """Weights as int64 [O, inputs of a channel]."""
    w = site.constant(WEIGHTS).astype(np.int64)
    result: Array = w.reshape(len(w), -1)
    return result


def folded_bias(site: Site[Any], rows: Array) -> Int64Array:
    """bias - zero_point * sum of weights [O], not wrapped."""
    bias: Int64Array = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    folded: Int64Array = bias - site.x().zero_point * rows.sum(axis=1)
    return folded


def accumulators(site: Site[Any], rows: Array) -> Accumulators:
    """What the accumulators of channels with weights `rows` can be, bias included."""
    bias = folded_bias(site, rows)
    return Accumulators(
        least=bias + np.minimum(rows * -128, rows * 127).sum(axis=1),
        most=bias + np.maximum(rows * -128, rows * 127).sum(axis=1),
    )


def fixed_scaling(multipliers: list[Multiplier]) -> Scaling:
    """TFLite's double rounding, for accumulators [channels, n]."""
    return lambda acc: scaled_int32(acc.T, multipliers).T


def conv_steps(site: Site[Any], rows: Array) -> Staircase | None:
    """The formula for a convolution whose channels have weights `rows`."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    low, high = relative_clamp(site.args.clamp, site.y())
    bounds = accumulators(site, rows)
    least, most = (np.ascontiguousarray(end, dtype=np.int64).tobytes() for end in (bounds.least, bounds.most))
    return fixed_staircase(tuple(reals.tolist()), low, high, least, most)


@lru_cache(maxsize=REMEMBERED)
def fixed_staircase(
    reals: tuple[float, ...], low: int, high: int, least: bytes, most: bytes
) -> Staircase | None:
    """The formula for TFLite's double rounding; `least` and `most` are the bytes of the bounds, int64 [channels].

    Kernels that share it ask for it to say whether they can compute a layer, and again to bind it.
    """
    scaling = fixed_scaling([Multiplier.of(real) for real in reals])
    ends = (np.frombuffer(end, dtype=np.int64) for end in (least, most))
    return staircase(scaling, np.array(reals), low, high, Accumulators(least=next(ends), most=next(ends)))


def scale_rows(site: Site[Any], found: Staircase, bias: Int64Array) -> Constant:
    """[channels, 5 or 7] as nk_step reads them; the lowest stored value is in the upper byte of the addends."""
    lowest = int(full_clamp(site.args.clamp, site.y())[0]) << FRACTION
    columns = [bias - found.base, found.top, found.high, found.low, found.addend + lowest]
    note = "channels x bias less base, top, high, low, addend"
    if found.mirrored:
        columns += [found.zero, found.addend_up + lowest]
        note += ", place of zero, addend above"
    table = np.stack(columns, axis=1).astype(np.uint32).view(np.int32)
    return Constant(label="scales", data=np.ascontiguousarray(table), shape_note=note)


def quad_weights(rows: Array, depth: int) -> Constant:
    """[O, inputs] → int32 [O / 4, depth], a byte for each of four channels, the first lowest; padded with zeros."""
    padded = np.zeros((-(-rows.shape[0] // 4) * 4, depth), dtype=np.uint32)
    padded[: rows.shape[0], : rows.shape[1]] = rows & 255
    fours = padded.reshape(-1, 4, padded.shape[1])
    words = fours[:, 0] | fours[:, 1] << 8 | fours[:, 2] << 16 | fours[:, 3] << 24
    return Constant(
        label="weights", data=words.view(np.int32), shape_note="channels by four x inputs, a byte a channel"
    )


def fourfold(n: int) -> int:
    """The next multiple of four: the inner loops take as many inputs a turn."""
    return -(-n // 4) * 4


def cut_of(rows: Array) -> int:
    """The most inputs, a multiple of four, whose sums stay below LARGEST_SUM in every channel and piece."""
    depth = fourfold(rows.shape[1])
    reach = np.zeros((len(rows), depth), dtype=np.int64)
    reach[:, : rows.shape[1]] = np.abs(rows) * 128
    for pieces in range(1, depth // 4 + 1):
        cut = fourfold(-(-depth // pieces))
        sums = [reach[:, k : k + cut].sum(axis=1).max() for k in range(0, depth, cut)]
        if max(sums) < LARGEST_SUM:
            return cut
    return 0


def undilated(site: Site[Any]) -> bool:
    """int8, one group, no dilation, more than two pixels."""
    if site.x().dtype is not DType.INT8 or site.x().shape[3] != site.x(WEIGHTS).shape[3]:
        return False
    down, along = windows(site)
    return down.dilation == along.dilation == 1 and site.y().shape[1] * site.y().shape[2] > 2


def one_pixel(site: Site[Any]) -> bool:
    """A window of one pixel that moves by one."""
    return all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in windows(site))


def accepts(site: Site[Any]) -> bool:
    """Where three pixels can be computed at a time, and a requantisation can be proved."""
    return undilated(site) and conv_steps(site, channel_rows(site)) is not None


def accepts_pointwise(site: Site[Any]) -> bool:
    """The same for a window of one pixel that moves by one."""
    return one_pixel(site) and accepts(site)


def triples_args(site: Site[Any], found: Staircase, rows: Array) -> TriplesArgs:
    """The struct for one image."""
    return plain_args(site, rows, stride=7 if found.mirrored else 5, shift=found.shift)


def plain_args(site: Site[Any], rows: Array, *, stride: int, shift: int) -> TriplesArgs:
    """The same with a table of scales of any kind."""
    x, y, (down, along) = site.x(), site.y(), windows(site)
    return TriplesArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=fourfold(rows.shape[1]), cut=cut_of(rows),
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=down.kernel, kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride,
        pad_h=down.before, pad_w=along.before, x_zero=x.zero_point,
        stride=stride, shift=shift,
    )  # fmt: skip


def bound(site: Site[Any]) -> tuple[tuple[Constant, Constant], TriplesArgs]:
    """Constants and struct."""
    rows = channel_rows(site)
    found = conv_steps(site, rows)
    assert found is not None
    return (
        quad_weights(rows, fourfold(rows.shape[1])),
        scale_rows(site, found, folded_bias(site, rows)),
    ), triples_args(site, found, rows)


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    constants, args = bound(site)
    scratch = Scratch(nbytes=8 * args.depth)
    return tuple(CONV_2D_S8_TRIPLES.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    constants, args = bound(site)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = Scratch(nbytes=8 * args.depth)
    return (POINTWISE_S8_TRIPLES.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


PARAMS = scaled_params("int32_t")
POINTWISE_S8_TRIPLES = Kernel(
    name="nk_pointwise_s8_triples",
    params=PARAMS,
    args=TriplesArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise,
    needs=Isa.NONE,
    overlap=pixels_ahead(3),
)
CONV_2D_S8_TRIPLES = Kernel(
    name="nk_conv_2d_s8_triples",
    params=PARAMS,
    args=TriplesArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.NONE,
    overlap=windows_ahead(3),
)
