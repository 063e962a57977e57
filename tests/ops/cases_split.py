"""Cases of SPLIT and SPLIT_V."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType
from netsuke.ops.split import Split
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of


def split_case(shape: tuple[int, ...], axis: int, sizes: tuple[int, ...], dtype: DType) -> Case:
    """A case from the input's shape, its size along the axis replaced by the sum of the parts."""
    x = of((*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype)
    results = [of((*shape[:axis], size, *shape[axis + 1 :]), dtype) for size in sizes]
    name = f"{dtype.value}-{'x'.join(map(str, x.shape))}-a{axis}-{'+'.join(map(str, sizes))}"
    # TFLite's SPLIT and SPLIT_V do not take bool.
    oracle = dtype is not DType.BOOL
    return one_node(name, "split", Split(axis=axis, sizes=sizes), [x], results, oracle=oracle)


def cases() -> Iterator[Case]:
    """Every axis of every rank, one to four parts of equal and of different sizes."""
    for dtype, shape in product(ELEMENT_TYPES, ((3,), (2, 3), (2, 3, 4), (1, 2, 3, 4))):
        for axis in range(len(shape)):
            for sizes in ((2, 2), (1, 3, 2)):
                yield split_case(shape, axis, sizes, dtype)
    for axis in range(4):
        yield split_case((2, 2, 2, 2), axis, (1, 1, 1, 1), DType.INT8)
        yield split_case((1, 5, 1, 7), axis, (4,), DType.INT8)
    for axis in range(5):
        yield split_case((2, 1, 3, 2, 2), axis, (2, 1), DType.INT16)
