"""Cases of int16 convolutions and fully connected layers where the kernels for the DSP extension branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netsuke.ir import DType
from netsuke.ops.activation import Activation
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from tests.ops.case import Case, one_node
from tests.ops.cases_conv_2d import Geometry, conv_case
from tests.ops.cases_depthwise import depthwise_case
from tests.ops.cases_fully_connected import connected_case
from tests.ops.conv_operands import S16, Operands, Style, operands

RELU = replace(S16, name="s16-relu", activation=Activation.RELU)
RELU6 = replace(S16, name="s16-relu6", activation=Activation.RELU6)
BIAS32 = replace(S16, name="s16-bias32", bias=DType.INT32)
EXTREME = replace(S16, name="s16-extreme", extreme=True, gain=5.0)
EXTREME32 = replace(EXTREME, name="s16-extreme-bias32", bias=DType.INT32)
FAINT = replace(S16, name="s16-faint", gain=1e-3)
STRONG = replace(S16, name="s16-strong", gain=200.0)
BARE = replace(S16, name="s16-no-bias", bias=None)
STYLES = (S16, RELU, RELU6, BIAS32, EXTREME, EXTREME32, FAINT, STRONG)

# Tiles of three and of two pixels, channels in pairs, windows of odd length, passes of the unrolled loop.
CONVOLUTIONS = (
    *(Geometry(image=(2, width, 3), out=4, kernel=(2, 3)) for width in range(1, 10)),
    *(Geometry(image=(2, 4, channels), out=10 - channels, kernel=(1, 1)) for channels in range(1, 10)),
    *(Geometry(image=(1, 5, channels), out=2, kernel=(1, 1)) for channels in (14, 15, 16, 17, 18, 31, 33)),
    Geometry(image=(3, 90, 8), out=3),
    Geometry(image=(3, 91, 8), out=2, stride=(1, 2)),
    Geometry(image=(4, 40, 16), out=2, stride=(2, 3), padding=Padding.VALID),
    Geometry(image=(9, 4, 3), out=3, kernel=(4, 2), stride=(3, 2), padding=Padding.VALID),
    Geometry(image=(8, 5, 2), out=3, kernel=(3, 3), dilation=(3, 1)),
    Geometry(image=(7, 9, 4), out=4, kernel=(3, 1), dilation=(2, 2)),
    Geometry(image=(1, 20, 6), out=5, kernel=(1, 5), padding=Padding.VALID),
    Geometry(image=(3, 4, 2), out=2, kernel=(1, 3), padding=Padding.EXPLICIT, explicit=((1, 1), (2, 0))),
    Geometry(image=(1, 2, 12), out=9, kernel=(1, 1)),
    Geometry(image=(6, 5, 4), out=3, kernel=(1, 1), stride=(2, 2), batch=2),
)
DEPTHWISE = (
    *(Geometry(image=(4, width, 4), out=4) for width in range(1, 8)),
    *(Geometry(image=(5, 6, channels), out=channels, stride=(2, 2)) for channels in (4, 5, 6, 7, 9)),
    Geometry(image=(7, 41, 5), out=5),
    Geometry(image=(9, 70, 4), out=4, kernel=(5, 5)),
    Geometry(image=(11, 37, 4), out=4, kernel=(7, 7), stride=(2, 2)),
    Geometry(image=(12, 15, 4), out=4, kernel=(4, 3), stride=(2, 2), padding=Padding.VALID),
    Geometry(image=(28, 1, 7), out=7, kernel=(10, 1), padding=Padding.VALID),
    Geometry(image=(13, 1, 9), out=9, kernel=(4, 1), stride=(2, 1), batch=2),
    Geometry(image=(1, 19, 4), out=4, kernel=(1, 5)),
    Geometry(image=(4, 5, 6), out=6, padding=Padding.EXPLICIT, explicit=((2, 0), (3, 1))),
)
FULLY = ((1, 5, 3), (1, 8, 4), (2, 31, 5), (1, 36, 7), (3, 33, 4), (4, 12, 3), (5, 64, 9), (7, 3, 1))
"""(rows, depth, channels)."""


def one_signed(made: Operands, axis: int) -> Operands:
    """Weights at the ends of int8, of one sign in a channel: sums are as large as can be."""
    kind, data = made.weights
    channel = np.arange(data.shape[axis]).reshape([-1 if i == axis else 1 for i in range(data.ndim)])
    ends = np.where(channel % 2 == 0, 127, -127).astype(np.int8)
    return replace(made, weights=(kind, np.broadcast_to(ends, data.shape).copy()))


def heavy_bias(made: Operands, values: tuple[int, ...]) -> Operands:
    """Biases that fill 32 bits, or do not fit them."""
    assert made.bias is not None
    kind, data = made.bias
    return replace(made, bias=(kind, np.resize(np.array(values, dtype=np.int64), data.shape)))


def wide_convolution(style: Style, g: Geometry, bias: tuple[int, ...] = ()) -> Case:
    """A convolution whose sums need more than 32 bits."""
    shapes = (g.batch, *g.image), (g.out, *g.kernel, g.image[2]), (g.batch, *g.output, g.out)
    made = one_signed(operands(style, g.id, *shapes, axis=0), 0)
    made = heavy_bias(made, bias) if bias else made
    args = Conv2d(stride=g.stride, padding=g.padding, clamp=made.clamp)
    name = f"{style.name}-wide{'-bias' if bias else ''}-{g.id}"
    return one_node(name, "conv_2d", args, [made.x, made.weights, made.bias], [made.y])


def wide_connected(style: Style, rows: int, depth: int, channels: int, bias: tuple[int, ...] = ()) -> Case:
    """The same of a fully connected layer."""
    name = f"{rows}x{depth}-w{channels}"
    made = one_signed(operands(style, name, (rows, depth), (channels, depth), (rows, channels), axis=0), 0)
    made = heavy_bias(made, bias) if bias else made
    label = f"{style.name}-wide{'-bias' if bias else ''}-{name}"
    args = FullyConnected(clamp=made.clamp)
    return one_node(label, "fully_connected", args, [made.x, made.weights, made.bias], [made.y])


BIASES = (2**31 - 1, -(2**31), 2**33 + 5, -(2**33) - 7, 3)


def cases() -> Iterator[Case]:
    """Every style of numbers on every shape that differs in the kernels' paths, and sums on both sides of 32 bits."""
    for number, geometry in enumerate(CONVOLUTIONS):
        chosen: tuple[Style, ...] = STYLES if number % 3 == 0 else (S16, RELU, BIAS32)
        yield from (conv_case(replace(s, name=f"dsp-{s.name}"), geometry) for s in chosen)
    yield conv_case(replace(BARE, name="dsp-s16-no-bias"), CONVOLUTIONS[2])
    for geometry in DEPTHWISE:
        few = (S16, RELU, RELU6, EXTREME, FAINT)
        yield from (depthwise_case(replace(s, name=f"dsp-{s.name}"), geometry) for s in few)
    for rows, depth, channels in FULLY:
        for style in (*STYLES, BARE):
            yield connected_case(replace(style, name=f"dsp-{style.name}"), (rows, depth), channels, depth)
    for style in (S16, RELU, RELU6):
        yield wide_convolution(style, Geometry(image=(2, 2, 530), out=3, kernel=(1, 1)))
        yield wide_convolution(style, Geometry(image=(3, 4, 120), out=2))
        yield wide_convolution(style, Geometry(image=(2, 3, 9), out=4), BIASES)
        yield wide_connected(style, 1, 600, 5)
        yield wide_connected(style, 2, 515, 4)
        yield wide_connected(style, 1, 20, 6, BIASES)
