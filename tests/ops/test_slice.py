"""Resolving TFLite's slice operands: numpy's indexing is the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuke.errors import GraphError
from netsuke.ops.slice import SliceMasks, StridedSlice, resolve

INDICES = st.integers(-7, 7)
STRIDES = st.integers(-3, 3).filter(bool)


def taken(args: StridedSlice, x: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """What the canonical arguments take of an array."""
    part = x[np.ix_(*(list(args.indices(axis)) for axis in range(x.ndim)))]
    return part.squeeze(args.shrink_axes)


@given(
    st.lists(st.tuples(INDICES, INDICES, STRIDES), min_size=1, max_size=3),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_masks_and_negative_indices_are_pythons(
    parts: list[tuple[int, int, int]], begin: int, end: int
) -> None:
    x = np.arange(4 * 5 * 3).reshape(4, 5, 3)
    index = tuple(
        slice(None if begin >> i & 1 else b, None if end >> i & 1 else e, s)
        for i, (b, e, s) in enumerate(parts)
    )
    operands = ([part[i] for part in parts] for i in range(3))
    np.testing.assert_array_equal(
        taken(resolve(x.shape, *operands, SliceMasks(begin=begin, end=end)), x), x[index]
    )


def test_an_ellipsis_takes_the_dimensions_between() -> None:
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    args = resolve(x.shape, [1, 0, 2], [2, 0, 4], [1, 1, 1], SliceMasks(ellipsis=0b010))
    np.testing.assert_array_equal(taken(args, x), x[1:2, ..., 2:4])


def test_an_ellipsis_may_take_nothing() -> None:
    x = np.arange(6).reshape(2, 3)
    args = resolve(x.shape, [1, 0, 0], [2, 0, 2], [1, 1, 1], SliceMasks(ellipsis=0b010))
    np.testing.assert_array_equal(taken(args, x), x[1:2, ..., 0:2])


def test_a_dropped_dimension_is_one_index_whatever_the_end() -> None:
    x = np.arange(12).reshape(3, 4)
    args = resolve(x.shape, [-1, 0], [0, 4], [1, 1], SliceMasks(shrink_axis=0b01))
    assert args.shrink_axes == (0,)
    np.testing.assert_array_equal(taken(args, x), x[-1])


@pytest.mark.parametrize(
    ("begin", "end", "strides", "masks", "message"),
    [
        ([0], [2], [0], SliceMasks(), r"got strides \[0\]; a stride may be negative, but not zero"),
        (
            [3],
            [4],
            [1],
            SliceMasks(shrink_axis=1),
            "got index 3 into a dimension of 3; one inside it was wanted",
        ),
        ([0] * 3, [1] * 3, [1] * 3, SliceMasks(), "got 3 slice entries for 2 dimensions"),
        ([0] * 2, [1] * 2, [1] * 2, SliceMasks(ellipsis=0b11), "at most one ellipsis was wanted"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    begin: list[int], end: list[int], strides: list[int], masks: SliceMasks, message: str
) -> None:
    with pytest.raises(GraphError, match=message):
        resolve((3, 4), begin, end, strides, masks)
