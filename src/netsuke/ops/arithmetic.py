"""What ADD, SUB and MUL share: operand rules, the float32 form, and storing wide results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.activation import apply_clamp, full_clamp
from netsuke.ops.broadcast import RowsArgs, rows_of
from netsuke.ops.float_math import clamp_f32
from netsuke.ops.operator import Site, dtypes_of

ARITHMETIC_TYPES = dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32, inputs=(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArithmeticF32Args(RowsArgs):
    """The range that results are clamped to."""

    c_name: ClassVar[str] = "nk_arithmetic_f32_args"
    clamp_low: float
    clamp_high: float


def int16_is_symmetric(site: Site[Any]) -> str | None:
    """int16 tensors have zero point 0."""
    if site.y().dtype is not DType.INT16:
        return None
    points = site.x(0).zero_point, site.x(1).zero_point, site.y().zero_point
    return None if not any(points) else f"zero points {points}"


def operands(values: Sequence[Array | None]) -> tuple[Array, Array]:
    """Both operands."""
    x0, x1 = values[0], values[1]
    assert x0 is not None
    assert x1 is not None
    return x0, x1


def stored(site: Site[Any], y: Array) -> Array:
    """Wide integers clamped to the output's range and narrowed to its type."""
    return apply_clamp(y, full_clamp(site.args.clamp, site.y())).astype(site.y().dtype.numpy)


def float_reference(
    site: Site[Any], operation: Callable[[Array, Array], Array], x0: Array, x1: Array
) -> Array:
    """One float32 operation, then the clamp; overflow ends at the largest finite float, as TFLite has it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return clamp_f32(operation(x0, x1), full_clamp(site.args.clamp, site.y()))


def f32_args(site: Site[Any]) -> ArithmeticF32Args:
    """The struct of the float32 kernels."""
    low, high = full_clamp(site.args.clamp, site.y())
    return ArithmeticF32Args(**rows_of(site), clamp_low=low, clamp_high=high)
