"""CONV_2D in strips of three pixels, for cores with Helium (kernels/include/nk_mve_strip_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, scaled_params, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.strip import accepts, accepts_pointwise, multipliers

PIXELS = 3
LANES = 16
"""Bytes of a vector: the inputs that one step multiplies."""
CHANNELS = 4
"""Channels that are requantised together: 32-bit lanes of a vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvMveArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs in `steps` of 16; the window as in Conv2dArgs.

    whole_steps: a row of the window is a multiple of 16 bytes, so that it can go to the columns from where it lies.
    is_signed: negative sums are not clamped away. narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_conv_mve_args"
    pixels: int
    channels: int
    depth: int
    steps: int
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
    y_zero: int
    whole_steps: int
    is_signed: int
    narrow: int
    low: int
    high: int


def conv_args(site: Site[Any]) -> ConvMveArgs:
    """The struct for one image (pointwise: `pixels` is widened to all images)."""
    rows, along = windows(site)
    x, y, w = site.x(), site.y(), site.x(WEIGHTS)
    depth = w.elements // w.shape[0]
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    return ConvMveArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=depth, steps=-(-depth // LANES),
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride, stride_w=along.stride,
        pad_h=rows.before, pad_w=along.before, x_zero=x.zero_point, y_zero=y.zero_point,
        whole_steps=int(along.kernel * x.shape[3] % LANES == 0), is_signed=int(low < y.zero_point),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def packed_weights(w: Array) -> Constant:
    """[O, ...] → channels by four in halves (0 2, 1 3), 16 bytes of each channel in turn; zeros to the end."""
    rows = w.reshape(len(w), -1)
    padded = np.zeros(
        (-(-rows.shape[0] // CHANNELS) * CHANNELS, -(-rows.shape[1] // LANES) * LANES), dtype=np.int8
    )
    padded[: rows.shape[0], : rows.shape[1]] = rows
    # [fours, second of its half, half, step, lane]: channel 0 is (0, 0), 1 is (0, 1), 2 is (1, 0), 3 is (1, 1).
    split = padded.reshape(-1, 2, 2, padded.shape[1] // LANES, LANES).transpose(0, 2, 3, 1, 4)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(split),
        shape_note="channel fours x (0 2, 1 3) x steps x 2 channels x 16 inputs",
    )


def scale_vectors(bias: Array, values: Array, shifts: Array) -> Constant:
    """Four biases, four multipliers, four shifts to the left, for every four channels."""
    columns = np.zeros((-(-len(bias) // CHANNELS), CHANNELS, 3), dtype=np.int32)
    columns.reshape(-1, 3)[: len(bias)] = np.stack([bias, values, shifts], axis=1)
    return Constant(
        label="scales",
        data=np.ascontiguousarray(columns.transpose(0, 2, 1)),
        shape_note="channel fours x (bias, multiplier, shift) x 4",
    )


def scales_of(found: list[Multiplier], bias: Array) -> Constant:
    """The scales of fixed-point multipliers, one a channel; all of them shift to the right."""
    values, shifts = (np.array([getattr(m, name) for m in found]) for name in ("value", "shift"))
    return scale_vectors(bias, values, shifts)


def folded(site: Site[Any], rows: Array) -> Array:
    """bias - zero_point * sum of weights [O, depth], modulo 2^32."""
    sums = rows.astype(np.int64).sum(axis=1)
    folded_in: Array = wrap_int32(bias_of(site, len(rows)).reshape(-1) - site.x().zero_point * sums)
    return folded_in


def constants(site: Site[Any]) -> tuple[Constant, Constant]:
    """Weights and scales."""
    w = site.constant(WEIGHTS)
    return packed_weights(w), scales_of(multipliers(site), folded(site, w.reshape(len(w), -1)))


def scratch_bytes(args: ConvMveArgs, *, gathers: bool) -> int:
    """Columns of three pixels, then a window (or one row of it) on its way into them."""
    run = args.kernel_w * args.in_c
    window = run if args.whole_steps else run * args.kernel_h
    return args.steps * LANES * PIXELS + (window if gathers else 0)


def gathers(site: Site[Any], args: ConvMveArgs) -> bool:
    """True when some window, or a row of it, goes by way of the staging area: it leaves the image, or is ragged."""
    outside = any(
        w.before > 0 or (w.output - 1) * w.stride - w.before + w.kernel > w.size for w in windows(site)
    )
    return outside or not args.whole_steps


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args = conv_args(site)
    scratch = Scratch(nbytes=scratch_bytes(args, gathers=gathers(site, args)))
    found = constants(site)
    return tuple(CONV_2D_S8_MVE.call(x, *found, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    args = conv_args(site)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = Scratch(nbytes=scratch_bytes(args, gathers=False))
    return (POINTWISE_S8_MVE.call(Input(index=0), *constants(site), Output(index=0), scratch, args=args),)


PARAMS = scaled_params("int8_t")
POINTWISE_S8_MVE = Kernel(
    name="nk_pointwise_s8_mve",
    params=PARAMS,
    args=ConvMveArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise,
    needs=Isa.MVE,
    overlap=pixels_ahead(3),
)
CONV_2D_S8_MVE = Kernel(
    name="nk_conv_2d_s8_mve",
    params=PARAMS,
    args=ConvMveArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.MVE,
    overlap=windows_ahead(3),
)
