"""Cases of BATCH_MATMUL."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType
from netsuke.ops.batch_matmul import BatchMatmul
from tests.ops.case import Case, one_node, tensor_type

Shape = tuple[int, ...]
TYPES = (
    (DType.INT8, DType.INT8),
    (DType.INT16, DType.INT16),
    (DType.INT16, DType.INT8),
    (DType.FLOAT32, DType.FLOAT32),
)
STEPS = {DType.INT8: 50.0, DType.INT16: 12000.0}


def matmul_case(
    x_type: DType,
    w_type: DType,
    x: Shape,
    w: Shape,
    *,
    adj_x: bool = False,
    adj_y: bool = False,
    zeros: tuple[int, int, int] = (0, 0, 0),
    scales: tuple[float, float] = (0.031, 0.0173),
    gain: float = 1.0,
    note: str = "",
) -> Case:
    """`x` and `w` are the shapes as stored."""
    rows, depth = (x[-1], x[-2]) if adj_x else (x[-2], x[-1])
    columns = w[-2] if adj_y else w[-1]
    y = (*np.broadcast_shapes(x[:-2], w[:-2]), rows, columns)
    kinds = (x_type, w_type)
    parts = [f"{x_type.value}x{w_type.value}", "x".join(map(str, x)), "x".join(map(str, w))]
    parts += ["adjx"] if adj_x else []
    parts += ["adjy"] if adj_y else []
    parts += [f"z{'_'.join(map(str, zeros))}"] if any(zeros) else []
    name = "-".join([*parts, note] if note else parts)
    args = BatchMatmul(adj_x=adj_x, adj_y=adj_y)
    if x_type is DType.FLOAT32:
        operands = [tensor_type(x, x_type), tensor_type(w, w_type)]
        return one_node(name, "batch_matmul", args, operands, [tensor_type(y, x_type)])
    spreads = [74.0 if kind is DType.INT8 else 18000.0 for kind in kinds]
    y_scale = scales[0] * scales[1] * spreads[0] * spreads[1] * depth**0.5 / STEPS[x_type] / gain
    operands = [tensor_type(x, x_type, scales[0], zeros[0]), tensor_type(w, w_type, scales[1], zeros[1])]
    return one_node(name, "batch_matmul", args, operands, [tensor_type(y, x_type, y_scale, zeros[2])])


PAIRS: tuple[tuple[Shape, Shape], ...] = (
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((1, 7), (7, 1)),
    ((5, 1), (1, 4)),
    ((2, 3, 4), (2, 4, 5)),
    ((1, 3, 4), (2, 4, 5)),
    ((3, 2, 4), (1, 4, 3)),
    ((2, 4), (3, 4, 2)),
    ((3, 2, 4), (4, 2)),
    ((2, 3, 2, 5), (2, 3, 5, 4)),
    ((2, 1, 2, 5), (1, 3, 5, 4)),
    ((1, 3, 2, 5), (2, 1, 5, 4)),
    ((2, 2, 1, 2, 3), (1, 2, 3, 3, 2)),
    ((3, 17), (17, 9)),
    ((5, 67), (67, 7)),
    ((2, 6, 64), (2, 64, 4)),
    ((4, 42), (42, 3)),
)


def cases() -> Iterator[Case]:
    """Broadcasts and adjoints in every type, then zero points, gains and scales in int8 and int16."""
    for x_type, w_type in TYPES:
        for x, w in PAIRS:
            for adj_x, adj_y in ((False, False), (True, False), (False, True), (True, True)):
                stored_x = (*x[:-2], x[-1], x[-2]) if adj_x else x
                stored_w = (*w[:-2], w[-1], w[-2]) if adj_y else w
                yield matmul_case(x_type, w_type, stored_x, stored_w, adj_x=adj_x, adj_y=adj_y)
    for zeros in ((-128, 127, 0), (127, -128, -128), (3, -7, 127), (-128, -128, 5), (127, 127, -1)):
        yield matmul_case(DType.INT8, DType.INT8, (2, 3, 6), (2, 6, 5), zeros=zeros)
        yield matmul_case(DType.INT8, DType.INT8, (3, 6), (5, 6), zeros=zeros, adj_y=True)
    for kinds in TYPES[:3]:
        for gain in (1e-9, 1e-3, 0.1, 5.0, 40.0):
            yield matmul_case(*kinds, (4, 5), (5, 6), gain=gain, note=f"gain{gain:g}")
        for index in range(25):
            random = np.random.default_rng(index)
            scales = (float(2.0 ** random.uniform(-12, 2)), float(2.0 ** random.uniform(-12, 2)))
            yield matmul_case(
                *kinds,
                (4, 9),
                (9, 6),
                scales=scales,
                gain=float(random.uniform(0.5, 3)),
                note=f"scales{index}",
            )
