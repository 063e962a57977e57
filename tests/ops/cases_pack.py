"""Cases of PACK and UNPACK."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType
from netsuke.ops.pack import Pack, Unpack
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of


def cases() -> Iterator[Case]:
    """Every axis of every rank, scalars included, one to three sheets."""
    for dtype, shape, count in product(ELEMENT_TYPES, ((), (4,), (2, 3), (1, 3, 2), (2, 1, 3, 2)), (1, 3)):
        for axis in range(len(shape) + 1):
            sheets = [of(shape, dtype)] * count
            stack = of((*shape[:axis], count, *shape[axis:]), dtype)
            name = f"{dtype.value}-{'x'.join(map(str, shape)) or 'scalar'}-a{axis}-n{count}"
            # TFLite's PACK does not take bool.
            yield one_node(name, "pack", Pack(axis=axis), sheets, [stack], oracle=dtype is not DType.BOOL)
            # TFLite's UNPACK does not take int64.
            yield one_node(
                name, "unpack", Unpack(axis=axis), [stack], sheets, oracle=dtype is not DType.INT64
            )
