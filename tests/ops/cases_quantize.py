"""Cases of QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type

INT8, UINT8, INT16, FLOAT32 = DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32
INTEGERS = (INT8, UINT8, INT16)
SHAPES = ((1,), (1, 5, 3, 7), (2, 19), ())
SCALES = (1.0, 0.5, 0.0235, 0.1, 3e-3, 7.0)
POINTS = {INT8: (0, -128, 127, 5), UINT8: (128, 0, 255, 99), INT16: (0, 0, -32768, 1234)}


def ties() -> np.ndarray:
    """Multiples of a half and their float32 neighbours, beyond int8 on both sides."""
    halves = (np.arange(-300, 301) / 2).astype(np.float32)
    return np.concatenate(
        [halves, np.nextafter(halves, np.float32(-np.inf)), np.nextafter(halves, np.float32(np.inf))]
    )


def from_floats() -> Iterator[Case]:
    for to in INTEGERS:
        for i, scale in enumerate(SCALES):
            for k, point in enumerate(POINTS[to]):
                y = tensor_type((211,), to, scale, point)
                yield one_node(
                    f"float32-{to.value}-{i}-{k}", "quantize", NoArgs(), [tensor_type((211,), FLOAT32)], [y]
                )
        for shape in SHAPES:
            x, y = tensor_type(shape, FLOAT32), tensor_type(shape, to, 0.04, 3)
            yield one_node(f"float32-{to.value}-{shape}", "quantize", NoArgs(), [x], [y])
        values = ties()
        for scale in (1.0, 0.25):
            x, y = tensor_type(values.shape, FLOAT32), tensor_type(values.shape, to, scale, 3)
            constant = values * np.float32(scale)
            yield one_node(f"float32-{to.value}-ties-{scale}", "quantize", NoArgs(), [(x, constant)], [y])


def beyond_int32() -> Iterator[Case]:
    """Floats that no int32 holds saturate, and a NaN becomes the lowest value."""
    values = np.array([np.inf, 3e38, 1e10, 2.0**31, -np.inf, -3e38, -1e10, np.nan], np.float32)
    for to in INTEGERS:
        x, y = tensor_type(values.shape, FLOAT32), tensor_type(values.shape, to, 0.5, POINTS[to][0])
        # LiteRT converts them to int32 unchecked, which C++ leaves undefined.
        yield one_node(f"float32-{to.value}-beyond", "quantize", NoArgs(), [(x, values)], [y], oracle=False)


def between_integers() -> Iterator[Case]:
    ratios = (
        (0.1, 0.1),
        (0.1, 0.2),
        (0.2, 0.1),
        (0.0471, 0.0235),
        (1e-3, 1.0),
        (1.0, 1e-3),
        (1.0, 256.0),
        (1.0, 1.7),
    )
    for of in INTEGERS:
        for to in INTEGERS:
            if (of, to) == (INT16, UINT8):
                continue
            for i, (sx, sy) in enumerate(ratios):
                for k, (zx, zy) in enumerate(zip(POINTS[of], reversed(POINTS[to]), strict=True)):
                    pair = (0, 0) if (of, to) == (INT16, INT16) else (zx, zy)
                    if pair == (0, 0) and k:
                        continue
                    x, y = tensor_type((3, 85), of, sx, pair[0]), tensor_type((3, 85), to, sy, pair[1])
                    yield one_node(f"{of.value}-{to.value}-{i}-{k}", "quantize", NoArgs(), [x], [y])
    for of, to, zx, zy in ((INT8, UINT8, -3, 125), (UINT8, INT8, 125, -3), (INT8, INT8, 4, 4)):
        x, y = tensor_type((256,), of, 0.1, zx), tensor_type((256,), to, 0.1, zy)
        every = np.arange(256, dtype=np.uint8).view(of.numpy)
        yield one_node(f"{of.value}-{to.value}-same-scale", "quantize", NoArgs(), [(x, every)], [y])


def to_floats() -> Iterator[Case]:
    for of in INTEGERS:
        for i, scale in enumerate((*SCALES, 1e-9, 1234.567)):
            for k, point in enumerate(POINTS[of]):
                if of is INT16 and k:
                    continue
                x = tensor_type((211,), of, scale, point)
                yield one_node(
                    f"{of.value}-{i}-{k}", "dequantize", NoArgs(), [x], [tensor_type((211,), FLOAT32)]
                )
        for shape in SHAPES:
            x, y = tensor_type(shape, of, 0.04, 0), tensor_type(shape, FLOAT32)
            yield one_node(f"{of.value}-{shape}", "dequantize", NoArgs(), [x], [y])


def cases() -> Iterator[Case]:
    """Types, scales, zero points, ties."""
    yield from from_floats()
    yield from beyond_int32()
    yield from between_integers()
    yield from to_floats()
