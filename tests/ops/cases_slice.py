"""Cases of STRIDED_SLICE and SLICE."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType
from netsuke.ops.slice import StridedSlice
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of

Part = tuple[int, int, int]


def slice_case(
    shape: tuple[int, ...], parts: tuple[Part, ...], dtype: DType, shrink: tuple[int, ...] = ()
) -> Case:
    """A case from (begin, end, stride) of every dimension."""
    begin, end, strides = (tuple(part[i] for part in parts) for i in range(3))
    args = StridedSlice(begin=begin, end=end, strides=strides, shrink_axes=shrink)
    taken = [len(range(*part)) for axis, part in enumerate(parts) if axis not in shrink]
    text = ",".join(f"{first}:{last}:{step}" for first, last, step in parts)
    name = f"{dtype.value}-{'x'.join(map(str, shape))}-[{text}]"
    name += f"-drop{''.join(map(str, shrink))}" if shrink else ""
    return one_node(name, "strided_slice", args, [of(shape, dtype)], [of(taken, dtype)])


def cases() -> Iterator[Case]:
    """Positive and negative strides along each dimension, dropped dimensions, all element types."""
    for part in ((0, 9, 1), (2, 7, 1), (0, 9, 2), (1, 9, 3), (8, -1, -1), (7, 1, -2), (8, -1, -4), (4, 5, 1)):
        yield slice_case((9,), (part,), DType.INT8)
        yield slice_case((9,), (part,), DType.FLOAT32)
    along = ((0, 4, 1), (1, 3, 1), (0, 4, 2), (3, -1, -1), (2, 3, 1))
    for parts in product(along, repeat=3):
        yield slice_case((4, 4, 4), parts, DType.INT8)
    for dtype in ELEMENT_TYPES:
        for parts in (
            ((0, 1, 1), (1, 4, 1), (0, 3, 1), (0, 2, 1)),
            ((0, 1, 1), (0, 4, 2), (0, 3, 2), (0, 2, 1)),
            ((0, 1, 1), (3, -1, -2), (2, -1, -1), (1, -1, -1)),
        ):
            yield slice_case((1, 4, 3, 2), parts, dtype)
    for dtype, shrink in product(
        (DType.INT8, DType.INT16, DType.FLOAT32), ((0,), (1,), (0, 1), (2,), (0, 1, 2))
    ):
        yield slice_case((1, 3, 4), ((0, 1, 1), (2, 3, 1), (1, 2, 1)), dtype, shrink)
    yield slice_case((2, 3, 2, 3, 4), ((1, -1, -1), (0, 3, 2), (0, 2, 1), (2, -1, -2), (1, 4, 2)), DType.INT8)
