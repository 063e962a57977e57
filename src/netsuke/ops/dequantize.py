"""DEQUANTIZE: integers to float32. float16 constants are converted by the importer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.kernel import KernelArgs
from netsuke.ops.operator import Operator, Site
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import NoArgs, infer, int16_is_symmetric, unary_kernel
from netsuke.ops.wide_lookup import wide_lookup_kernel

INTEGERS = (DType.INT8, DType.UINT8, DType.INT16)


@dataclass(frozen=True, slots=True, kw_only=True)
class DequantizeArgs(KernelArgs):
    """y = scale * (x - zero_point)."""

    c_name: ClassVar[str] = "nk_dequantize_args"
    count: int
    scale: float
    zero_point: int


def types_convert(site: Site[NoArgs]) -> str | None:
    """int8, uint8 or int16 to float32; int16 with zero point 0."""
    x, y = site.x().dtype, site.y().dtype
    if x not in INTEGERS or y is not DType.FLOAT32:
        return f"{x.value} to {y.value}"
    return int16_is_symmetric(site) if x is DType.INT16 else None


def has_scale(site: Site[NoArgs]) -> str | None:
    """The input is quantised, per tensor or per channel."""
    return None if site.x().quantization is not None else "no quantisation"


def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_integer_ops::Dequantize and PerChannelDequantize.

    TFLite multiplies in double and rounds once: the product of a float32 scale and a 17-bit integer is exact
    there, so that one float32 multiplication gives the same.
    """
    x, q = values[0], site.x().quantization
    assert x is not None
    assert q is not None
    shape = [1] * x.ndim
    if q.axis is not None:
        shape[q.axis] = -1
    scale = np.array(q.scale, np.float32).reshape(shape)
    zero_point = np.array(q.zero_point, np.int32).reshape(shape)
    return ((scale * (x.astype(np.int32) - zero_point).astype(np.float32)).reshape(x.shape),)


def args_of(site: Site[NoArgs]) -> DequantizeArgs:
    """The struct of all kernels."""
    return DequantizeArgs(count=site.y().elements, scale=site.x().scale, zero_point=site.x().zero_point)


def per_tensor(site: Site[NoArgs]) -> bool:
    """Per-channel tensors are constants, dequantised at build time."""
    q = site.x().quantization
    return q is not None and not q.per_channel


def of_tensor(site: Site[NoArgs], x: Array) -> Array:
    """Stored values of a tensor with one scale as numbers."""
    found: Array = np.float32(site.x().scale) * (x.astype(np.int32) - site.x().zero_point).astype(np.float32)
    return found


LOOKUP = wide_lookup_kernel("nk_lookup_8_f32", of_tensor, DType.FLOAT32)

DEQUANTIZE = Operator(
    name="dequantize",
    tflite=("DEQUANTIZE",),
    summary="integers to float32",
    args=NoArgs,
    infer=infer,
    reference=reference,
    constraints=(types_convert, has_scale),
    rows=ELEMENTWISE,
    kernels=(
        replace(LOOKUP, accepts=lambda site: per_tensor(site) and LOOKUP.accepts(site)),
        *(
            unary_kernel(f"nk_dequantize_{suffix}", dtype, DType.FLOAT32, DequantizeArgs, args_of, per_tensor)
            for suffix, dtype in (("s8", DType.INT8), ("u8", DType.UINT8), ("s16", DType.INT16))
        ),
    ),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (DEQUANTIZE,)
