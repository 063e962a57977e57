"""Cases of TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netsuke.ops.geometry import Padding, window
from netsuke.ops.transpose_conv import TransposeConv
from tests.ops.case import Case, one_node
from tests.ops.conv_operands import PLAIN, STYLES, Style, operands

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsampling:
    """Output (height, width), channels in and out, window; the input's size follows."""

    output: Pair
    channels: Pair
    kernel: Pair = (3, 3)
    stride: Pair = (2, 2)
    padding: Padding = Padding.SAME
    explicit: tuple[Pair, Pair] = ((0, 0), (0, 0))
    batch: int = 1

    @property
    def id(self) -> str:
        """A short name."""
        amounts = (
            "".join(str(n) for pair in self.explicit for n in pair)
            if self.padding is Padding.EXPLICIT
            else ""
        )
        pairs = zip("ycks", (self.output, self.channels, self.kernel, self.stride), strict=True)
        batch = f"-n{self.batch}" if self.batch > 1 else ""
        return (
            "-".join(f"{letter}{a}x{b}" for letter, (a, b) in pairs)
            + f"-{self.padding.value}{amounts}{batch}"
        )

    @property
    def input(self) -> Pair:
        """(height, width) that goes in."""
        sizes = [
            window(self.output[i], self.kernel[i], self.stride[i], self.padding, explicit=self.explicit[i])
            for i in (0, 1)
        ]
        return sizes[0].output, sizes[1].output


def transpose_case(style: Style, u: Upsampling) -> Case:
    """The case of a style and a geometry."""
    into, out = u.channels
    made = operands(
        style, u.id, (u.batch, *u.input, into), (out, *u.kernel, into), (u.batch, *u.output, out), axis=0
    )
    args = TransposeConv(
        output=u.output, stride=u.stride, padding=u.padding, explicit=u.explicit, clamp=made.clamp
    )
    # TFLite can say SAME and VALID only.
    oracle = u.padding is not Padding.EXPLICIT
    return one_node(
        f"{style.name}-{u.id}",
        "transpose_conv",
        args,
        [made.x, made.weights, made.bias],
        [made.y],
        oracle=oracle,
    )


WHOLE = (
    Upsampling(output=(6, 5), channels=(3, 5)),
    Upsampling(output=(5, 4), channels=(4, 2), kernel=(2, 2), padding=Padding.VALID, stride=(1, 1)),
)

SHAPES = (
    *(
        Upsampling(output=output, channels=channels, kernel=kernel, stride=stride, padding=padding)
        for output, channels in (((6, 7), (2, 4)), ((7, 5), (5, 3)))
        for kernel in ((3, 3), (1, 1), (2, 4), (5, 2))
        for stride in ((1, 1), (2, 2), (3, 2))
        for padding in (Padding.SAME, Padding.VALID)
    ),
    *(
        Upsampling(output=(7, 6), channels=(3, 5), padding=Padding.EXPLICIT, explicit=amounts, stride=stride)
        for amounts in (((1, 0), (0, 1)), ((2, 2), (1, 2)), ((0, 1), (2, 0)))
        for stride in ((1, 1), (2, 3))
    ),
    Upsampling(output=(1, 1), channels=(1, 1), kernel=(1, 1), stride=(1, 1)),
    Upsampling(output=(2, 2), channels=(3, 4), kernel=(5, 5)),
    Upsampling(output=(1, 8), channels=(4, 8), kernel=(1, 4), stride=(1, 2)),
    Upsampling(output=(5, 5), channels=(2, 3), kernel=(2, 2), stride=(4, 4)),
    Upsampling(output=(5, 6), channels=(3, 6), batch=2),
    Upsampling(output=(4, 4), channels=(17, 9)),
)


def cases() -> Iterator[Case]:
    """A few geometries in every style of numbers, many geometries in plain ones."""
    for upsampling in WHOLE:
        yield from (transpose_case(style, upsampling) for style in STYLES)
    for upsampling in SHAPES:
        yield from (transpose_case(style, upsampling) for style in PLAIN)
