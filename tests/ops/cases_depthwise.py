"""Cases of DEPTHWISE_CONV_2D."""

from __future__ import annotations

from collections.abc import Iterator

from netsuke.ir import DType
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.geometry import Padding
from tests.ops.case import Case, one_node
from tests.ops.cases_conv_2d import Geometry
from tests.ops.conv_operands import BY_NAME, PLAIN, STYLES, Style, operands


def depthwise_case(style: Style, g: Geometry) -> Case:
    """The case of a style and a geometry; `out` is channels times multiplier."""
    made = operands(
        style, g.id, (g.batch, *g.image), (1, *g.kernel, g.out), (g.batch, *g.output, g.out), axis=3
    )
    args = DepthwiseConv2d(
        stride=g.stride, dilation=g.dilation, padding=g.padding, explicit=g.explicit, clamp=made.clamp
    )
    # LiteRT's reference kernel reads a bias without asking whether there is one.
    oracle = style.bias is not None
    return one_node(
        f"{style.name}-{g.id}",
        "depthwise_conv_2d",
        args,
        [made.x, made.weights, made.bias],
        [made.y],
        oracle=oracle,
    )


def takes(style: Style) -> bool:
    """TFLite's depthwise convolution of int16 has an int64 bias only."""
    return not (style.dtype is DType.INT16 and style.bias is DType.INT32)


WHOLE = (
    Geometry(image=(5, 6, 7), out=7),
    Geometry(image=(5, 4, 3), out=6, stride=(2, 1)),
    Geometry(image=(6, 5, 1), out=5, kernel=(3, 2)),
)

SHAPES = (
    *(
        Geometry(image=image, out=image[2] * multiplier, kernel=kernel, stride=stride, padding=padding)
        for image, multiplier in (
            ((6, 5, 8), 1),
            ((5, 7, 5), 1),
            ((5, 5, 3), 2),
            ((6, 6, 2), 4),
            ((5, 4, 1), 1),
        )
        for kernel in ((3, 3), (1, 1), (2, 5))
        for stride in ((1, 1), (2, 2), (1, 3))
        for padding in ((Padding.SAME, Padding.VALID) if kernel != (2, 5) else (Padding.SAME,))
    ),
    *(
        Geometry(
            image=(8, 9, channels),
            out=channels * multiplier,
            kernel=(3, 3),
            dilation=dilation,
            padding=padding,
        )
        for channels, multiplier in ((4, 1), (3, 3), (1, 4))
        for dilation in ((2, 2), (1, 3), (3, 1))
        for padding in (Padding.SAME, Padding.VALID)
        if padding is Padding.SAME or dilation != (3, 1) or channels == 4
    ),
    *(
        Geometry(
            image=(4, 5, 6), out=6 * multiplier, kernel=(3, 2), padding=Padding.EXPLICIT, explicit=amounts
        )
        for amounts in (((1, 0), (0, 1)), ((2, 2), (1, 3)), ((0, 3), (4, 0)))
        for multiplier in (1, 2)
    ),
    Geometry(image=(1, 1, 1), out=1, kernel=(1, 1)),
    Geometry(image=(1, 1, 4), out=4, kernel=(3, 3)),
    Geometry(image=(2, 2, 3), out=3, kernel=(5, 5)),
    Geometry(image=(12, 1, 4), out=4, kernel=(9, 1), padding=Padding.VALID),
    Geometry(image=(4, 4, 5), out=5, batch=3),
    Geometry(image=(3, 4, 2), out=6, batch=2),
    Geometry(image=(3, 3, 66), out=66),
)


# What kernels that keep rows of the image at hand do differently: images too wide to be kept whole, long windows.
WIDE = (
    Geometry(image=(7, 41, 4), out=4),
    Geometry(image=(6, 70, 5), out=5),
    Geometry(image=(7, 71, 4), out=4, stride=(2, 2)),
    Geometry(image=(9, 70, 4), out=4, kernel=(5, 5)),
    Geometry(image=(12, 45, 4), out=4, kernel=(4, 3), stride=(2, 2)),
    Geometry(image=(11, 37, 4), out=4, kernel=(7, 7), stride=(2, 2)),
    Geometry(image=(8, 7, 6), out=6, kernel=(7, 7)),
    Geometry(image=(7, 8, 6), out=6, kernel=(5, 5), stride=(2, 2)),
    Geometry(image=(3, 2, 4), out=4, kernel=(3, 5)),
    Geometry(image=(28, 1, 7), out=7, kernel=(10, 1), padding=Padding.VALID),
    Geometry(image=(1, 19, 4), out=4, kernel=(1, 5)),
    Geometry(image=(15, 1, 4), out=4, kernel=(15, 1), padding=Padding.VALID),
    Geometry(image=(13, 1, 9), out=9, kernel=(4, 1), batch=2),
    Geometry(image=(3, 19, 4), out=4, kernel=(1, 5), padding=Padding.VALID),
    Geometry(image=(9, 5, 3), out=3, kernel=(4, 1), padding=Padding.VALID),
    Geometry(image=(1, 6, 5), out=5, kernel=(1, 4), padding=Padding.VALID, batch=2),
    Geometry(image=(7, 2, 4), out=4),
    # More channels than a vector has, more outputs than a block, an odd row or column at the end.
    Geometry(image=(30, 1, 20), out=20, kernel=(13, 1), padding=Padding.VALID),
    Geometry(image=(9, 7, 37), out=37),
    Geometry(image=(7, 9, 18), out=18, padding=Padding.VALID),
    Geometry(image=(8, 7, 35), out=35, stride=(2, 2)),
    Geometry(image=(9, 19, 17), out=17, kernel=(4, 4), stride=(2, 2)),
    Geometry(image=(3, 1, 4), out=4, padding=Padding.EXPLICIT, explicit=((0, 0), (2, 2))),
    Geometry(image=(2, 1, 8), out=8, padding=Padding.EXPLICIT, explicit=((0, 1), (0, 4))),
)
FEW = tuple(BY_NAME[name] for name in ("s8", "s8-relu", "s8-relu6"))


def cases() -> Iterator[Case]:
    """A few geometries in every style of numbers, many geometries in plain ones."""
    for geometry in WIDE:
        yield from (depthwise_case(style, geometry) for style in FEW)
    for geometry in WHOLE:
        yield from (depthwise_case(style, geometry) for style in STYLES if takes(style))
    for geometry in SHAPES:
        yield from (depthwise_case(style, geometry) for style in PLAIN)
