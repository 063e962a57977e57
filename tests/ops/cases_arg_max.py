"""Cases of ARG_MAX."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType
from netsuke.ops.arg_max import ArgMax
from tests.ops.case import Case, one_node
from tests.ops.element_types import of

SHAPES = ((10,), (1,), (3, 4), (2, 3, 5), (1, 4, 4, 6), (2, 1, 3, 2, 2))


def cases() -> Iterator[Case]:
    """Every axis of every shape, both types of index; a row of equals."""
    for dtype in (DType.INT8, DType.FLOAT32):
        for to in (DType.INT32, DType.INT64):
            for shape in SHAPES:
                for axis in range(len(shape)):
                    y = of(shape[:axis] + shape[axis + 1 :], to)
                    name = f"{dtype.value}-{to.value}-{'x'.join(map(str, shape))}-axis{axis}"
                    yield one_node(name, "arg_max", ArgMax(axis=axis), [of(shape, dtype)], [y])
            ties = np.tile(np.array([1, 3, 3, 2, 3], dtype.numpy), (4, 1))
            x, y = of(ties.shape, dtype), of((4,), to)
            yield one_node(f"{dtype.value}-{to.value}-ties", "arg_max", ArgMax(axis=1), [(x, ties)], [y])
