"""Cases of TRANSPOSE."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

from netsuke.ir import DType
from netsuke.ops.transpose import Transpose
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of


def transpose_case(shape: tuple[int, ...], perm: tuple[int, ...], dtype: DType) -> Case:
    """A case from its input shape."""
    result = of([shape[axis] for axis in perm], dtype)
    name = f"{dtype.value}-{'x'.join(map(str, shape))}-p{''.join(map(str, perm))}"
    return one_node(name, "transpose", Transpose(perm=perm), [of(shape, dtype)], [result])


def cases() -> Iterator[Case]:
    """Every permutation up to rank 4 for int8; the usual ones for every element type; rank 5 and 6."""
    for shape in ((4,), (3, 4), (2, 3, 4), (2, 3, 4, 5), (1, 3, 1, 2)):
        for perm in permutations(range(len(shape))):
            yield transpose_case(shape, perm, DType.INT8)
    usual = ((1, 0), (0, 2, 1), (0, 3, 1, 2), (0, 2, 3, 1), (2, 0, 3, 1))
    for dtype, perm in product(ELEMENT_TYPES[1:], usual):
        yield transpose_case((2, 3, 4, 5)[: len(perm)], perm, dtype)
    for dtype in (DType.INT8, DType.INT16, DType.FLOAT32):
        for perm in ((4, 3, 2, 1, 0), (0, 4, 2, 3, 1)):
            yield transpose_case((2, 3, 2, 3, 2), perm, dtype)
        for perm in ((5, 4, 3, 2, 1, 0), (0, 2, 4, 1, 3, 5), (5, 0, 1, 2, 3, 4)):
            yield transpose_case((2, 3, 2, 2, 3, 2), perm, dtype)
