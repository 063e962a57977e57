"""Real numbers ↔ int8: the parameters of the TFLite 8-bit quantisation specification, applied to arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.compress.ranges import Range
from netsuke.errors import InputError
from netsuke.ir import Array, DType, Graph, Quantization, TensorType

LOW, HIGH = DType.INT8.range
STEPS = HIGH - LOW
SYMMETRIC_HIGH = 127
"""Weights use -127..127, so that they are symmetric."""
HIGHEST = {8: SYMMETRIC_HIGH, 4: 7, 2: 1}
"""Bits of a weight → its largest magnitude."""
WIDER = 128
"""An int16 tensor beside an int8 one has 1/128 of its scale: (q - zero_point) * 128 is then exact and fits."""
SMALLEST_SCALE = 1e-30
"""Far below every scale in use, and far above where float32 loses digits."""


def asymmetric(seen: Range) -> Quantization:
    """int8 for an activation: the range widened to hold 0, and 0 exactly one of its steps."""
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    scale = np.float32(max((high - low) / STEPS, SMALLEST_SCALE))
    zero = round(LOW - low / float(scale))
    return Quantization.per_tensor(float(scale), min(max(zero, LOW), HIGH))


def symmetric_int16(seen: Range) -> Quantization:
    """int16 for an activation: zero point 0, the larger of both ends at 32767."""
    largest = max(abs(seen.low), abs(seen.high))
    return Quantization.per_tensor(max(largest / DType.INT16.range[1], SMALLEST_SCALE))


def widened(q: Quantization) -> Quantization:
    """The int16 quantisation that holds every value of an int8 one exactly."""
    return Quantization.per_tensor(q.scale[0] / WIDER)


def rounded(values: Array, kind: TensorType) -> Array:
    """Real values as a tensor with one scale would hold them, as float32: to its steps, within its range."""
    scale, zero = np.float32(kind.scale), np.float32(kind.zero_point)
    low, high = kind.dtype.range
    steps = np.rint(values / scale)
    steps = np.clip(steps, np.float32(low) - zero, np.float32(high) - zero)
    result: Array = (steps * scale).astype(np.float32, copy=False)
    return result


def symmetric_scales(weights: Array, axis: int, bits: int = 8) -> Array:
    """float32 [channels]: largest magnitude of each channel over 127 (4 bits: 7); channels of zeros get the largest."""
    others = tuple(i for i in range(weights.ndim) if i != axis)
    largest = np.abs(weights).max(axis=others)
    spare = largest.max(initial=0.0) or 1.0
    scales = np.where(largest > 0, largest, spare) / HIGHEST[bits]
    return np.maximum(scales, SMALLEST_SCALE).astype(np.float32)


def coded(values: Array, kind: TensorType) -> Array:
    """round(value / scale) + zero_point, halves away from zero, saturated; the division in float32 as LiteRT
    has it."""
    q = kind.quantization
    if q is None:
        raise InputError(
            f"a {kind.dtype.value} tensor of shape {list(kind.shape)} has no scale to quantise with"
        )
    shape = [1] * values.ndim
    if q.axis is not None:
        shape[q.axis] = -1
    scale = np.asarray(q.scale, dtype=np.float32).reshape(shape)
    zero = np.asarray(q.zero_point, dtype=np.int64).reshape(shape)
    ratio = (values.astype(np.float32) / scale).astype(np.float64)
    low, high = kind.dtype.range
    whole = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + zero
    return np.clip(whole, low, high).astype(kind.dtype.numpy)


def decoded(values: Array, kind: TensorType) -> Array:
    """(stored - zero_point) * scale as float32, for a tensor with one scale."""
    return (values.astype(np.float32) - np.float32(kind.zero_point)) * np.float32(kind.scale)


def quantize_inputs(graph: Graph, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """Real input arrays as the graph takes them; inputs that are float32 there, whole numbers or truth values pass.

    Raises:
        InputError: for another number of inputs, another shape, or values that are not numbers.
    """
    if len(inputs) != len(graph.inputs):
        raise InputError(
            f"got {len(inputs)} inputs; {graph.name} takes {len(graph.inputs)}: {list(graph.inputs)}"
        )
    found: list[Array] = []
    for name, value in zip(graph.inputs, inputs, strict=True):
        kind = graph.tensors[name]
        whole = kind.quantization is None and kind.dtype is not DType.FLOAT32
        if value.shape != kind.shape or value.dtype.kind not in ("iub" if whole else "f"):
            raise InputError(
                f"input {name!r}: got {value.dtype.name}{list(value.shape)}; "
                f"{'whole' if whole else 'real'} numbers {list(kind.shape)} were wanted"
            )
        if not whole and np.isnan(value).any():
            raise InputError(f"input {name!r} holds values that are not numbers (NaN)")
        found.append(value.astype(kind.dtype.numpy) if kind.quantization is None else coded(value, kind))
    return tuple(found)


def dequantize_outputs(graph: Graph, outputs: Sequence[Array]) -> tuple[Array, ...]:
    """Output arrays of the graph as real numbers; outputs without quantisation pass.

    Raises:
        InputError: for another number of outputs.
    """
    if len(outputs) != len(graph.outputs):
        raise InputError(
            f"got {len(outputs)} outputs; {graph.name} gives {len(graph.outputs)}: {list(graph.outputs)}"
        )
    kinds = [graph.tensors[name] for name in graph.outputs]
    return tuple(
        value if kind.quantization is None else decoded(value, kind)
        for value, kind in zip(outputs, kinds, strict=True)
    )
