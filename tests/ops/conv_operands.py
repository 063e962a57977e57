"""Operands of convolutions and fully connected layers: weights, biases, scales that spread the output."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from netsuke.ir import Array, DType, Quantization, TensorType
from netsuke.ops.activation import Activation, Clamp, clamp_of
from tests.ops.case import tensor_type

Constant = tuple[TensorType, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a case's numbers are chosen; everything else of it is geometry."""

    name: str
    dtype: DType = DType.INT8
    per_channel: bool = True
    bias: DType | None = DType.INT32
    x_scale: float = 0.047
    x_zero: int = -5
    y_zero: int = 7
    gain: float = 1.0
    """Output range over typical sums: above 1 saturates, far below 1 makes shifts long."""
    w_scale: float = 0.0123
    extreme: bool = False
    """All weights at the ends of int8."""
    activation: Activation = Activation.NONE
    exact_ratio: float | None = None
    """x_scale * w_scale / y_scale, all powers of two, for exact ties."""
    bits: int = 8
    """Weights lie in the range of so many bits."""


S8_STYLES = (
    Style(name="s8"),
    Style(name="s8-tensor", per_channel=False),
    Style(name="s8-relu", activation=Activation.RELU),
    Style(name="s8-relu6", activation=Activation.RELU6, x_zero=-128, y_zero=-128),
    Style(name="s8-relu_n1", activation=Activation.RELU_N1_TO_1, x_zero=127, y_zero=-20),
    Style(name="s8-low-zeros", x_zero=-128, y_zero=127, per_channel=False),
    Style(name="s8-high-zeros", x_zero=127, y_zero=-128),
    Style(name="s8-extreme", extreme=True, x_zero=-128),
    Style(name="s8-saturate", gain=40.0),
    Style(name="s8-left-shift", gain=20000.0, x_zero=0, y_zero=0),
    Style(name="s8-faint", gain=1e-3),
    Style(name="s8-vanishing", gain=1e-9, per_channel=False),
    Style(name="s8-ties", exact_ratio=0.25, x_zero=0, y_zero=0),
    Style(name="s8-fine-ties", exact_ratio=2.0**-9, x_zero=3, y_zero=-1, per_channel=False),
    Style(name="s8-no-bias", bias=None),
)
S16 = Style(name="s16", dtype=DType.INT16, bias=DType.INT64, x_zero=0, y_zero=0)
S16_STYLES = (
    S16,
    replace(S16, name="s16-tensor-relu", per_channel=False, activation=Activation.RELU),
    replace(S16, name="s16-extreme", extreme=True, gain=5.0),
    replace(S16, name="s16-ties", exact_ratio=2.0**-8),
    replace(S16, name="s16-bias32", bias=DType.INT32),
    replace(S16, name="s16-bias32-relu6", bias=DType.INT32, activation=Activation.RELU6, per_channel=False),
)
F32_STYLES = (
    Style(name="f32", dtype=DType.FLOAT32, bias=DType.FLOAT32),
    Style(name="f32-relu6", dtype=DType.FLOAT32, bias=DType.FLOAT32, activation=Activation.RELU6),
    Style(name="f32-no-bias", dtype=DType.FLOAT32, bias=None, activation=Activation.RELU),
)
STYLES = S8_STYLES + S16_STYLES + F32_STYLES
BY_NAME = {style.name: style for style in STYLES}
PLAIN = tuple(BY_NAME[name] for name in ("s8", "s16", "f32"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operands:
    """What a style makes for one geometry."""

    x: TensorType
    weights: Constant
    bias: Constant | None
    y: TensorType
    clamp: Clamp | None


def operands(
    style: Style, case: str, x: tuple[int, ...], weights: tuple[int, ...], y: tuple[int, ...], *, axis: int
) -> Operands:
    """Operands of one case; `axis` is the weights' channel axis. The same text gives the same numbers."""
    random = np.random.default_rng(zlib.crc32(f"{style.name} {case}".encode()))
    channels = weights[axis]
    depth = int(np.prod(weights)) // channels
    if style.dtype is DType.FLOAT32:
        w = (TensorType(shape=weights, dtype=DType.FLOAT32), random.normal(0, 1, weights).astype(np.float32))
        b = (
            TensorType(shape=(channels,), dtype=DType.FLOAT32),
            random.normal(0, 1, channels).astype(np.float32),
        )
        out = TensorType(shape=y, dtype=DType.FLOAT32)
        bias = b if style.bias else None
        return Operands(
            x=TensorType(shape=x, dtype=DType.FLOAT32),
            weights=w,
            bias=bias,
            y=out,
            clamp=clamp_of(style.activation, out),
        )
    spread = (
        73.0 * 2.0 ** (style.bits - 8) * np.sqrt(depth) * (74.0 if style.dtype is DType.INT8 else 18000.0)
    )
    x_scale, y_scale, scales = scales_of(style, random, channels, spread)
    quantization = Quantization(
        scale=scales, zero_point=(0,) * len(scales), axis=axis if style.per_channel else None
    )
    kind = TensorType(shape=weights, dtype=DType.INT8, quantization=quantization)
    low, high = -(1 << (style.bits - 1)), (1 << (style.bits - 1)) - 1
    lowest = low + 1 if style.bits == 8 else low
    data = (
        random.choice([low, high], weights) if style.extreme else random.integers(lowest, high + 1, weights)
    )
    out = tensor_type(y, style.dtype, y_scale, style.y_zero)
    return Operands(
        x=tensor_type(x, style.dtype, x_scale, style.x_zero),
        weights=(kind, data.astype(np.int8)),
        bias=bias_of(style, random, channels, spread, x_scale, scales, axis=0),
        y=out,
        clamp=clamp_of(style.activation, out),
    )


def scales_of(
    style: Style, random: np.random.Generator, channels: int, spread: float
) -> tuple[float, float, tuple[float, ...]]:
    """(x scale, y scale, weight scales)."""
    count = channels if style.per_channel and channels > 1 else 1
    if style.exact_ratio is not None:
        return 0.5, 0.5, (style.exact_ratio,) * count
    factors = random.uniform(0.4, 1.0, count) if count > 1 else np.ones(1)
    scales = tuple(float(s) for s in (style.w_scale * factors).astype(np.float32))
    steps = 50.0 if style.dtype is DType.INT8 else 12000.0
    return style.x_scale, style.x_scale * style.w_scale * spread / steps / style.gain, scales


def bias_of(
    style: Style,
    random: np.random.Generator,
    channels: int,
    spread: float,
    x_scale: float,
    scales: tuple[float, ...],
    *,
    axis: int,
) -> Constant | None:
    """A bias of about the sums' size; its scale is x_scale * w_scale, as converters write it."""
    if style.bias is None:
        return None
    values = (
        random.normal(0, spread, channels)
        if style.exact_ratio is None
        else random.integers(-300, 300, channels)
    )
    products = tuple(float(np.float32(x_scale * s)) for s in scales)
    quantization = Quantization(
        scale=products, zero_point=(0,) * len(products), axis=axis if len(products) > 1 else None
    )
    kind = TensorType(shape=(channels,), dtype=style.bias, quantization=quantization)
    return kind, values.astype(style.bias.numpy)


def oracle_takes(style: Style) -> bool:
    """LiteRT's convolutions insist on a bias; ours do not."""
    return style.bias is not None
