"""LOOKUP: any function of one 8-bit number, as the 256 results that it has.

What several operators do to one number is one table: `lower.fuse_functions` finds such runs and works the table out by
the operators' own references.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.geometry import Window
from netsuke.ops.operator import Operator, Site
from netsuke.ops.rows import ELEMENTWISE, SINGLE, is_image
from netsuke.ops.unary import BYTES, NoArgs, infer, lookup_kernels

TABLE = 1
"""The operand that holds the results."""
SIZE = 256


def bytes_alone(site: Site[NoArgs]) -> str | None:
    """Input and output are int8 or uint8."""
    x, y = site.x().dtype, site.y().dtype
    return None if x in BYTES and y in BYTES else f"{x.value} to {y.value}"


def a_table(site: Site[NoArgs]) -> str | None:
    """The table is constant: 256 results of the output's type, that of the input's lowest value first."""
    table = site.x(TABLE)
    fits = table.data is not None and table.shape == (SIZE,) and table.dtype is site.y().dtype
    return (
        None
        if fits
        else f"{table.dtype.value}{list(table.shape)}{'' if table.data is not None else ', computed'}"
    )


def found(site: Site[Any], x: Array) -> Array:
    """The results of stored values."""
    result: Array = site.constant(TABLE)[x.astype(np.int64) - site.x().dtype.range[0]]
    return result


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """Element by element."""
    x = values[0]
    assert x is not None
    return (found(site, x),)


def by_rows(site: Site[Any]) -> Window | None:
    """The table is read for every element, whatever the row."""
    shape = site.y().shape
    return replace(SINGLE, size=shape[1]) if is_image(shape) else None


LOOKUP = Operator(
    name="lookup",
    tflite=(),
    summary="any function of one 8-bit number, from a table",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(bytes_alone, a_table),
    rows=replace(ELEMENTWISE, window=by_rows),
    kernels=lookup_kernels(found),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (LOOKUP,)
