"""MEAN, SUM, REDUCE_MAX and ARG_MAX."""

from __future__ import annotations

from netsuke.exporters.tflite.emitter import ELEMENT_TYPES, Emitter
from netsuke.importers.tflite.options import ArgMaxOptions, ReducerOptions
from netsuke.ops.arg_max import ArgMax
from netsuke.ops.operator import Site
from netsuke.ops.reduce import Reduce


def reduce(emitter: Emitter, site: Site[Reduce]) -> None:
    """The axes are an operand."""
    axes = emitter.int32(site.args.axes, f"{site.node.name}/axes")
    options = ReducerOptions(keep_dims=site.args.keep_dims)
    emitter.emit(site.node.op.upper(), (emitter.x(site), axes), (emitter.y(site),), options)


def arg_max(emitter: Emitter, site: Site[ArgMax]) -> None:
    """The axis is an operand, the indices' type an option."""
    axis = emitter.int32(site.args.axis, f"{site.node.name}/axis")
    options = ArgMaxOptions(output_type=ELEMENT_TYPES[site.y().dtype].value)
    emitter.emit("ARG_MAX", (emitter.x(site), axis), (emitter.y(site),), options)


ENCODERS = {"arg_max": arg_max, "mean": reduce, "sum": reduce, "reduce_max": reduce}
