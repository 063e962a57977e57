"""Cases of FULLY_CONNECTED."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netsuke.ir import DType, Quantization, TensorType
from netsuke.ops.fully_connected import FullyConnected
from tests.ops.case import Case, one_node
from tests.ops.conv_operands import BY_NAME, PLAIN, STYLES, Style, operands

Shape = tuple[int, ...]


def connected_case(style: Style, x: Shape, channels: int, depth: int, *, keep: bool = False) -> Case:
    """The case of a style and a shape."""
    y = (*x[:-1], channels) if keep else (int(np.prod(x)) // depth, channels)
    name = f"{'x'.join(map(str, x))}-w{channels}x{depth}{'-keep' if keep else ''}"
    made = operands(style, name, x, (channels, depth), y, axis=0)
    args = FullyConnected(keep_num_dims=keep, clamp=made.clamp)
    return one_node(
        f"{style.name}-{name}", "fully_connected", args, [made.x, made.weights, made.bias], [made.y]
    )


def shifted_case(zero_point: int, x_zero: int, channels: int) -> Case:
    """Weights of one scale with a zero point other than 0, which still fit int8 without it."""
    style = replace(BY_NAME["s8-tensor"], name=f"s8-weights-zero{zero_point}-x{x_zero}", x_zero=x_zero)
    made = operands(style, f"w{channels}", (2, 9), (channels, 9), (2, channels), axis=0)
    kind, data = made.weights
    quantization = Quantization(scale=kind.quantization.scale, zero_point=(zero_point,))  # type: ignore[union-attr]
    near = np.clip(data.astype(np.int16), max(-128, zero_point - 128), min(127, zero_point + 127)).astype(
        np.int8
    )
    weights = (TensorType(shape=kind.shape, dtype=DType.INT8, quantization=quantization), near)
    return one_node(
        f"{style.name}-w{channels}",
        "fully_connected",
        FullyConnected(),
        [made.x, weights, made.bias],
        [made.y],
    )


def scale_case(index: int) -> Case:
    """Scales of every size, for the rounding that LiteRT does in double."""
    random = np.random.default_rng(index)
    per_channel = bool(index % 2)
    style = Style(
        name=f"s8-scales{index}", per_channel=per_channel, x_scale=float(2.0 ** random.uniform(-12, 3)),
        w_scale=float(2.0 ** random.uniform(-14, -2)), gain=float(2.0 ** random.uniform(-3, 3)),
        x_zero=int(random.integers(-128, 128)), y_zero=int(random.integers(-128, 128)),
    )  # fmt: skip
    return connected_case(style, (3, 24), 9, 24)


def cases() -> Iterator[Case]:
    """Every style on three shapes, many shapes in plain styles, shifted weights, scales of every size."""
    for style in STYLES:
        yield connected_case(style, (1, 21), 6, 21)
        yield connected_case(style, (3, 8), 5, 8)
        yield connected_case(style, (2, 3, 4), 7, 4, keep=True)
        yield connected_case(style, (2, 36), 15, 36)
    for style in PLAIN:
        for channels in (1, 2, 3, 4, 5, 8, 13):
            for depth in (1, 2, 7, 32):
                yield connected_case(style, (1, depth), channels, depth)
        yield connected_case(style, (1, 200), 12, 200)
        for depth in (4, 8, 12, 24, 28, 40, 64):
            yield connected_case(style, (1, depth), 16, depth)
        yield connected_case(style, (2, 12), 38, 12)
        yield connected_case(style, (6,), 4, 6)
        yield connected_case(style, (1, 3, 2, 2), 5, 12)
        yield connected_case(style, (2, 3, 2, 2), 5, 12)
        yield connected_case(style, (2, 6), 3, 3)
        yield connected_case(style, (4, 1, 5), 3, 5)
        yield connected_case(style, (4, 1, 5), 3, 5, keep=True)
        yield connected_case(style, (7,), 3, 7, keep=True)
    for zero_point in (-128, -1, 5, 127):
        yield from (
            shifted_case(zero_point, x_zero, channels) for x_zero in (-128, 0, 127) for channels in (1, 5)
        )
    yield from (scale_case(index) for index in range(40))
