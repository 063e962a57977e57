"""DEPTHWISE_CONV_2D over NHWC images: every input channel has `multiplier` output channels of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops import packed_f32
from netsuke.ops.conv_2d import (
    CONV_2D_F32,
    CONV_2D_S8,
    CONV_2D_S16,
    float_finish,
    grouped_calls,
    image_calls,
    requantized,
)
from netsuke.ops.conv_geometry import (
    BIAS,
    FLOAT_PARAMS,
    WEIGHTS,
    Conv2dArgs,
    Convolution,
    conv_args,
    quantized_params,
    taps,
    windows,
)
from netsuke.ops.conv_overlap import windows_by_channel
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
from netsuke.ops.conv_s16_mve import DEPTHWISE_S16_MVE
from netsuke.ops.depthwise_columns import DEPTHWISE_S8_COLUMNS
from netsuke.ops.depthwise_dsp import DEPTHWISE_S8_DSP
from netsuke.ops.depthwise_dsp_column import DEPTHWISE_1D_S8_DSP
from netsuke.ops.depthwise_dsp_row import DEPTHWISE_ROW_S8_DSP
from netsuke.ops.depthwise_dsp_whole import DEPTHWISE_WHOLE_S8_DSP
from netsuke.ops.depthwise_dsp_window import DEPTHWISE_WINDOW_S8_DSP
from netsuke.ops.depthwise_mve import DEPTHWISE_S8_MVE
from netsuke.ops.depthwise_s16_dsp import DEPTHWISE_S16_DSP
from netsuke.ops.depthwise_sums import DEPTHWISE_ROW_SUMS
from netsuke.ops.depthwise_taps import DEPTHWISE_S8_TAPS
from netsuke.ops.depthwise_triples import DEPTHWISE_S8_STEPS, DEPTHWISE_S8_TRIPLES
from netsuke.ops.depthwise_windows_mve import DEPTHWISE_WINDOWS_S8_MVE
from netsuke.ops.kernel import Call, Constant, Kernel
from netsuke.ops.operator import Operator, Site
from netsuke.ops.packed_planes import DEPTHWISE_PACKED
from netsuke.ops.rows import windowed
from netsuke.ops.weights_w8 import DEPTHWISE_W8_F32

FOURS = 4
"""The float kernel takes channels by eight, and by four where that leaves four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2d(Convolution):
    """Operands: x [N, H, W, C], weights [1, kernel_h, kernel_w, C * multiplier], bias or absent.

    Output channel c * multiplier + m sees input channel c.
    """


def channels_multiply(site: Site[DepthwiseConv2d]) -> str | None:
    """The weights are [1, kernel_h, kernel_w, channels], channels a multiple of the input's."""
    in_c, shape = site.x().shape[3], site.x(WEIGHTS).shape
    return None if shape[0] == 1 and shape[3] % in_c == 0 else f"{in_c} input channels, weights {list(shape)}"


def int64_bias(site: Site[DepthwiseConv2d]) -> str | None:
    """The bias of int16 activations is int64: TFLite's depthwise kernel knows no other."""
    if site.x().dtype is DType.INT16 and site.has(BIAS) and site.x(BIAS).dtype is not DType.INT64:
        return site.x(BIAS).dtype.value
    return None


def infer(site: Site[DepthwiseConv2d]) -> tuple[tuple[int, ...]]:
    """[N, H, W, C] → [N, OH, OW, C * multiplier]."""
    rows, along = windows(site)
    return ((site.x().shape[0], rows.output, along.output, site.x(WEIGHTS).shape[3]),)


def macs(site: Site[DepthwiseConv2d]) -> int:
    """Output elements times taps."""
    _, kernel_h, kernel_w, _ = site.x(WEIGHTS).shape
    return site.y().elements * kernel_h * kernel_w


def multiplier_of(site: Site[DepthwiseConv2d]) -> int:
    """Output channels of one input channel."""
    return site.x(WEIGHTS).shape[3] // site.x().shape[3]


def reference(site: Site[DepthwiseConv2d], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_integer_ops::DepthwiseConvPerChannel and reference_ops::DepthwiseConv, in their order."""
    x = values[0]
    assert x is not None
    w = site.constant(WEIGHTS)[0]
    is_float = x.dtype == np.float32
    centred = x if is_float else x.astype(np.int64) - site.x().zero_point
    spread = np.repeat(centred, multiplier_of(site), axis=3)
    total = np.zeros(site.y().shape, spread.dtype)
    for (i, j), outputs, inputs in taps(site):
        total[:, outputs[0], outputs[1]] += spread[:, inputs[0], inputs[1]] * w[i, j]
    return (float_finish(site, total) if is_float else requantized(site, total),)


def bind(site: Site[DepthwiseConv2d]) -> tuple[Call, ...]:
    """One call an image of the kernel for multiplier 1."""
    w = Constant(label="weights", data=site.constant(WEIGHTS)[0], shape_note="kernel_h x kernel_w x channels")
    kernel = {DType.INT8: DEPTHWISE_S8, DType.INT16: DEPTHWISE_S16}.get(site.x().dtype, DEPTHWISE_F32)
    return image_calls(site, kernel, w, conv_args(site, windows(site), site.x().shape[3]))


def bind_grouped(site: Site[DepthwiseConv2d]) -> tuple[Call, ...]:
    """As a convolution with a group for every input channel."""
    weights = np.ascontiguousarray(site.constant(WEIGHTS)[0].transpose(2, 0, 1))[..., None]
    return grouped_calls(site, weights, site.x().shape[3])


def single(name: str, params: Any, args: Any, dtype: DType) -> Kernel:
    """The kernel of one element type for multiplier 1."""
    return Kernel(
        name=name,
        params=params,
        args=args,
        bind=bind,
        accepts=lambda site: site.x().dtype is dtype and multiplier_of(site) == 1 and site.x().shape[3] > 1,
        overlap=windows_by_channel,
    )


DEPTHWISE_S8 = single(
    "nk_depthwise_conv_2d_s8", quantized_params("int8_t", "int32_t"), Conv2dArgs, DType.INT8
)
DEPTHWISE_S16 = single(
    "nk_depthwise_conv_2d_s16", quantized_params("int16_t", "int64_t"), Conv2dArgs, DType.INT16
)
DEPTHWISE_F32 = single("nk_depthwise_conv_2d_f32", FLOAT_PARAMS, Conv2dArgs, DType.FLOAT32)


def bind_eights(site: Site[DepthwiseConv2d]) -> tuple[Call, ...]:
    """The same operands."""
    return tuple(
        DEPTHWISE_EIGHTS_F32.call(*call.pointers, args=call.args) for call in DEPTHWISE_F32.bind(site)
    )


DEPTHWISE_EIGHTS_F32 = replace(
    DEPTHWISE_F32,
    name="nk_depthwise_eights_f32",
    bind=bind_eights,
    accepts=lambda site: DEPTHWISE_F32.accepts(site) and site.x().shape[3] % FOURS == 0,
    needs=Isa.FP32,
)

GROUPED = tuple(
    Kernel(
        name=general.name,
        params=general.params,
        args=general.args,
        bind=bind_grouped,
        accepts=general.accepts,
        overlap=general.overlap,
    )
    for general in (CONV_2D_S8, CONV_2D_S16, CONV_2D_F32)
)
"""The general convolutions: a depth multiplier above 1 makes groups, one channel makes one."""

DEPTHWISE_CONV_2D = Operator(
    name="depthwise_conv_2d",
    tflite=("DEPTHWISE_CONV_2D",),
    summary="convolution of every channel by itself",
    args=DepthwiseConv2d,
    infer=infer,
    reference=reference,
    constraints=(
        images_of_rank_4,
        element_types,
        channels_multiply,
        constant_weights,
        bias_length,
        int64_bias,
        activations_quantized,
        weights_quantized(axis=3),
        multipliers_in_range,
        accumulators_fit(axis=3),
    ),
    macs=macs,
    rows=windowed(windows),
    row_sums=DEPTHWISE_ROW_SUMS,
    kernels=(
        *DEPTHWISE_PACKED,
        *DEPTHWISE_WINDOWS_S8_MVE,
        DEPTHWISE_S8_MVE,
        DEPTHWISE_WHOLE_S8_DSP,
        *DEPTHWISE_1D_S8_DSP,
        *DEPTHWISE_ROW_S8_DSP,
        *DEPTHWISE_S8_DSP,
        *DEPTHWISE_WINDOW_S8_DSP,
        DEPTHWISE_S8_COLUMNS,
        DEPTHWISE_S8_TAPS,
        DEPTHWISE_S8_TRIPLES,
        DEPTHWISE_S8_STEPS,
        DEPTHWISE_S8,
        DEPTHWISE_S16_MVE,
        *DEPTHWISE_S16_DSP,
        DEPTHWISE_S16,
        DEPTHWISE_EIGHTS_F32,
        DEPTHWISE_F32,
        *packed_f32.DEPTHWISE,
        DEPTHWISE_W8_F32,
        *GROUPED,
    ),
)

OPERATORS: tuple[Operator[DepthwiseConv2d], ...] = (DEPTHWISE_CONV_2D,)
