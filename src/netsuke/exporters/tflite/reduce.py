"""MEAN, SUM, REDUCE_MAX and, as it lands beside them, ARG_MAX."""

from __future__ import annotations

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import ReducerOptions
from netsuke.ops.operator import Site
from netsuke.ops.reduce import Reduce


def reduce(emitter: Emitter, site: Site[Reduce]) -> None:
    """The axes are an operand."""
    axes = emitter.int32(site.args.axes, f"{site.node.name}/axes")
    options = ReducerOptions(keep_dims=site.args.keep_dims)
    emitter.emit(site.node.op.upper(), (emitter.x(site), axes), (emitter.y(site),), options)


ENCODERS = {"mean": reduce, "sum": reduce, "reduce_max": reduce}
