"""LOG_SOFTMAX of float32 over the last dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.float_functions import log_f32
from netsuke.ops.float_math import exp_f32
from netsuke.ops.operator import Operator, Site, dtypes_of
from netsuke.ops.softmax import SoftmaxF32Args, depth_of, rows_of
from netsuke.ops.unary import NoArgs, infer, unary_kernel


def has_rows(site: Site[NoArgs]) -> str | None:
    """The input has a dimension."""
    return None if site.x().shape else "a single number"


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::LogSoftmax: x - max - log(sum of exp(x - max)), sums from left to right."""
    x = values[0]
    assert x is not None
    rows = x.reshape(-1, x.shape[-1])
    with np.errstate(all="ignore"):
        highest = rows.max(axis=1, keepdims=True)
        total = np.add.accumulate(exp_f32(rows - highest), axis=1, dtype=np.float32)[:, -1:]
        result = rows - highest - log_f32(total)
    del site
    return (result.reshape(x.shape),)


def args_of(site: Site[NoArgs]) -> SoftmaxF32Args:
    """The struct of the kernel."""
    return SoftmaxF32Args(rows=rows_of(site), depth=depth_of(site), beta=1.0)  # type: ignore[arg-type]


LOG_SOFTMAX = Operator(
    name="log_softmax",
    tflite=("LOG_SOFTMAX",),
    summary="logarithm of the softmax along the last dimension",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(dtypes_of(DType.FLOAT32), has_rows),
    kernels=(unary_kernel("nk_log_softmax_f32", DType.FLOAT32, DType.FLOAT32, SoftmaxF32Args, args_of),),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (LOG_SOFTMAX,)
