"""QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

import numpy as np

from netsuke.importers.tflite.constants import dequantized
from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.records import ElementType
from netsuke.ir import DType
from netsuke.ops.unary import NoArgs


def quantize(place: Place) -> None:
    """Float to integers, or integers to another scale."""
    place.expect((1, 1))
    place.node("quantize", NoArgs(), place.name(0))


def dequantize(place: Place) -> None:
    """Integers to float; a constant (weights that are stored so) is read as the float32 constant that it stands for."""
    place.expect((1, 1))
    x = place.x() if place.is_constant(0) else None
    if x is not None and x.data is not None:
        if place.builder.subgraph.tensors[place.index(0)].type is ElementType.FLOAT16:
            place.fold(np.array(x.data))
            return
        if x.quantization is not None and x.dtype in (DType.INT8, DType.UINT8, DType.INT16):
            place.fold(dequantized(x.data, x.quantization))
            return
    place.node("dequantize", NoArgs(), place.name(0))


DECODERS = {"QUANTIZE": quantize, "DEQUANTIZE": dequantize}
