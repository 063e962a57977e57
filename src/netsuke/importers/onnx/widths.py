"""int8 beside int16: TFLite's integer operators have operands and results of one width, so that the narrow ones widen.

An int8 tensor becomes int16 without loss, at 1/128 of its scale and with zero point 0: that is the only one that
int16 has. A layer whose result is int8 and whose operands are not computes in int16; its QuantizeLinear then
becomes a QUANTIZE.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Coding, Walk
from netsuke.ir import Array, DType, Quantization

WIDER = 128
NO_INT16 = ("hard_swish", "prelu")
"""Operators of ours with an int8 form and no int16 one."""


def widened(q: Quantization) -> Quantization:
    """The int16 quantisation that holds every value of an int8 one."""
    return Quantization.per_tensor(q.scale[0] / WIDER)


def is_wide(walk: Walk, operand: Value | Known) -> bool:
    """Whether a quantised operand is int16."""
    if isinstance(operand, Known):
        return operand.stored is not None and operand.stored.dtype == np.int16
    return walk.builder.type_of(operand).dtype is DType.INT16


def width_of(walk: Walk, coding: Coding, *operands: Value | Known) -> Coding:
    """How the operator's result is stored: as wanted, or in int16 where only an operand is that."""
    wide = any(is_wide(walk, operand) for operand in operands)
    if not wide or coding.dtype is DType.INT16:
        return coding
    return Coding(dtype=DType.INT16, quantization=widened(coding.quantization))


def as_wide(walk: Walk, value: Value, coding: Coding) -> Value:
    """A quantised operand in the width of the result."""
    kind = walk.builder.type_of(value)
    if coding.dtype is not DType.INT16 or kind.dtype is DType.INT16 or kind.quantization is None:
        return value
    return walk.builder.quantized(value, DType.INT16, widened(kind.quantization))


def constant_as_wide(known: Known, coding: Coding) -> Known:
    """The same for a constant."""
    stored, q = known.stored, known.quantization
    if coding.dtype is not DType.INT16 or stored is None or q is None or stored.dtype != np.int8:
        return known
    whole: Array = (stored.astype(np.int32) - q.zero_point[0]) * WIDER
    return replace(known, stored=whole.astype(np.int16), quantization=widened(q))


def check_int16(node: OnnxNode, op: str, coding: Coding | None) -> None:
    """Holds an operator against the width of its operands.

    Raises:
        Refusal: when it is int16, which the operator has no form for.
    """
    if coding is not None and coding.dtype is DType.INT16 and op in NO_INT16:
        raise Refusal(
            node, "it is between int16 tensors and is compiled for int8 and float32 only: quantise it to int8, "
            "or leave it in floating point",
        )  # fmt: skip
