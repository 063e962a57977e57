"""Cases of PAD and PADV2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from netsuke.ir import DType, TensorType
from netsuke.ops.pad import Pad
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.element_types import of

TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL)
PLACES: tuple[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], ...] = (
    ((5,), ((2, 0),)),
    ((5,), ((0, 3),)),
    ((2, 3), ((0, 0), (0, 0))),
    ((2, 3), ((1, 2), (3, 0))),
    ((2, 3, 4), ((0, 1), (2, 0), (0, 0))),
    ((1, 4, 5, 3), ((0, 0), (1, 1), (1, 1), (0, 0))),
    ((1, 4, 5, 3), ((0, 0), (0, 1), (0, 1), (0, 0))),
    ((2, 2, 1, 3), ((1, 0), (0, 2), (2, 1), (1, 1))),
    ((1, 1, 1, 1), ((0, 0), (3, 0), (0, 0), (0, 2))),
    ((1, 2, 1, 2, 3), ((0, 0), (1, 0), (0, 2), (0, 0), (1, 1))),
)


def pad_case(x: TensorType, amounts: Sequence[tuple[int, int]], value: float) -> Case:
    """A case from its input's type."""
    shape = [before + size + after for size, (before, after) in zip(x.shape, amounts, strict=True)]
    y = TensorType(shape=tuple(shape), dtype=x.dtype, quantization=x.quantization)
    placed = "".join(f"_{before}.{after}" for before, after in amounts)
    name = f"{x.dtype.value}-{'x'.join(map(str, x.shape))}-{placed[1:]}-v{value:g}"
    if x.quantization is not None:
        name += f"-z{x.zero_point}"
    return one_node(name, "pad", Pad(amounts=tuple(amounts), value=value), [x], [y])


def cases() -> Iterator[Case]:
    """Frames on every side of every rank, with the value that PAD stands for and with others."""
    for dtype, (shape, amounts) in product(TYPES, PLACES):
        x = of(shape, dtype)
        yield pad_case(x, amounts, x.zero_point if x.quantization else 0)
    for value, zero in product((-128, 127, 5), (-128, 0, 127)):
        yield pad_case(tensor_type((1, 3, 2, 2), DType.INT8, 0.1, zero), PLACES[5][1], value)
    for dtype, values in (
        (DType.INT16, (-32768, 32767, -1)),
        (DType.INT32, (-(1 << 31), (1 << 31) - 1, -2)),
        (DType.FLOAT32, (-1.5, 3.25e10, -3.4028234663852886e38)),
        (DType.BOOL, (1,)),
    ):
        for value in values:
            yield pad_case(of((2, 3), dtype), ((1, 2), (0, 1)), value)
