"""Element types for the operators that move data and never look at it."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.ir import DType, TensorType
from tests.ops.case import tensor_type

ELEMENT_TYPES = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.UINT8, DType.INT64, DType.BOOL)
"""Every size of an element, the usual types first."""

QUANTIZATIONS = {DType.INT8: (0.05, -11), DType.UINT8: (0.05, 117), DType.INT16: (0.001, 0)}


def of(shape: Sequence[int], dtype: DType) -> TensorType:
    """A tensor of the type, quantised where TFLite's tensors of that type are."""
    scale, zero_point = QUANTIZATIONS.get(dtype, (None, 0))
    return tensor_type(shape, dtype, scale, zero_point)
