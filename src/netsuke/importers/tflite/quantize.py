"""QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

import numpy as np

from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.records import ElementType
from netsuke.ops.unary import NoArgs


def quantize(place: Place) -> None:
    """Float to integers, or integers to another scale."""
    place.expect((1, 1))
    place.node("quantize", NoArgs(), place.name(0))


def dequantize(place: Place) -> None:
    """Integers to float; a float16 constant is read as the float32 constant that it stands for."""
    place.expect((1, 1))
    stored = place.builder.subgraph.tensors[place.index(0)].type
    if stored is ElementType.FLOAT16 and place.is_constant(0):
        place.fold(np.array(place.x().data))
        return
    place.node("dequantize", NoArgs(), place.name(0))


DECODERS = {"QUANTIZE": quantize, "DEQUANTIZE": dequantize}
