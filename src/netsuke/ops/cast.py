"""CAST: the same numbers as another element type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Operator, Site
from netsuke.ops.unary import NoArgs, infer, unary_kernel

NAMES = {DType.FLOAT32: "f32", DType.INT32: "s32", DType.BOOL: "bool", DType.INT8: "s8", DType.UINT8: "u8"}
PAIRS = (
    (DType.FLOAT32, DType.INT32),
    (DType.FLOAT32, DType.BOOL),
    (DType.INT32, DType.FLOAT32),
    (DType.INT32, DType.BOOL),
    (DType.BOOL, DType.FLOAT32),
    (DType.BOOL, DType.INT32),
    (DType.INT8, DType.FLOAT32),
    (DType.UINT8, DType.FLOAT32),
)
"""From and to."""


def types_fit(site: Site[NoArgs]) -> str | None:
    """float32, int32 and bool to one another, int8 and uint8 to float32; no tensor with a scale."""
    x, y = site.x(), site.y()
    plain = x.quantization is None and y.quantization is None
    return None if (x.dtype, y.dtype) in PAIRS and plain else f"{x.dtype.value} to {y.dtype.value}"


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """Toward zero; what is beyond int32's range becomes its nearest end, a NaN 0; all but 0 is true."""
    x = values[0]
    assert x is not None
    y = site.y().dtype
    if site.x().dtype is DType.FLOAT32 and y is DType.INT32:
        low, high = y.range
        wide = np.nan_to_num(x.astype(np.float64), nan=0.0, posinf=2.0**40, neginf=-(2.0**40))
        return (np.clip(np.trunc(wide), low, high).astype(np.int32),)
    return (x.astype(y.numpy),)


def kernels() -> tuple[Kernel, ...]:
    """One a pair."""
    return tuple(unary_kernel(f"nk_cast_{NAMES[x]}_{NAMES[y]}", x, y) for x, y in PAIRS)


CAST = Operator(
    name="cast",
    tflite=("CAST",),
    summary="the same numbers as another element type",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(types_fit,),
    kernels=kernels(),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (CAST,)
