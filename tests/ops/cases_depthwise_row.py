"""Cases of DEPTHWISE_CONV_2D over a few rows that make one row of outputs: what streams of rows are made of."""

from __future__ import annotations

from collections.abc import Iterator

from netsuke.ops.geometry import Padding
from tests.ops.case import Case
from tests.ops.cases_conv_2d import Geometry
from tests.ops.cases_depthwise import depthwise_case
from tests.ops.conv_operands import BY_NAME

FEW = tuple(BY_NAME[name] for name in ("s8", "s8-relu", "s8-relu6"))
MORE = tuple(BY_NAME[name] for name in ("s8-low-zeros", "s8-extreme", "s8-ties", "s8-no-bias"))
HEIGHTS = ((3, (0, 0)), (2, (1, 0)), (2, (0, 1)), (1, (1, 1)), (1, (2, 0)), (1, (0, 2)), (4, (0, 0)))
"""Rows of the image, padding above and below."""
SIDES = ((1, 1), (0, 1), (0, 0), (1, 0), (2, 2), (3, 1), (0, 4))
"""Padding left and right."""
CHANNELS = (4, 5, 8, 7, 12, 6, 20, 9)


def geometries() -> Iterator[Geometry]:
    """Every width with every padding of its sides; heights and channels take turns."""
    number = 0
    for stride in (1, 2):
        for width in range(1, 14):
            for sides in SIDES:
                height, ends = HEIGHTS[number % (7 if stride == 2 else 6)]
                if (width + sum(sides) - 3) // stride < 3 - stride:
                    continue
                yield one_row(height, ends, width, sides, CHANNELS[number % 8], stride)
                number += 1


def one_row(
    height: int, ends: tuple[int, int], width: int, sides: tuple[int, int], channels: int, stride: int
) -> Geometry:
    """A 3x3 window over few rows."""
    return Geometry(
        image=(height, width, channels),
        out=channels,
        stride=(stride, stride),
        padding=Padding.EXPLICIT,
        explicit=(ends, sides),
    )


TALL = tuple(
    one_row(height, ends, 5, (1, 1), channels, stride)
    for height, ends in HEIGHTS
    for stride in (1, 2)
    for channels in (8, 11)
    if stride == 2 or height < 4
)
"""Every height with every stride."""
FAR = (
    one_row(3, (0, 0), 48, (1, 1), 8, 1),
    one_row(3, (0, 0), 1, (5, 0), 4, 2),
    one_row(2, (0, 1), 96, (0, 1), 5, 2),
)
"""Wide rows, and a window that never reaches the image."""
PIECES = tuple(
    Geometry(image=image, out=image[2], kernel=kernel, stride=stride, padding=Padding.VALID, batch=batch)
    for image, kernel, stride, batch in (
        ((3, 1, 8), (3, 1), (1, 1), 1),
        ((5, 1, 11), (4, 1), (1, 1), 1),
        ((7, 1, 4), (5, 1), (1, 1), 2),
        ((9, 1, 6), (5, 1), (2, 2), 1),
        ((13, 1, 8), (2, 1), (1, 1), 1),
        ((14, 1, 9), (3, 1), (1, 1), 1),
        ((17, 1, 5), (15, 1), (1, 1), 1),
        ((1, 12, 10), (1, 10), (1, 1), 1),
        ((1, 9, 7), (1, 3), (3, 3), 1),
        ((4, 3, 7), (2, 3), (1, 1), 1),
        ((5, 2, 8), (3, 2), (2, 1), 1),
    )
)
"""Windows of pixels that stand side by side: one output or a few."""


ELSEWHERE = ("s8-3x1x4-o4-k3x3-s1x1-explicit0022", "s8-relu6-2x1x8-o8-k3x3-s1x1-explicit0104")
"""Ends of the names of cases that `cases_depthwise` has too."""


def cases() -> Iterator[Case]:
    """One style of numbers after the other over the widths, all over the heights."""
    for number, geometry in enumerate((*geometries(), *FAR)):
        case = depthwise_case(FEW[number % 3], geometry)
        if not case.id.endswith(ELSEWHERE):
            yield case
    for geometry in PIECES:
        yield from (depthwise_case(style, geometry) for style in FEW)
    for geometry in TALL:
        if geometry.image[1:] == (5, 8) or geometry.image[0] != 1:
            yield from (depthwise_case(style, geometry) for style in MORE)
