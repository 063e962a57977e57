"""Cases of MAXIMUM and MINIMUM."""

from __future__ import annotations

from collections.abc import Iterator

from netsuke.ir import DType
from netsuke.ops.broadcast import broadcast_shape
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.cases_arithmetic import constant_of
from tests.ops.element_types import of
from tests.ops.shape_pairs import PAIRS, pair_id

TYPES = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """Every pair of shapes in every type, computed and constant; scales that differ."""
    for op in ("maximum", "minimum"):
        for dtype in TYPES:
            for shapes in PAIRS:
                x0, x1 = (of(shape, dtype) for shape in shapes)
                y = of(broadcast_shape(*shapes), dtype)
                name = f"{dtype.value}-{pair_id(shapes)}"
                yield one_node(name, op, NoArgs(), [x0, x1], [y])
                yield one_node(
                    f"{name}-constant", op, NoArgs(), [x0, (x1, constant_of(shapes[1], dtype))], [y]
                )
        kinds = [
            tensor_type((31,), DType.INT8, scale, point) for scale, point in ((0.1, 3), (0.2, -5), (0.1, 3))
        ]
        yield one_node("int8-scales-differ", op, NoArgs(), kinds[:2], kinds[2:])
