"""Cases whose sums come near the ends of what kernels keep in parts of a word."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import Array, DType, Quantization, TensorType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from tests.ops.case import Case, one_node, tensor_type

DEPTH = 64
"""64 * 127 * 128 is the last below 2^20."""


def weights(shape: tuple[int, ...], values: Array, axis: int = 0) -> tuple[TensorType, Array]:
    """Weights of one scale for each channel."""
    scales = tuple(float(np.float32(0.011 + 0.003 * i)) for i in range(shape[axis]))
    quantization = Quantization(scale=scales, zero_point=(0,) * len(scales), axis=axis)
    kind = TensorType(shape=shape, dtype=DType.INT8, quantization=quantization)
    return kind, np.broadcast_to(values, shape).astype(np.int8)


def bias(w: TensorType, x: TensorType, values: Array) -> tuple[TensorType, Array]:
    """A bias for these weights and inputs."""
    assert w.quantization is not None
    scales = tuple(float(np.float32(x.scale * scale)) for scale in w.quantization.scale)
    quantization = Quantization(scale=scales, zero_point=(0,) * len(scales), axis=0)
    return TensorType(shape=values.shape, dtype=DType.INT32, quantization=quantization), values.astype(
        np.int32
    )


def signs(n: int) -> Iterator[tuple[str, Array]]:
    """Ends of int8 that leave every weight its largest sum."""
    yield "high", np.full(n, 127)
    yield "low", np.full(n, -127)
    yield "turns", np.where(np.arange(n) % 2 == 0, 127, -127)
    yield "halves", np.where(np.arange(n) < n // 2, 127, -127)


def pointwise() -> Iterator[Case]:
    """Sums of products of up to 2^20, and beyond it, where they have to be cut."""
    for depth in (DEPTH, 3 * DEPTH + 2):
        for name, values in signs(depth):
            w = weights((5, 1, 1, depth), values)
            y = tensor_type((1, 2, 5, 5), DType.INT8, 130.0 * depth, -3)
            x = tensor_type((1, 2, 5, depth), DType.INT8, 1.7, 5)
            b = bias(w[0], x, np.arange(-2, 3) * 1000)
            yield one_node(f"wide-{depth}-{name}", "conv_2d", Conv2d(), [x, w, b], [y])


def depthwise() -> Iterator[Case]:
    """The largest windows whose sums stay below 2^20, and one more row."""
    for height in (9, 10):
        for name, values in signs(7 * height):
            w = weights((1, height, 7, 2), values.reshape(1, height, 7, 1), axis=3)
            y = tensor_type((1, 10, 8, 2), DType.INT8, 7000.0, -128)
            yield one_node(
                f"wide-{height}-{name}",
                "depthwise_conv_2d",
                DepthwiseConv2d(padding=Padding.SAME, clamp=clamp_of(Activation.RELU, y)),
                [tensor_type((1, 10, 8, 2), DType.INT8, 1.7, 11), w, None],
                [y],
            )


def fully_connected() -> Iterator[Case]:
    """Weights of which twenty fill half a word: 20 * 12 * 128 is 30,720."""
    for name, values in signs(40):
        w = weights((9, 40), np.sign(values) * 12)
        y = tensor_type((3, 9), DType.INT8, 90.0, 2)
        yield one_node(
            f"wide-{name}",
            "fully_connected",
            FullyConnected(),
            [tensor_type((3, 40), DType.INT8, 0.9, -7), w, None],
            [y],
        )


def some_wide() -> Iterator[Case]:
    """A few channels of many with sums beyond 2^21, the others far below: in rows and at pixels."""
    depth, channels = 72, 50
    rows = (np.arange(channels * depth).reshape(channels, depth) * 37 % 23) - 11
    rows[[0, 5, 11, 48]] = 127 * np.where(np.arange(depth) % 3 == 0, -1, 1)
    for zero in (-128, 5):
        w = weights((channels, depth), rows)
        x, y = (
            tensor_type((2, depth), DType.INT8, 1.1, zero),
            tensor_type((2, channels), DType.INT8, 40.0, -128),
        )
        yield one_node(
            f"wide-some{zero}",
            "fully_connected",
            FullyConnected(clamp=clamp_of(Activation.RELU, y)),
            [x, w, None],
            [y],
        )
        w = weights((channels, 1, 1, depth), rows.reshape(channels, 1, 1, depth))
        x = tensor_type((1, 2, 3, depth), DType.INT8, 1.1, zero)
        y = tensor_type((1, 2, 3, channels), DType.INT8, 40.0, -128)
        bias = (tensor_type((channels,), DType.INT32), np.zeros(channels, np.int32))
        yield one_node(
            f"wide-some{zero}", "conv_2d", Conv2d(clamp=clamp_of(Activation.RELU, y)), [x, w, bias], [y]
        )


def cases() -> Iterator[Case]:
    """All of them."""
    yield from pointwise()
    yield from depthwise()
    yield from fully_connected()
    yield from some_wide()
