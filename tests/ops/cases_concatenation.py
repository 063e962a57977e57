"""Cases of CONCATENATION."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType
from netsuke.ops.concatenation import Concatenation
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of


def concatenation_case(shape: tuple[int, ...], axis: int, sizes: tuple[int, ...], dtype: DType) -> Case:
    """A case from the shape of a part, its size along the axis replaced."""
    operands = [of((*shape[:axis], size, *shape[axis + 1 :]), dtype) for size in sizes]
    result = of((*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype)
    name = f"{dtype.value}-{'x'.join(map(str, shape))}-a{axis}-{'+'.join(map(str, sizes))}"
    return one_node(name, "concatenation", Concatenation(axis=axis), operands, [result])


def cases() -> Iterator[Case]:
    """Every axis of every rank, one to five inputs of equal and of different sizes."""
    for dtype, shape in product(ELEMENT_TYPES, ((3,), (2, 3), (2, 3, 4), (1, 2, 3, 4))):
        for axis in range(len(shape)):
            for sizes in ((2, 2), (1, 3, 2)):
                yield concatenation_case(shape, axis, sizes, dtype)
    for axis in range(4):
        yield concatenation_case((2, 2, 2, 2), axis, (1, 1, 1, 1, 1), DType.INT8)
        yield concatenation_case((1, 5, 1, 7), axis, (4,), DType.INT8)
    for axis in range(5):
        yield concatenation_case((2, 1, 3, 2, 2), axis, (2, 1), DType.INT16)
