"""Pairs of shapes that broadcast against each other: equal, by scalar, by row, by channel, and any."""

from __future__ import annotations

Pair = tuple[tuple[int, ...], tuple[int, ...]]

EQUAL: Pair = ((2, 3, 5), (2, 3, 5))
STRETCHES_SECOND: tuple[Pair, ...] = (
    EQUAL,
    ((1,), (1,)),
    ((1, 4, 3, 8), (1, 1, 1, 8)),
    ((1, 4, 3, 8), (8,)),
    ((2, 4, 3, 5), (4, 3, 5)),
    ((3, 7), (1,)),
    ((3, 7), ()),
    ((1, 3, 2, 6), (1, 3, 2, 1)),
    ((3, 2, 4), (3, 1, 4)),
    ((2, 3, 2, 3), (2, 1, 2, 1)),
    ((2, 3, 4, 2, 3), (1, 3, 1, 2, 1)),
    ((2, 3, 2, 2, 2, 3), (2, 1, 2, 1, 2, 1)),
)
"""The first operand has the output's shape."""
PAIRS: tuple[Pair, ...] = (
    *STRETCHES_SECOND,
    *((second, first) for first, second in STRETCHES_SECOND[2:]),
    ((4, 1, 3), (1, 5, 3)),
    ((4, 1), (1, 5)),
    ((2, 1, 3, 1, 2), (1, 4, 1, 5, 1)),
    ((2, 1, 3, 1, 2, 1), (1, 2, 1, 3, 1, 2)),
    ((), ()),
)


def pair_id(shapes: Pair) -> str:
    """The shapes as part of a case's name."""
    return "-".join("x".join(map(str, shape)) or "scalar" for shape in shapes)
