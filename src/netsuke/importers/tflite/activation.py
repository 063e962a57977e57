"""The functions of one tensor: RELU and its kin."""

from __future__ import annotations

from netsuke.importers.tflite.place import Place
from netsuke.ops.unary import NoArgs


def plain(place: Place) -> None:
    """An operator without options, under TFLite's name in lower case."""
    place.expect((1, 1))
    place.node(place.record.op.lower(), NoArgs(), place.name(0))


DECODERS = dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1"), plain)
