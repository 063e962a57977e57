"""Fused activations as ranges: what TFLite attaches to a convolution is a clamp on stored values."""

from __future__ import annotations

from enum import Enum

import numpy as np

from netsuke.ir import Array, DType, TensorType
from netsuke.ops.fixed_point import round_half_away

Clamp = tuple[float, float]
"""(low, high) in stored values, both included; whole numbers for integer tensors."""

FLOAT32_MAX = float(np.finfo(np.float32).max)


class Activation(Enum):
    """TFLite's ActivationFunctionType, those that are clamps; the value is the real range."""

    NONE = (-np.inf, np.inf)
    RELU = (0.0, np.inf)
    RELU_N1_TO_1 = (-1.0, 1.0)
    RELU6 = (0.0, 6.0)


def clamp_of(activation: Activation, y: TensorType) -> Clamp | None:
    """The range of stored values that the activation leaves; None when it leaves all.

    float32: real values, infinities as the largest finite float, as TFLite's kernels have them.
    """
    if activation is Activation.NONE:
        return None
    low, high = activation.value
    if y.dtype is DType.FLOAT32:
        return max(low, -FLOAT32_MAX), min(high, FLOAT32_MAX)
    lowest, highest = y.dtype.range
    return (
        max(lowest, stored(low, y)) if np.isfinite(low) else lowest,
        min(highest, stored(high, y)) if np.isfinite(high) else highest,
    )


def stored(real: float, y: TensorType) -> int:
    """A real number in the tensor's scale, unclamped: zero_point + round(real / scale), the division in float32."""
    return y.zero_point + round_half_away(float(np.float32(real) / np.float32(y.scale)))


def full_clamp(clamp: Clamp | None, y: TensorType) -> Clamp:
    """The clamp, or the whole range of the type where there is none."""
    if clamp is not None:
        return clamp
    return (-FLOAT32_MAX, FLOAT32_MAX) if y.dtype is DType.FLOAT32 else y.dtype.range


def apply_clamp(y: Array, clamp: Clamp | None) -> Array:
    """Clips to the range, in the array's own type (int64 accumulators included)."""
    return y if clamp is None else np.clip(y, y.dtype.type(clamp[0]), y.dtype.type(clamp[1]))
