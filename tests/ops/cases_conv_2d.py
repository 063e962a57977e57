"""Cases of CONV_2D."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.geometry import Padding, window
from tests.ops.case import Case, one_node
from tests.ops.conv_operands import BY_NAME, PLAIN, STYLES, Style, operands, oracle_takes

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """One layer's shape: image (height, width, channels), out channels, window, groups."""

    image: tuple[int, int, int]
    out: int
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Padding = Padding.SAME
    explicit: tuple[Pair, Pair] = ((0, 0), (0, 0))
    groups: int = 1
    batch: int = 1

    @property
    def id(self) -> str:
        """A short name."""
        amounts = (
            "".join(str(n) for pair in self.explicit for n in pair)
            if self.padding is Padding.EXPLICIT
            else ""
        )
        parts = [
            f"{'x'.join(map(str, self.image))}-o{self.out}", f"k{self.kernel[0]}x{self.kernel[1]}",
            f"s{self.stride[0]}x{self.stride[1]}", self.padding.value + amounts,
        ]  # fmt: skip
        parts += [f"d{self.dilation[0]}x{self.dilation[1]}"] if self.dilation != (1, 1) else []
        parts += [f"g{self.groups}"] if self.groups > 1 else []
        parts += [f"n{self.batch}"] if self.batch > 1 else []
        return "-".join(parts)

    @property
    def output(self) -> Pair:
        """(height, width) that comes out."""
        sizes = [
            window(
                self.image[i],
                self.kernel[i],
                self.stride[i],
                self.padding,
                dilation=self.dilation[i],
                explicit=self.explicit[i],
            )
            for i in (0, 1)
        ]
        return sizes[0].output, sizes[1].output


def conv_case(style: Style, g: Geometry) -> Case:
    """The case of a style and a geometry."""
    made = operands(
        style,
        g.id,
        (g.batch, *g.image),
        (g.out, *g.kernel, g.image[2] // g.groups),
        (g.batch, *g.output, g.out),
        axis=0,
    )
    args = Conv2d(
        stride=g.stride, dilation=g.dilation, padding=g.padding, explicit=g.explicit, clamp=made.clamp
    )
    return one_node(
        f"{style.name}-{g.id}",
        "conv_2d",
        args,
        [made.x, made.weights, made.bias],
        [made.y],
        oracle=oracle_takes(style),
    )


WHOLE = (
    Geometry(image=(5, 6, 3), out=5),
    Geometry(image=(4, 3, 6), out=6, kernel=(1, 1)),
    Geometry(image=(5, 5, 4), out=6, groups=2, stride=(2, 1)),
)
"""These run in every style."""

EXPLICIT = tuple(
    Geometry(image=(4, 5, 3), out=5, kernel=(3, 2), padding=Padding.EXPLICIT, explicit=amounts, stride=stride)
    for amounts in (((1, 0), (0, 1)), ((2, 2), (1, 3)), ((0, 3), (4, 0)))
    for stride in ((1, 1), (2, 3))
)

SHAPES = (
    *(
        Geometry(image=image, out=out, kernel=kernel, stride=stride, padding=padding)
        for image, out in (((6, 5, 1), 4), ((7, 8, 2), 3), ((5, 5, 8), 9))
        for kernel in ((1, 1), (3, 3), (2, 3), (5, 1))
        for stride in ((1, 1), (2, 2), (1, 3))
        for padding in (Padding.SAME, Padding.VALID)
    ),
    *(
        Geometry(image=(8, 9, 3), out=5, kernel=kernel, dilation=dilation, stride=stride, padding=padding)
        for kernel in ((3, 3), (2, 1))
        for dilation in ((2, 2), (1, 3), (3, 1))
        for stride, padding in (((1, 1), Padding.SAME), ((2, 1), Padding.VALID))
    ),
    *(
        Geometry(image=(4, 5, channels), out=out, groups=groups, kernel=kernel, dilation=dilation)
        for channels, out, groups in ((4, 4, 4), (6, 12, 3), (4, 10, 2), (3, 15, 3))
        for kernel in ((3, 3), (1, 1))
        for dilation in ((1, 1), (2, 1))
    ),
    Geometry(image=(1, 1, 1), out=1, kernel=(1, 1)),
    Geometry(image=(1, 1, 7), out=4, kernel=(1, 1)),
    Geometry(image=(1, 1, 3), out=2, kernel=(3, 3)),
    Geometry(image=(2, 2, 2), out=3, kernel=(5, 5)),
    Geometry(image=(3, 3, 2), out=4, kernel=(3, 3), dilation=(4, 4)),
    Geometry(image=(1, 9, 4), out=8, kernel=(1, 4), padding=Padding.VALID),
    Geometry(image=(9, 1, 2), out=5, kernel=(4, 1), stride=(3, 1)),
    Geometry(image=(4, 4, 3), out=5, batch=3),
    Geometry(image=(3, 2, 5), out=6, kernel=(1, 1), batch=2),
    Geometry(image=(5, 4, 3), out=4, kernel=(1, 1), stride=(2, 2)),
    Geometry(image=(3, 3, 40), out=17),
    Geometry(image=(2, 2, 65), out=33, kernel=(1, 1)),
    Geometry(image=(4, 5, 8), out=19, kernel=(1, 1)),
    Geometry(image=(5, 4, 12), out=24),
    # Rows of windows of whole vectors, with and without padding; few inputs, from images kept whole or by rows.
    Geometry(image=(6, 7, 16), out=9),
    Geometry(image=(5, 9, 16), out=5, kernel=(1, 1), stride=(2, 2)),
    Geometry(image=(7, 6, 32), out=6, kernel=(1, 1), stride=(2, 2)),
    Geometry(image=(4, 6, 16), out=7, kernel=(2, 1), padding=Padding.VALID, batch=2),
    Geometry(image=(21, 10, 1), out=6, kernel=(10, 4), stride=(2, 2)),
    Geometry(image=(9, 70, 3), out=4, stride=(2, 2)),
    Geometry(image=(10, 11, 2), out=3, kernel=(1, 1)),
    *EXPLICIT,
    # Rows of windows of one word, over the edges of the image and wholly beside it; odd numbers of pixels.
    Geometry(image=(21, 9, 1), out=8, kernel=(3, 4), stride=(2, 2)),
    Geometry(image=(5, 3, 2), out=5, kernel=(4, 2)),
    Geometry(image=(3, 4, 1), out=4, kernel=(2, 4)),
    Geometry(image=(4, 2, 1), out=4, kernel=(3, 4)),
    Geometry(image=(3, 4, 4), out=7, kernel=(2, 1), padding=Padding.EXPLICIT, explicit=((1, 2), (3, 2))),
    Geometry(image=(3, 5, 1), out=5, kernel=(2, 4), padding=Padding.EXPLICIT, explicit=((1, 0), (6, 5))),
    Geometry(image=(1, 5, 12), out=13, kernel=(1, 1)),
    Geometry(image=(1, 7, 20), out=16, kernel=(1, 1), batch=3),
    Geometry(image=(3, 3, 16), out=24, kernel=(1, 1)),
)

BY_EIGHT = (
    Geometry(image=(4, 5, 4), out=15),
    Geometry(image=(5, 6, 3), out=8, stride=(2, 1)),
    Geometry(image=(9, 9, 1), out=8, kernel=(3, 4), stride=(2, 2)),
    Geometry(image=(3, 5, 8), out=16, kernel=(1, 1)),
    Geometry(image=(3, 4, 12), out=15, kernel=(1, 1), batch=2),
)
"""Eight channels at a time: these run in every style that such kernels tell apart."""
INT8_STYLES = tuple(
    BY_NAME[f"s8-{name}"] for name in ("relu", "relu6", "relu_n1", "tensor", "high-zeros", "extreme", "faint")
)


def cases() -> Iterator[Case]:
    """A few geometries in every style of numbers, many geometries in plain ones."""
    for geometry in WHOLE:
        yield from (conv_case(style, geometry) for style in STYLES)
    for geometry in SHAPES:
        yield from (conv_case(style, geometry) for style in PLAIN)
    for geometry in BY_EIGHT:
        yield from (conv_case(style, geometry) for style in INT8_STYLES)
