"""Cases for kernels that take several channels or pixels at a time: sizes around those of their tiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.cases_wide_sums import bias, weights


def mixed(shape: tuple[int, ...], spread: int) -> np.ndarray:
    """Weights from -spread to spread, of which a few are the largest there are."""
    random = np.random.default_rng(sum(shape) + spread)
    values = random.integers(-spread, spread + 1, shape)
    return np.where(random.random(shape) < 0.01, np.where(values < 0, -127, 127), values)


def rows_of_twos() -> Iterator[Case]:
    """Rows of 32 channels and more, of small weights: one piece of inputs and many, a last block that overlaps."""
    for depth, channels, spread in ((2, 40, 90), (64, 32, 3), (130, 70, 11), (96, 64, 60)):
        for zero in (-128, 11):
            w = weights((channels, depth), mixed((channels, depth), spread))
            x = tensor_type((2, depth), DType.INT8, 0.7, zero)
            y = tensor_type((2, channels), DType.INT8, 0.04 * spread * depth**0.5, -128)
            clamp = clamp_of(Activation.RELU, y) if zero == -128 else None
            b = bias(w[0], x, np.arange(channels) * 91 - 1500)
            name = f"tiles-{depth}-{channels}-{zero}"
            yield one_node(name, "fully_connected", FullyConnected(clamp=clamp), [x, w, b], [y])


def first_layers() -> Iterator[Case]:
    """Windows over one and three colours, rows of two outputs and more, strides beyond the window, wide padding."""
    shapes = [
        ((7, 13, 3), (3, 3), (2, 2), 8, ((0, 1), (0, 1))),
        ((6, 10, 3), (3, 3), (1, 1), 16, ((1, 1), (1, 1))),
        ((9, 4, 1), (5, 3), (1, 1), 8, ((2, 2), (1, 1))),
        ((8, 11, 1), (2, 3), (3, 2), 8, ((0, 0), (0, 0))),
        ((5, 5, 3), (1, 2), (1, 3), 8, ((0, 0), (2, 1))),
        ((4, 6, 3), (4, 1), (2, 1), 24, ((3, 0), (0, 0))),
        ((3, 3, 6), (3, 3), (1, 2), 8, ((1, 1), (1, 1))),
        ((3, 20, 3), (3, 4), (1, 1), 8, ((0, 0), (3, 3))),
    ]
    for number, ((high, wide, colours), kernel, stride, channels, pads) in enumerate(shapes):
        out_h = (high + sum(pads[0]) - kernel[0]) // stride[0] + 1
        out_w = (wide + sum(pads[1]) - kernel[1]) // stride[1] + 1
        shape = (channels, *kernel, colours)
        for zero in (-128, 4):
            w = weights(shape, mixed(shape, 90))
            x = tensor_type((2, high, wide, colours), DType.INT8, 0.8, zero)
            y = tensor_type((2, out_h, out_w, channels), DType.INT8, 9.0, -128)
            args = Conv2d(
                stride=stride,
                padding=Padding.EXPLICIT,
                explicit=pads,
                clamp=clamp_of(Activation.RELU6 if zero == 4 else Activation.RELU, y),
            )
            b = bias(w[0], x, np.arange(channels) * 77 - 300)
            yield one_node(f"tiles-first{number}-{zero}", "conv_2d", args, [x, w, b], [y])


def pixels() -> Iterator[Case]:
    """Windows of one pixel: five pixels to fourteen, depths that are no multiple of four."""
    for count, depth, channels in ((6, 4, 4), (7, 10, 12), (9, 3, 8), (11, 16, 4), (14, 37, 20)):
        for zero in (-128, -3):
            shape = (channels, 1, 1, depth)
            w = weights(shape, mixed(shape, 100))
            x = tensor_type((1, 1, count, depth), DType.INT8, 0.9, zero)
            y = tensor_type((1, 1, count, channels), DType.INT8, 2.5 * depth**0.5, -128)
            args = Conv2d(clamp=clamp_of(Activation.RELU, y))
            b = bias(w[0], x, np.arange(channels) * 55 - 200)
            yield one_node(f"tiles-{count}-{depth}-{channels}-{zero}", "conv_2d", args, [x, w, b], [y])


def cases() -> Iterator[Case]:
    """All of them."""
    yield from rows_of_twos()
    yield from first_layers()
    yield from pixels()
