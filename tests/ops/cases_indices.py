"""Cases of comparisons, SELECT_V2, CAST, GATHER and TILE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType
from netsuke.ops.broadcast import broadcast_shape
from netsuke.ops.cast import PAIRS as CASTS
from netsuke.ops.compare import LOGIC, RELATIONS
from netsuke.ops.gather import Gather
from netsuke.ops.tile import Tile
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.shape_pairs import PAIRS, pair_id

FEW = (*PAIRS[:9], PAIRS[-3])
"""TFLite compares up to four dimensions."""


def relations() -> Iterator[Case]:
    for op in (*RELATIONS, *LOGIC):
        for dtype in (DType.BOOL,) if op in LOGIC else (DType.FLOAT32, DType.INT32):
            for shapes in FEW:
                x0, x1 = (tensor_type(shape, dtype) for shape in shapes)
                y = tensor_type(broadcast_shape(*shapes), DType.BOOL)
                yield one_node(f"{dtype.value}-{pair_id(shapes)}", op, NoArgs(), [x0, x1], [y])
            if op not in LOGIC:
                random = np.random.default_rng(3)
                a, b = random.integers(-2, 3, (2, 64)).astype(dtype.numpy)
                kind, y = tensor_type((64,), dtype), tensor_type((64,), DType.BOOL)
                yield one_node(f"{dtype.value}-ties", op, NoArgs(), [(kind, a), (kind, b)], [y])
    for shape in ((7,), (2, 3, 5)):
        kind = tensor_type(shape, DType.BOOL)
        yield one_node("x".join(map(str, shape)), "logical_not", NoArgs(), [kind], [kind])


def choices() -> Iterator[Case]:
    shapes = (
        ((2, 3, 4), (2, 3, 4), (2, 3, 4)), ((1, 3, 1), (2, 3, 4), (1,)), ((2, 1, 4), (1,), (3, 1)),
        ((5,), (4, 5), (4, 1)), ((1,), (2, 2), (2, 2)), ((2, 1, 3, 1), (1, 4, 1, 2), (2, 4, 3, 2)),
    )  # fmt: skip
    for dtype in (DType.FLOAT32, DType.INT32, DType.INT8):
        for three in shapes:
            kinds = [tensor_type(s, d) for s, d in zip(three, (DType.BOOL, dtype, dtype), strict=True)]
            y = tensor_type(np.broadcast_shapes(*three), dtype)
            label = "-".join("x".join(map(str, s)) for s in three)
            yield one_node(f"{dtype.value}-{label}", "select_v2", NoArgs(), kinds, [y])


def casts() -> Iterator[Case]:
    for x, y in CASTS:
        for shape in ((9,), (2, 3, 5)):
            kinds = tensor_type(shape, x), tensor_type(shape, y)
            yield one_node(f"{x.value}-{y.value}-{len(shape)}", "cast", NoArgs(), [kinds[0]], [kinds[1]])
    # Beyond int32 LiteRT's result is undefined.
    data = np.array([2.0**31, -(2.0**31), 3e9, -3e9, np.inf, -np.inf, 2147483520.0, -0.0], np.float32)
    kinds = tensor_type(data.shape, DType.FLOAT32), tensor_type(data.shape, DType.INT32)
    yield one_node("beyond", "cast", NoArgs(), [(kinds[0], data)], [kinds[1]], oracle=False)


def gathers() -> Iterator[Case]:
    random = np.random.default_rng(5)
    for dtype in (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL):
        for shape, axis, count in (
            ((5,), 0, (3,)),
            ((4, 3), 0, (2, 2)),
            ((2, 5, 3), 1, (7,)),
            ((2, 3, 4), 2, ()),
        ):
            x = tensor_type(shape, dtype)
            indices = random.integers(0, shape[axis], count).astype(np.int32)
            y = tensor_type((*shape[:axis], *count, *shape[axis + 1 :]), dtype)
            operand = (tensor_type(count, DType.INT32), np.asarray(indices))
            label = f"{dtype.value}-{'x'.join(map(str, shape))}-a{axis}-{len(count)}"
            yield one_node(label, "gather", Gather(axis=axis), [x, operand], [y])
    # Computed indices reach outside, which LiteRT refuses.
    x, indices = tensor_type((6, 5), DType.FLOAT32), tensor_type((4,), DType.INT32)
    y = tensor_type((4, 5), DType.FLOAT32)
    yield one_node("computed", "gather", Gather(axis=0), [x, indices], [y], oracle=False)


def tiles() -> Iterator[Case]:
    for dtype in (DType.INT8, DType.INT32, DType.FLOAT32):
        for shape, multiples in (
            ((5,), (3,)), ((2, 3), (2, 2)), ((1, 4), (5, 1)), ((2, 1, 3), (1, 4, 1)), ((2, 3, 2), (2, 1, 3)),
        ):  # fmt: skip
            x = tensor_type(shape, dtype)
            y = tensor_type([n * d for n, d in zip(multiples, shape, strict=True)], dtype)
            label = f"{dtype.value}-{'x'.join(map(str, shape))}-{'x'.join(map(str, multiples))}"
            # LiteRT has no int8 here.
            yield one_node(label, "tile", Tile(multiples=multiples), [x], [y], oracle=dtype is not DType.INT8)


def cases() -> Iterator[Case]:
    """Truth values, conversions, and moves by index."""
    yield from relations()
    yield from choices()
    yield from casts()
    yield from gathers()
    yield from tiles()
