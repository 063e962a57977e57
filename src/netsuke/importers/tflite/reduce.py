"""MEAN, SUM, REDUCE_MAX and ARG_MAX."""

from __future__ import annotations

from netsuke.importers.tflite.options import ReducerOptions
from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.shape import axis_of, single
from netsuke.ops.arg_max import ArgMax
from netsuke.ops.reduce import Reduce


def reduce(place: Place) -> None:
    """The axes in increasing order, each once."""
    place.expect((2, 2))
    rank = len(place.x().shape)
    axes = tuple(sorted({axis_of(place, axis, rank) for axis in place.ints(1)}))
    args = Reduce(axes=axes, keep_dims=place.options(ReducerOptions).keep_dims)
    place.node(place.record.op.lower(), args, place.name(0))


def arg_max(place: Place) -> None:
    """The axis is operand 1; the output's own type says the indices'."""
    place.expect((2, 2))
    axis = axis_of(place, single(place, 1), len(place.x().shape))
    place.node("arg_max", ArgMax(axis=axis), place.name(0))


DECODERS = {"ARG_MAX": arg_max, "MEAN": reduce, "SUM": reduce, "REDUCE_MAX": reduce}
