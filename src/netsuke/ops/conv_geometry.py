"""What the convolutions share: arguments, windows, C geometry, and the constraints on their operands.

Operands are (x, weights, bias), the bias optional; x and y are NHWC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.geometry import Padding, Window, window
from netsuke.ops.kernel import Constant, Input, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.pool import tap
from netsuke.ops.requantize import columns, real_multipliers, relative_clamp

X, WEIGHTS, BIAS = 0, 1, 2
WEIGHT_AXIS = {"conv_2d": 0, "depthwise_conv_2d": 3, "fully_connected": 0, "transpose_conv": 0}
"""Operators with constant weights as input 1 (and a bias as input 2), and where their output channels run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution(Args):
    """Stride and dilation in pixels (height, width); `clamp` is the activation, a range of stored values.

    Explicit padding is ((top, bottom), (left, right)) in pixels of real value 0: the input's zero point.
    """

    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = Padding.VALID
    explicit: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2dArgs(KernelArgs):
    """One struct for all types: what a type does not read is 0.

    Sizes in elements; pads are the ones before the first row and column. A group has group_in input and
    group_out output channels. low and high are the integer clamp before y_zero is added; scale_step is 1
    where every output channel has its own multiplier, 0 where all share one; narrow is 1 where int16 activations
    accumulate in 32 bits.
    """

    c_name: ClassVar[str] = "nk_conv_2d_args"
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    groups: int
    group_in: int
    group_out: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_h: int
    pad_w: int
    x_zero: int = 0
    y_zero: int = 0
    low: int = 0
    high: int = 0
    scale_step: int = 0
    narrow: int = 0
    low_f32: float = 0.0
    high_f32: float = 0.0


def windows(site: Site[Any]) -> tuple[Window, Window]:
    """The window down the rows and the one along the columns. Weights are [out, kernel_h, kernel_w, in]."""
    _, height, width, _ = site.x().shape
    _, kernel_h, kernel_w, _ = site.x(WEIGHTS).shape
    a: Convolution = site.args
    down = window(height, kernel_h, a.stride[0], a.padding, dilation=a.dilation[0], explicit=a.explicit[0])
    along = window(width, kernel_w, a.stride[1], a.padding, dilation=a.dilation[1], explicit=a.explicit[1])
    return down, along


def conv_args(site: Site[Any], axes: tuple[Window, Window], groups: int) -> Conv2dArgs:
    """The argument struct of any convolution kernel."""
    rows, along = axes
    in_c, out_c = site.x().shape[3], site.y().shape[3]
    args = Conv2dArgs(
        in_h=site.x().shape[1], in_w=site.x().shape[2], in_c=in_c,
        out_h=site.y().shape[1], out_w=site.y().shape[2],
        groups=groups, group_in=in_c // groups, group_out=out_c // groups,
        kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride, stride_w=along.stride,
        dilation_h=rows.dilation, dilation_w=along.dilation, pad_h=rows.before, pad_w=along.before,
    )  # fmt: skip
    if site.x().dtype is DType.FLOAT32:
        low, high = full_clamp(site.args.clamp, site.y())
        return replace(args, low_f32=low, high_f32=high)
    bottom, top = relative_clamp(site.args.clamp, site.y())
    return replace(
        args, x_zero=site.x().zero_point, y_zero=site.y().zero_point, low=bottom, high=top,
        scale_step=scale_step(site), narrow=int(not accumulates_64_bits(site)),
    )  # fmt: skip


def taps(site: Site[Any]) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
    """(tap, outputs, inputs) for every tap of the window, row by row: the order in which LiteRT adds."""
    rows, along = windows(site)
    for i in range(rows.kernel):
        for j in range(along.kernel):
            (out_r, in_r), (out_c, in_c) = tap(rows, i), tap(along, j)
            yield (i, j), (out_r, out_c), (in_r, in_c)


def bias_of(site: Site[Any], channels: int) -> Array:
    """The bias; zeros where it is absent."""
    if site.has(BIAS):
        return site.constant(BIAS)
    dtype = {DType.FLOAT32: np.float32, DType.INT16: np.int64}.get(site.x().dtype, np.int32)
    return np.zeros(channels, dtype)


def folded_sums(site: Site[Any], rows: Array) -> Array:
    """bias - zero_point * sum of weights [O, depth], modulo 2^32, int64 [O]."""
    sums = rows.astype(np.int64).sum(axis=1)
    return wrap_int32(bias_of(site, len(rows)).reshape(-1) - site.x().zero_point * sums)


def folded_bias(site: Site[Any], rows: Array) -> Constant:
    """The same as int32: the kernel need not centre its input."""
    data = folded_sums(site, rows).astype(np.int32)
    return Constant(label="bias", data=data, shape_note="input zero point folded in")


def accumulates_64_bits(site: Site[Any]) -> bool:
    """Whether LiteRT's accumulator has 64 bits: int16 activations, unless the bias is int32."""
    return site.x().dtype is DType.INT16 and not (site.has(BIAS) and site.x(BIAS).dtype is DType.INT32)


def scale_constants(site: Site[Any]) -> tuple[Constant, Constant]:
    """The fixed-point multipliers and their shifts, one for each scale of the weights."""
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    values, shifts = columns([Multiplier.of(real) for real in reals])
    return Constant(label="multiplier", data=values), Constant(label="shift", data=shifts)


def interleaved(rows: Array) -> Array:
    """Weights [rows, depth] as nk_dot_s8.h reads them: rows by four, element by element; the rest in rows."""
    fours = len(rows) // 4 * 4
    blocks = rows[:fours].reshape(-1, 4, rows.shape[1]).transpose(0, 2, 1)
    return np.concatenate([blocks.reshape(-1), rows[fours:].reshape(-1)])


def scale_step(site: Site[Any]) -> int:
    """1 where the weights have a scale for every output channel, 0 where they have one."""
    quantization = site.x(WEIGHTS).quantization
    assert quantization is not None
    return int(len(quantization.scale) > 1)


def quantized_params(activation: str, bias: str) -> tuple[Param, ...]:
    """The pointer parameters of an integer convolution kernel."""
    return (
        Param(name="x", ctype=f"const {activation}"),
        Param(name="w", ctype="const int8_t"),
        Param(name="bias", ctype=f"const {bias}"),
        Param(name="multiplier", ctype="const int32_t"),
        Param(name="shift", ctype="const int8_t"),
        Param(name="y", ctype=activation),
    )


def scaled_params(weights: str) -> tuple[Param, ...]:
    """The pointer parameters of the fast int8 convolutions: scale constants in one stream, and scratch."""
    return (
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype=f"const {weights}"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
        Param(name="scratch", ctype="void"),
    )


FLOAT_PARAMS = (
    Param(name="x", ctype="const float"),
    Param(name="w", ctype="const float"),
    Param(name="bias", ctype="const float"),
    Param(name="y", ctype="float"),
)


def images(site: Site[Any]) -> Iterator[tuple[Input, Output]]:
    """The pointers to x and y of every image of the batch: the kernels compute one image a call."""
    x, y = site.x(), site.y()
    for n in range(x.shape[0]):
        yield (
            Input(index=X, offset=n * (x.elements // x.shape[0])),
            Output(index=0, offset=n * (y.elements // y.shape[0])),
        )
