"""Cases of CONV_2D that Winograd's kernels compute: 3 x 3, stride 1, whole tiles and parts of them."""

from __future__ import annotations

from collections.abc import Iterator

from netsuke.ops.geometry import Padding
from tests.ops.case import Case
from tests.ops.cases_conv_2d import INT8_STYLES, Geometry, conv_case
from tests.ops.conv_operands import BY_NAME

SHAPES = (
    Geometry(image=(8, 8, 16), out=16),
    Geometry(image=(5, 6, 16), out=7, padding=Padding.VALID),
    Geometry(image=(1, 1, 16), out=3),
    Geometry(image=(7, 9, 16), out=16, batch=2),
    Geometry(image=(9, 10, 32), out=5, batch=2),
    Geometry(image=(4, 13, 32), out=32),
    Geometry(image=(6, 3, 48), out=48),
    Geometry(image=(3, 5, 64), out=4),
    Geometry(image=(8, 6, 16), out=16, padding=Padding.EXPLICIT, explicit=((0, 0), (1, 1))),
    Geometry(image=(5, 6, 16), out=16, padding=Padding.EXPLICIT, explicit=((2, 1), (0, 2))),
    Geometry(image=(5, 6, 16), out=16, padding=Padding.EXPLICIT, explicit=((1, 0), (2, 0))),
    Geometry(image=(3, 2, 32), out=32, padding=Padding.EXPLICIT, explicit=((4, 3), (5, 6))),
    Geometry(image=(3, 16, 16), out=16, padding=Padding.EXPLICIT, explicit=((0, 0), (1, 1))),
    Geometry(image=(2, 8, 64), out=64, padding=Padding.EXPLICIT, explicit=((1, 0), (1, 1))),
    Geometry(image=(2, 12, 32), out=6, padding=Padding.EXPLICIT, explicit=((0, 1), (1, 1))),
    Geometry(image=(4, 4, 16), out=9, padding=Padding.EXPLICIT, explicit=((0, 0), (1, 1))),
    Geometry(image=(3, 15, 16), out=16, padding=Padding.EXPLICIT, explicit=((0, 0), (0, 1))),
)
STYLES = (BY_NAME["s8"], *INT8_STYLES)


def cases() -> Iterator[Case]:
    """Every geometry in every style of numbers that such kernels tell apart."""
    for geometry in SHAPES:
        yield from (conv_case(style, geometry) for style in STYLES)
