"""How a real number becomes a stored one: ONNX's rule, wherever the importer itself quantises.

QuantizeLinear is saturate(round(x / scale) + zero_point), the quotient in float32 and halves to the even neighbour
(https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html). TFLite rounds halves away from zero, and so does
`ops.activation.stored`, which is for the constants of TFLite files. What the importer quantises itself (a constant,
the bounds of a Clip, the value of a Pad) stands in front of a QuantizeLinear in the file. That is monotone, so that
bounds rounded as it rounds bound exactly what the file bounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.ir import Array, TensorType


def steps_of(real: Array, scale: Array) -> Array:
    """round(real / scale) as float64 whole numbers; the arrays broadcast."""
    with np.errstate(over="ignore"):
        quotient = np.asarray(real, np.float32) / np.asarray(scale, np.float32)
    steps: Array = np.rint(quotient).astype(np.float64)
    return steps


def quantized(real: Array, scale: Array, zero_point: Array, dtype: np.dtype[Any]) -> Array:
    """Real numbers as integers of that type, saturated; the arrays broadcast."""
    limits = np.iinfo(dtype)
    values: Array = np.clip(steps_of(real, scale) + zero_point, limits.min, limits.max).astype(dtype)
    return values


def stored_value(real: float, kind: TensorType) -> int:
    """A real number in the steps of a tensor with one scale and zero point."""
    scale, zero = np.asarray(kind.scale), np.asarray(kind.zero_point)
    return int(quantized(np.asarray(real), scale, zero, kind.dtype.numpy))
