"""CONV_2D over NHWC images, grouped where the weights have fewer input channels than the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops import packed as packed_weights
from netsuke.ops import packed_f32
from netsuke.ops.activation import apply_clamp, full_clamp
from netsuke.ops.conv_2d_mve import CONV_2D_S8_MVE, POINTWISE_S8_MVE
from netsuke.ops.conv_geometry import (
    FLOAT_PARAMS,
    WEIGHTS,
    Conv2dArgs,
    Convolution,
    accumulates_64_bits,
    bias_of,
    conv_args,
    folded_bias,
    images,
    interleaved,
    quantized_params,
    scale_constants,
    scale_step,
    taps,
    windows,
)
from netsuke.ops.conv_lines_mve import CONV_2D_LINES_S8_MVE
from netsuke.ops.conv_overlap import pixels_during, windows_during
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
from netsuke.ops.conv_s16_dsp import CONV_2D_S16_DSP
from netsuke.ops.conv_s16_mve import CONV_2D_S16_MVE
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output
from netsuke.ops.matrix_f32 import POINTWISE_F32, WINDOWS_F32
from netsuke.ops.operator import Operator, Site
from netsuke.ops.pointwise_narrow_mve import POINTWISE_NARROW_S8_MVE
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_int32, scaled_int64, stored
from netsuke.ops.row_dsp import FEW_S8_DSP, SINGLE_S8_DSP
from netsuke.ops.row_duo import PIXELS_S8_DUO, SINGLE_S8_DUO
from netsuke.ops.row_s16_dsp import SINGLE_S16_DSP
from netsuke.ops.rows import windowed
from netsuke.ops.sixes import POINTWISE_S8_SIXES
from netsuke.ops.skips import CONV_2D_S8_SKIPS, POINTWISE_S8_SKIPS
from netsuke.ops.strip import CONV_2D_S8_DSP, POINTWISE_S8_DSP
from netsuke.ops.strip_duo import CONV_2D_S8_DUO, POINTWISE_S8_DUO
from netsuke.ops.thirds import CONV_2D_S8_THIRDS
from netsuke.ops.threes import POINTWISE_S8_THREES
from netsuke.ops.triples import CONV_2D_S8_TRIPLES, POINTWISE_S8_TRIPLES
from netsuke.ops.weights_w8 import CONV_2D_W8_F32, POINTWISE_W8_F32
from netsuke.ops.window_duo import CONV_2D_S8_WINDOW_DUO
from netsuke.ops.winograd import CONV_2D_S8_WINOGRAD
from netsuke.ops.winograd_1x4 import CONV_2D_S8_WINOGRAD_1X4, CONV_2D_S8_WINOGRAD_1X4_ONE
from netsuke.ops.winograd_4x4 import CONV_2D_S8_WINOGRAD_4X4


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d(Convolution):
    """Operands: x [N, H, W, C], weights [O, kernel_h, kernel_w, C / groups], bias [O] or absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointwiseArgs(KernelArgs):
    """`pixels` rows of `depth` elements in, `channels` out; the rest as in Conv2dArgs."""

    c_name: ClassVar[str] = "nk_pointwise_args"
    pixels: int
    depth: int
    channels: int
    y_zero: int
    low: int
    high: int
    scale_step: int


def channels_divide(site: Site[Conv2d]) -> str | None:
    """Input channels are a multiple of the weights' input channels, output channels of that many groups."""
    in_c, (out_c, _, _, group_in) = site.x().shape[3], site.x(WEIGHTS).shape
    if in_c % group_in == 0 and out_c % (in_c // group_in) == 0:
        return None
    return f"{in_c} input channels, weights {list(site.x(WEIGHTS).shape)}"


def groups_of(site: Site[Conv2d]) -> int:
    """How many groups of channels do not see each other."""
    return site.x().shape[3] // site.x(WEIGHTS).shape[3]


def infer(site: Site[Conv2d]) -> tuple[tuple[int, ...]]:
    """[N, H, W, C] → [N, OH, OW, O]."""
    rows, along = windows(site)
    return ((site.x().shape[0], rows.output, along.output, site.x(WEIGHTS).shape[0]),)


def macs(site: Site[Conv2d]) -> int:
    """Output elements times weights of an output channel."""
    return site.y().elements * math.prod(site.x(WEIGHTS).shape[1:])


def reference(site: Site[Conv2d], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_integer_ops::ConvPerChannel and reference_ops::Conv."""
    x = values[0]
    assert x is not None
    if x.dtype == np.float32:
        return (float_reference(site, x),)
    return (requantized(site, products(site, x)),)


def requantized(site: Site[Any], sums: Array) -> Array:
    """Sums of products [..., O] in int64 as stored values, bias added: how every integer convolution ends."""
    acc = sums + bias_of(site, sums.shape[-1]).reshape(-1)
    multipliers = [Multiplier.of(real) for real in real_multipliers(site.x(), site.x(WEIGHTS), site.y())]
    scaled = scaled_int64(acc, multipliers) if accumulates_64_bits(site) else scaled_int32(acc, multipliers)
    return stored(scaled, site.y(), site.args.clamp)


def products(site: Site[Conv2d], x: Array) -> Array:
    """Sums of (x - zero_point) * w over the taps inside the image, in int64.

    By matrix products in double: below 2^53 every sum is exact, and constraints hold sums below 2^47.
    """
    w = site.constant(WEIGHTS).astype(np.float64)
    groups, group_in = groups_of(site), w.shape[3]
    group_out = w.shape[0] // groups
    centred = x.astype(np.float64) - site.x().zero_point
    total = np.zeros(site.y().shape)
    for (i, j), outputs, inputs in taps(site):
        part = centred[:, inputs[0], inputs[1]]
        for g in range(groups):
            o = slice(g * group_out, (g + 1) * group_out)
            seen = part[..., g * group_in : (g + 1) * group_in]
            total[:, outputs[0], outputs[1], o] += seen @ w[o, i, j].T
    return total.astype(np.int64)


def float_reference(site: Site[Conv2d], x: Array) -> Array:
    """Every output adds up its products one by one, in the order of LiteRT's loop, rounding each time."""
    w = site.constant(WEIGHTS)
    groups, group_in = groups_of(site), w.shape[3]
    spread = w.reshape(groups, -1, *w.shape[1:])
    total = np.zeros((*site.y().shape[:3], groups, spread.shape[1]), np.float32)
    for (i, j), outputs, inputs in taps(site):
        part = x[:, inputs[0], inputs[1]]
        part = part.reshape(*part.shape[:3], groups, group_in)
        for c in range(group_in):
            total[:, outputs[0], outputs[1]] += part[..., c, None] * spread[:, :, i, j, c]
    return float_finish(site, total.reshape(site.y().shape))


def float_finish(site: Site[Any], total: Array) -> Array:
    """Bias added, clamped (ActivationFunctionWithMinMax: no infinity comes through)."""
    return apply_clamp(
        total + bias_of(site, total.shape[-1]).reshape(-1), full_clamp(site.args.clamp, site.y())
    )


def packed(site: Site[Any], weights: Array, groups: int) -> Constant:
    """Weights [O, ...], interleaved by four channels within each group."""
    rows = weights.reshape(groups, -1, int(np.prod(weights.shape[1:])))
    data = np.concatenate([interleaved(group) for group in rows])
    shape = " x ".join(str(n) for n in weights.shape)
    note = f"{shape}: out_channels by four, then kernel_h, kernel_w, in_channels, 4"
    return Constant(label="weights", data=data, shape_note=note)


def bias_constant(site: Site[Any], channels: int) -> Constant:
    """The bias: int32 or float for most kernels, int64 for int16 activations."""
    bias = bias_of(site, channels).reshape(-1)
    return Constant(label="bias", data=bias.astype(np.int64) if site.x().dtype is DType.INT16 else bias)


def grouped_calls(site: Site[Any], weights: Array, groups: int) -> tuple[Call, ...]:
    """Calls of the general kernel, one an image. Weights are [O, kernel_h, kernel_w, C / groups]."""
    dtype, args = site.x().dtype, conv_args(site, windows(site), groups)
    w = Constant(label="weights", data=weights) if dtype is DType.INT16 else packed(site, weights, groups)
    return image_calls(
        site, {DType.INT8: CONV_2D_S8, DType.INT16: CONV_2D_S16}.get(dtype, CONV_2D_F32), w, args
    )


def image_calls(site: Site[Any], kernel: Kernel, weights: Constant, args: Conv2dArgs) -> tuple[Call, ...]:
    """One call of a convolution kernel for every image of the batch."""
    scales = () if site.x().dtype is DType.FLOAT32 else scale_constants(site)
    constants = (weights, bias_constant(site, site.y().shape[3]), *scales)
    return tuple(kernel.call(x, *constants, y, args=args) for x, y in images(site))


def bind(site: Site[Conv2d]) -> tuple[Call, ...]:
    """One call an image."""
    return grouped_calls(site, site.constant(WEIGHTS), groups_of(site))


def is_pointwise(site: Site[Conv2d]) -> bool:
    """An int8 convolution that sees one pixel at a time: a matrix product."""
    rows, along = windows(site)
    single = all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in (rows, along))
    return site.x().dtype is DType.INT8 and single and groups_of(site) == 1


def bind_pointwise(site: Site[Conv2d]) -> tuple[Call]:
    """One call for all pixels of all images."""
    x, y, w = site.x(), site.y(), site.constant(WEIGHTS)
    low, high = relative_clamp(site.args.clamp, y)
    args = PointwiseArgs(
        pixels=x.elements // x.shape[3], depth=x.shape[3], channels=y.shape[3],
        y_zero=y.zero_point, low=low, high=high, scale_step=scale_step(site),
    )  # fmt: skip
    bias = folded_bias(site, w.reshape(len(w), -1))
    constants = (packed(site, w, 1), bias, *scale_constants(site))
    return (POINTWISE_S8.call(Input(index=0), *constants, Output(index=0), args=args),)


POINTWISE_S8 = Kernel(
    name="nk_pointwise_s8",
    params=quantized_params("int8_t", "int32_t"),
    args=PointwiseArgs,
    bind=bind_pointwise,
    accepts=is_pointwise,
    overlap=pixels_during,
)
CONV_2D_S8 = Kernel(
    name="nk_conv_2d_s8",
    params=quantized_params("int8_t", "int32_t"),
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.INT8,
    overlap=windows_during,
)
CONV_2D_S16 = Kernel(
    name="nk_conv_2d_s16",
    params=quantized_params("int16_t", "int64_t"),
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.INT16,
    overlap=windows_during,
)
CONV_2D_F32 = Kernel(
    name="nk_conv_2d_f32",
    params=FLOAT_PARAMS,
    args=Conv2dArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
    overlap=windows_during,
)

CONV_2D = Operator(
    name="conv_2d",
    tflite=("CONV_2D",),
    summary="two-dimensional convolution, grouped or not",
    args=Conv2d,
    infer=infer,
    reference=reference,
    constraints=(
        images_of_rank_4,
        element_types,
        channels_divide,
        constant_weights,
        bias_length,
        activations_quantized,
        weights_quantized(axis=0),
        multipliers_in_range,
        accumulators_fit(axis=0),
    ),
    macs=macs,
    rows=windowed(windows),
    kernels=(
        *packed_weights.CONVOLUTIONS,
        POINTWISE_NARROW_S8_MVE,
        POINTWISE_S8_MVE,
        *CONV_2D_LINES_S8_MVE,
        CONV_2D_S8_MVE,
        SINGLE_S8_DUO,
        SINGLE_S8_DSP,
        POINTWISE_S8_DUO,
        POINTWISE_S8_DSP,
        CONV_2D_S8_WINOGRAD_4X4,
        CONV_2D_S8_WINOGRAD_1X4,
        CONV_2D_S8_WINOGRAD,
        CONV_2D_S8_WINOGRAD_1X4_ONE,
        CONV_2D_S8_DUO,
        CONV_2D_S8_DSP,
        PIXELS_S8_DUO,
        FEW_S8_DSP,
        CONV_2D_S8_WINDOW_DUO,
        POINTWISE_S8_SKIPS,
        POINTWISE_S8_SIXES,
        CONV_2D_S8_SKIPS,
        CONV_2D_S8_THIRDS,
        POINTWISE_S8_THREES,
        POINTWISE_S8_TRIPLES,
        CONV_2D_S8_TRIPLES,
        POINTWISE_S8,
        CONV_2D_S8,
        CONV_2D_S16_MVE,
        SINGLE_S16_DSP,
        *CONV_2D_S16_DSP,
        CONV_2D_S16,
        POINTWISE_F32,
        WINDOWS_F32,
        CONV_2D_F32,
        *packed_f32.CONVOLUTIONS,
        POINTWISE_W8_F32,
        CONV_2D_W8_F32,
    ),
)

OPERATORS: tuple[Operator[Conv2d], ...] = (CONV_2D,)
