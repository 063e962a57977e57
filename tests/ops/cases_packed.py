"""Cases whose weights have four or two bits, so that kernels that keep them packed take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netsuke.ops.geometry import Padding
from tests.ops.case import Case
from tests.ops.cases_conv_2d import INT8_STYLES, Geometry, conv_case
from tests.ops.cases_depthwise import depthwise_case
from tests.ops.cases_fully_connected import connected_case
from tests.ops.conv_operands import BY_NAME

SHAPES = (
    Geometry(image=(5, 6, 3), out=5),
    Geometry(image=(4, 3, 6), out=6, kernel=(1, 1)),
    Geometry(image=(4, 4, 32), out=9, kernel=(1, 1)),
    Geometry(image=(3, 3, 20), out=8, kernel=(1, 1), batch=2),
    Geometry(image=(5, 4, 12), out=24),
    Geometry(image=(7, 8, 2), out=3, stride=(2, 2), padding=Padding.VALID),
    Geometry(image=(9, 5, 4), out=7, kernel=(5, 2), stride=(1, 2), batch=2),
    Geometry(image=(3, 3, 2), out=4, dilation=(2, 2)),
    Geometry(image=(5, 5, 4), out=6, groups=2),
    Geometry(image=(1, 1, 1), out=1, kernel=(1, 1)),
    Geometry(image=(4, 5, 1), out=2),
    Geometry(image=(3, 4, 40), out=12),
    Geometry(image=(3, 5, 150), out=5, kernel=(1, 1)),
    Geometry(image=(5, 8, 2), out=4),
)
DEPTHWISE = (
    Geometry(image=(5, 6, 8), out=8),
    Geometry(image=(7, 6, 5), out=5, stride=(2, 2)),
    Geometry(image=(6, 5, 4), out=4, kernel=(5, 5), padding=Padding.VALID),
    Geometry(image=(12, 1, 6), out=6, kernel=(4, 1)),
    Geometry(image=(4, 4, 3), out=6),
    Geometry(image=(3, 3, 7), out=7, padding=Padding.VALID),
)
STYLES = tuple(
    replace(style, name=f"{style.name}-w{bits}", bits=bits)
    for bits in (4, 2)
    for style in (
        BY_NAME["s8"],
        BY_NAME["s8-tensor"],
        BY_NAME["s8-extreme"],
        BY_NAME["s8-saturate"],
        *INT8_STYLES,
    )
)
ROWS = ((1, 21, 6), (1, 32, 16), (3, 8, 5), (2, 36, 15), (1, 64, 12), (1, 100, 3))


def cases() -> Iterator[Case]:
    """Convolutions, depthwise ones, and fully connected layers."""
    for style in {style.name: style for style in STYLES}.values():
        yield from (conv_case(style, geometry) for geometry in SHAPES)
        yield from (depthwise_case(style, geometry) for geometry in DEPTHWISE)
        for rows, depth, channels in ROWS:
            yield connected_case(style, (rows, depth), channels, depth)
