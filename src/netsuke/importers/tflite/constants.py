"""Stored values → arrays that a graph may hold: any element type of the format, dense or sparse."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from netsuke.errors import GraphError, ImportModelError
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.records import ElementType, QuantizationRecord, TensorRecord
from netsuke.importers.tflite.sparse import dense
from netsuke.ir import Array, DType, Quantization, TensorType

MAX_SPARSE_BYTES = 64 * 1024 * 1024
"""A sparse constant may become this large: what is stored says little about it."""
INT4_BITS = 4

DTYPES = {ElementType[dtype.name]: dtype for dtype in DType}
STORED_AS = {ElementType.FLOAT16: DType.FLOAT32, ElementType.INT4: DType.INT8}
"""Types that only constants have, and what they become."""


def constant_dtype(record: TensorRecord) -> DType | None:
    """What the elements of a constant become; None for those that netsuke does not read."""
    return STORED_AS.get(record.type) or DTYPES.get(record.type)


def constant(record: TensorRecord, raw: Array) -> Array:
    """The value of a constant: float16 widened to float32, int4 to int8, sparse made dense.

    Raises:
        ImportModelError: when the bytes are not as many as the shape wants.
    """
    kind = ElementType.INT8 if record.type is ElementType.INT4 else record.type
    dtype = kind.numpy
    if dtype is None or constant_dtype(record) is None:
        raise ImportModelError(f"constant {record.name!r} is {record.type.name}, which netsuke does not read")
    if record.sparsity is not None:
        return widened(sparse_constant(record, raw, dtype))
    count = math.prod(record.shape)
    if record.type is ElementType.INT4:
        return unpack_int4(record, raw, count)
    if raw.nbytes != count * dtype.itemsize:
        raise wrong_size(record, raw, count * dtype.itemsize)
    return widened(np.frombuffer(raw.tobytes(), dtype.newbyteorder("<")).astype(dtype).reshape(record.shape))


def wrong_size(record: TensorRecord, raw: Array, wanted: int) -> ImportModelError:
    """A buffer of another size than the shape."""
    return Malformed(
        f"constant {record.name!r} of {record.type.name}{list(record.shape)} has {raw.nbytes:,} bytes "
        f"of {wanted:,}"
    )


def widened(values: Array) -> Array:
    """float16 as float32 (exact); others as they are."""
    return values.astype(np.float32) if values.dtype == np.float16 else values


def unpack_int4(record: TensorRecord, raw: Array, count: int) -> Array:
    """Two elements a byte, the first in the low half, as int8."""
    if raw.nbytes != (count + 1) // 2:
        raise wrong_size(record, raw, (count + 1) // 2)
    low = (raw.astype(np.int8) << 4) >> 4
    high = raw.astype(np.int8) >> 4
    return np.stack((low, high), axis=1).reshape(-1)[:count].reshape(record.shape).astype(np.int8)


def sparse_constant(record: TensorRecord, raw: Array, dtype: np.dtype[np.generic]) -> Array:
    """A sparse constant made dense."""
    assert record.sparsity is not None
    if math.prod(record.shape) * dtype.itemsize > MAX_SPARSE_BYTES or raw.nbytes % dtype.itemsize:
        raise Malformed(
            f"sparse constant {record.name!r} of shape {list(record.shape)} stores {raw.nbytes:,} bytes"
        )
    values = np.frombuffer(raw.tobytes(), dtype.newbyteorder("<")).astype(dtype)
    return dense(values, record.shape, record.sparsity, record.name)


def tensor_type(record: TensorRecord, dtype: DType) -> TensorType:
    """The type of a tensor.

    Raises:
        ImportModelError: when the quantisation breaks a rule, such as a scale of zero.
    """
    quantization = None
    if record.quantization is not None and dtype.is_integer:
        quantization = quantization_of(record.name, record.quantization)
        low, high = dtype.range
        if not low <= min(quantization.zero_point) <= max(quantization.zero_point) <= high:
            raise Malformed(
                f"tensor {record.name!r} of {dtype.value} has a zero point outside {low} to {high}"
            )
        if record.type is ElementType.INT4:
            quantization = replace(quantization, bits=INT4_BITS)
    return TensorType(shape=record.shape, dtype=dtype, quantization=quantization)


def quantization_of(name: str, record: QuantizationRecord) -> Quantization:
    """Per tensor for one scale, else per channel."""
    zero_point = record.zero_point
    if len(zero_point) == 1:
        zero_point = zero_point * len(record.scale)
    axis = None if len(record.scale) == 1 else record.axis
    try:
        return Quantization(scale=record.scale, zero_point=zero_point, axis=axis)
    except GraphError as error:
        raise Malformed(f"tensor {name!r}: {error}") from None


def dequantized(values: Array, quantization: Quantization) -> Array:
    """The real values in float32: scale * (stored - zero_point) (PerChannelDequantize)."""
    scale = np.asarray(quantization.scale, np.float32)
    zero_point = np.asarray(quantization.zero_point, np.int64)
    if quantization.axis is not None:
        around = [1] * values.ndim
        around[quantization.axis] = -1
        scale, zero_point = scale.reshape(around), zero_point.reshape(around)
    return np.asarray(scale * (values - zero_point).astype(np.float32), np.float32)
