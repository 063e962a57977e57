"""The operator versions that say which element types a .tflite file needs of its reader.

A version is a promise about the reader, not a form of the operator: LiteRT's resolver refuses one that it
does not know, and older readers refuse int8 under version 1. The numbers follow the type rules of TFLite's
operator versioning.
"""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.ir import DType, TensorType


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The least version for float32 (and any other type), int8 and int16 operands."""

    float32: int = 1
    int8: int = 1
    int16: int = 1


SINCE_START = Versions()
USUAL = Versions(int8=2, int16=3)

VERSIONS = {
    "ADD": USUAL,
    "ARG_MAX": Versions(int8=2, int16=2),
    "AVERAGE_POOL_2D": USUAL,
    "BATCH_MATMUL": USUAL,
    "CONCATENATION": USUAL,
    "CONV_2D": Versions(int8=3, int16=4),
    "DEPTHWISE_CONV_2D": Versions(float32=2, int8=3, int16=5),
    "DEQUANTIZE": USUAL,
    "FULLY_CONNECTED": Versions(int8=4, int16=7),
    "LEAKY_RELU": Versions(int8=2, int16=2),
    "LOGISTIC": USUAL,
    "MAX_POOL_2D": USUAL,
    "MAXIMUM": Versions(int8=2, int16=4),
    "MEAN": USUAL,
    "MINIMUM": Versions(int8=2, int16=4),
    "MUL": Versions(int8=2, int16=4),
    "PACK": USUAL,
    "PAD": Versions(int8=2, int16=4),
    "PADV2": Versions(int8=2, int16=4),
    "QUANTIZE": Versions(int8=2, int16=2),
    "REDUCE_MAX": USUAL,
    "RELU": USUAL,
    "RELU6": USUAL,
    "RESIZE_BILINEAR": Versions(float32=3, int8=3, int16=4),
    "RESIZE_NEAREST_NEIGHBOR": Versions(float32=3, int8=3, int16=4),
    "SLICE": Versions(int8=2, int16=4),
    "SOFTMAX": USUAL,
    "SPLIT": Versions(int8=2, int16=4),
    "SPLIT_V": Versions(int8=2, int16=2),
    "STRIDED_SLICE": Versions(int8=2, int16=4),
    "SUB": Versions(int8=2, int16=5),
    "SUM": Versions(int8=2, int16=2),
    "TANH": USUAL,
    "TRANSPOSE": Versions(int8=2, int16=4),
    "TRANSPOSE_CONV": Versions(float32=3, int8=3, int16=3),
    "UNPACK": Versions(int8=2, int16=3),
}


def version_of(op: str, operands: list[TensorType]) -> int:
    """The version of an operator whose quantised operands are these (the first says the type)."""
    versions = VERSIONS.get(op, SINCE_START)
    types = {t.dtype for t in operands}
    if DType.INT16 in types:
        return versions.int16
    return versions.int8 if DType.INT8 in types else versions.float32
