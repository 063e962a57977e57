"""TRANSPOSE_CONV over NHWC images: what the gradient of a convolution does to an image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Clamp
from netsuke.ops.conv_2d import float_finish, image_calls, packed, requantized
from netsuke.ops.conv_geometry import FLOAT_PARAMS, WEIGHTS, Conv2dArgs, conv_args, quantized_params
from netsuke.ops.conv_rules import (
    accumulators_fit,
    activations_quantized,
    bias_length,
    constant_weights,
    element_types,
    images_of_rank_4,
    multipliers_in_range,
    weights_quantized,
)
from netsuke.ops.geometry import Padding, Window, window
from netsuke.ops.kernel import Call, Constant, Kernel
from netsuke.ops.operator import Operator, Site
from netsuke.ops.overlap import Overlap, Reads, pixel_lead, useful
from netsuke.ops.pool import tap


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeConv(Args):
    """Operands: x [N, H, W, C], weights [O, kernel_h, kernel_w, C], bias [O] or absent.

    `output` is the (height, width) that comes out; stride and padding are those of the convolution back to x.
    """

    output: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: Padding = Padding.VALID
    explicit: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    clamp: Clamp | None = None


def windows(site: Site[TransposeConv]) -> tuple[Window, Window]:
    """The windows of the convolution that leads from y to x."""
    _, kernel_h, kernel_w, _ = site.x(WEIGHTS).shape
    a = site.args
    return (
        window(a.output[0], kernel_h, a.stride[0], a.padding, explicit=a.explicit[0]),
        window(a.output[1], kernel_w, a.stride[1], a.padding, explicit=a.explicit[1]),
    )


def output_leads_to_input(site: Site[TransposeConv]) -> str | None:
    """A convolution with this stride and padding over the output's size gives the input's size."""
    rows, along = windows(site)
    if (rows.output, along.output) == site.x().shape[1:3]:
        return None
    led = (rows.output, along.output)
    return f"output {site.args.output}, which leads to {led}, and input {site.x().shape[1:3]}"


def channels_match(site: Site[TransposeConv]) -> str | None:
    """The weights have as many input channels as the image."""
    in_c, shape = site.x().shape[3], site.x(WEIGHTS).shape
    return None if shape[3] == in_c else f"{in_c} input channels, weights {list(shape)}"


def infer(site: Site[TransposeConv]) -> tuple[tuple[int, ...]]:
    """[N, H, W, C] → [N, *output, O]."""
    return ((site.x().shape[0], *site.args.output, site.x(WEIGHTS).shape[0]),)


def macs(site: Site[TransposeConv]) -> int:
    """Input elements times the weights of an input channel, products outside the output included."""
    return site.x().elements * math.prod(site.x(WEIGHTS).shape[:3])


def taps(
    site: Site[TransposeConv],
) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
    """(tap, places in y, places in x), last tap first: a place in y meets x in row order, as in LiteRT."""
    rows, along = windows(site)
    for i in reversed(range(rows.kernel)):
        for j in reversed(range(along.kernel)):
            (x_r, y_r), (x_c, y_c) = tap(rows, i), tap(along, j)
            yield (i, j), (y_r, y_c), (x_r, x_c)


def reference(site: Site[TransposeConv], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_integer_ops::TransposeConv and reference_ops::TransposeConv."""
    x = values[0]
    assert x is not None
    w = site.constant(WEIGHTS)
    if x.dtype == np.float32:
        total = np.zeros(site.y().shape, np.float32)
        for (i, j), to, at in taps(site):
            for c in range(x.shape[3]):
                total[:, to[0], to[1]] += x[:, at[0], at[1], c, None] * w[:, i, j, c]
        return (float_finish(site, total),)
    centred, weights = x.astype(np.float64) - site.x().zero_point, w.astype(np.float64)
    sums = np.zeros(site.y().shape)
    for (i, j), to, at in taps(site):
        sums[:, to[0], to[1]] += centred[:, at[0], at[1]] @ weights[:, i, j].T
    return (requantized(site, sums.astype(np.int64)),)


def bind(site: Site[TransposeConv]) -> tuple[Call, ...]:
    """One call an image."""
    dtype, w = site.x().dtype, site.constant(WEIGHTS)
    weights = Constant(label="weights", data=w) if dtype is DType.INT16 else packed(site, w, 1)
    kernel = {DType.INT8: TRANSPOSE_CONV_S8, DType.INT16: TRANSPOSE_CONV_S16}.get(dtype, TRANSPOSE_CONV_F32)
    return image_calls(site, kernel, weights, conv_args(site, windows(site), 1))


def over_the_input(site: Site[TransposeConv]) -> tuple[Overlap, ...]:
    """A pixel's inputs are walked once for every few output channels."""
    down, along = (
        np.clip((np.arange(size) + w.before - w.kernel) // w.stride + 1, 0, inputs)
        for size, inputs, w in zip(site.y().shape[1:3], site.x().shape[1:3], windows(site), strict=True)
    )
    first = (down[:, None] * site.x().shape[2] + along).reshape(-1)
    return useful(site, Overlap(input=0, lead=pixel_lead(site, first, Reads.DURING, 1)))


TRANSPOSE_CONV_S8 = Kernel(
    name="nk_transpose_conv_s8",
    params=quantized_params("int8_t", "int32_t"),
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.INT8,
    overlap=over_the_input,
)
TRANSPOSE_CONV_S16 = Kernel(
    name="nk_transpose_conv_s16",
    params=quantized_params("int16_t", "int64_t"),
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.INT16,
    overlap=over_the_input,
)
TRANSPOSE_CONV_F32 = Kernel(
    name="nk_transpose_conv_f32",
    params=FLOAT_PARAMS,
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
    overlap=over_the_input,
)

TRANSPOSE_CONV = Operator(
    name="transpose_conv",
    tflite=("TRANSPOSE_CONV",),
    summary="transposed convolution (upsampling)",
    args=TransposeConv,
    infer=infer,
    reference=reference,
    constraints=(
        images_of_rank_4,
        element_types,
        channels_match,
        output_leads_to_input,
        constant_weights,
        bias_length,
        activations_quantized,
        weights_quantized(axis=0),
        multipliers_in_range,
        accumulators_fit(axis=0),
    ),
    macs=macs,
    kernels=(TRANSPOSE_CONV_S8, TRANSPOSE_CONV_S16, TRANSPOSE_CONV_F32),
)

OPERATORS: tuple[Operator[TransposeConv], ...] = (TRANSPOSE_CONV,)
