"""MEAN, SUM and REDUCE_MAX."""

from __future__ import annotations

from netsuke.importers.tflite.options import ReducerOptions
from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.shape import axis_of
from netsuke.ops.reduce import Reduce


def reduce(place: Place) -> None:
    """The axes in increasing order, each once."""
    place.expect((2, 2))
    rank = len(place.x().shape)
    axes = tuple(sorted({axis_of(place, axis, rank) for axis in place.ints(1)}))
    args = Reduce(axes=axes, keep_dims=place.options(ReducerOptions).keep_dims)
    place.node(place.record.op.lower(), args, place.name(0))


DECODERS = {"MEAN": reduce, "SUM": reduce, "REDUCE_MAX": reduce}
