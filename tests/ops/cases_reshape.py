"""Cases of RESHAPE."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ops.reshape import Reshape
from tests.ops.case import Case, one_node
from tests.ops.element_types import ELEMENT_TYPES, of

PAIRS = (
    ((12,), (3, 4)),
    ((3, 4), (12,)),
    ((1, 2, 3, 4), (1, 24)),
    ((2, 3), (2, 3)),
    ((2, 3), (1, 2, 1, 3, 1)),
    ((1, 2, 1, 3, 1), (2, 3)),
    ((1,), ()),
    ((), (1, 1)),
)


def cases() -> Iterator[Case]:
    """Flattening, unflattening, 1s put in and taken out, scalars, for every element type."""
    for dtype, (before, after) in product(ELEMENT_TYPES, PAIRS):
        name = (
            f"{dtype.value}-{'x'.join(map(str, before)) or 'scalar'}to{'x'.join(map(str, after)) or 'scalar'}"
        )
        yield one_node(name, "reshape", Reshape(shape=after), [of(before, dtype)], [of(after, dtype)])
