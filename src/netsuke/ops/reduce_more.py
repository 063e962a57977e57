"""REDUCE_MIN and REDUCE_PROD of float32 over any dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.reduce import Reduce, ReduceArgs, axes_fit, infer, kernel_for, loops, rows


def min_reference(site: Site[Reduce], values: Sequence[Array | None]) -> tuple[Array]:
    """The smallest element, from infinity down; see max_reference in `reduce`."""
    x = values[0]
    assert x is not None
    elements = rows(site, x)
    best = np.full(elements.shape[0], np.inf, dtype=np.float32)
    for column in elements.T:
        best = np.where(column < best, column, best)
    return (best.reshape(site.y().shape),)


def prod_reference(site: Site[Reduce], values: Sequence[Array | None]) -> tuple[Array]:
    """Multiplied in order, starting from 1."""
    x = values[0]
    assert x is not None
    elements = rows(site, x)
    total = np.ones(elements.shape[0], dtype=np.float32)
    with np.errstate(all="ignore"):
        for column in elements.T:
            total = total * column
    return (total.reshape(site.y().shape),)


REDUCE_MIN = Operator(
    name="reduce_min",
    tflite=("REDUCE_MIN",),
    summary="minimum over dimensions",
    args=Reduce,
    infer=infer,
    reference=min_reference,
    constraints=(dtypes_of(DType.FLOAT32), axes_fit),
    kernels=(kernel_for(DType.FLOAT32, "nk_reduce_min_f32", ReduceArgs, loops),),
)
REDUCE_PROD = Operator(
    name="reduce_prod",
    tflite=("REDUCE_PROD",),
    summary="product over dimensions",
    args=Reduce,
    infer=infer,
    reference=prod_reference,
    constraints=(dtypes_of(DType.FLOAT32), axes_fit),
    kernels=(kernel_for(DType.FLOAT32, "nk_reduce_prod_f32", ReduceArgs, loops),),
)

OPERATORS: tuple[Operator[Reduce], ...] = (REDUCE_MIN, REDUCE_PROD)
