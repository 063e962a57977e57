"""Cases of RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType
from netsuke.ops.resize import Resize
from tests.ops.case import Case, one_node
from tests.ops.element_types import of

ALIGNMENTS = ((False, False), (True, False), (False, True))
SIZES = (
    ((2, 2), (4, 4)),
    ((3, 5), (6, 10)),
    ((3, 5), (7, 4)),
    ((4, 4), (2, 2)),
    ((5, 7), (3, 3)),
    ((1, 1), (3, 2)),
    ((4, 6), (1, 1)),
    ((3, 3), (3, 3)),
    ((2, 3), (11, 13)),
    ((7, 1), (5, 9)),
)


def resize_case(
    op: str,
    shape: tuple[int, int, int, int],
    size: tuple[int, int],
    alignment: tuple[bool, bool],
    dtype: DType,
) -> Case:
    """A case from its input's shape."""
    args = Resize(size=size, align_corners=alignment[0], half_pixel_centers=alignment[1])
    y = of((shape[0], *size, shape[3]), dtype)
    name = f"{dtype.value}-{'x'.join(map(str, shape))}to{size[0]}x{size[1]}"
    name += ("-corners" if alignment[0] else "") + ("-centers" if alignment[1] else "")
    return one_node(name, op, args, [of(shape, dtype)], [y])


def cases() -> Iterator[Case]:
    """Larger and smaller images by whole and odd factors, every alignment, every type that TFLite has."""
    nearest = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)
    for (before, after), alignment in product(SIZES, ALIGNMENTS):
        for dtype in nearest:
            shape = (1, *before, 3)
            yield resize_case("resize_nearest_neighbor", shape, after, alignment, dtype)
        for dtype in (DType.INT8, DType.INT16, DType.FLOAT32):
            yield resize_case("resize_bilinear", (1, *before, 3), after, alignment, dtype)
    for op, alignment in product(("resize_nearest_neighbor", "resize_bilinear"), ALIGNMENTS):
        yield resize_case(op, (2, 3, 4, 2), (5, 5), alignment, DType.INT8)
    for before, after in SIZES:
        yield resize_case("resize_nearest_neighbor", (1, *before, 2), after, (True, True), DType.INT8)
