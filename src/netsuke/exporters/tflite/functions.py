"""Float functions of one and two tensors, comparisons, GATHER, TILE, CUMSUM and CAST."""

from __future__ import annotations

from typing import Any

from netsuke.exporters.tflite.emitter import ELEMENT_TYPES, Emitter
from netsuke.exporters.tflite.reduce import reduce
from netsuke.exporters.tflite.windows import activation_code
from netsuke.importers.tflite.options_more import (
    PLAIN,
    CastOptions,
    CumsumOptions,
    DivOptions,
    GatherOptions,
    GeluOptions,
)
from netsuke.ops.cumsum import Cumsum
from netsuke.ops.float_binary import Div
from netsuke.ops.float_unary import Gelu
from netsuke.ops.gather import Gather
from netsuke.ops.operator import Site
from netsuke.ops.tile import Tile
from netsuke.ops.unary import NoArgs

WITHOUT_ARGUMENTS = (
    "abs", "neg", "square", "sqrt", "rsqrt", "exp", "log", "floor", "ceil", "round", "sign", "elu",
    "log_softmax", "logical_not", "pow", "squared_difference", "equal", "not_equal", "less", "less_equal",
    "greater", "greater_equal", "logical_and", "logical_or", "select_v2",
)  # fmt: skip


def plain(emitter: Emitter, site: Site[Any]) -> None:
    """An operator without options of its own under netsuke's name in capitals."""
    op = site.node.op.upper()
    inputs = tuple(emitter.x(site, i) for i in range(len(site.inputs)))
    kind = PLAIN.get(op)
    emitter.emit(op, inputs, (emitter.y(site),), None if kind is None else kind())


def div(emitter: Emitter, site: Site[Div]) -> None:
    """With its fused activation."""
    options = DivOptions(fused_activation_function=activation_code(site))
    emitter.emit("DIV", (emitter.x(site, 0), emitter.x(site, 1)), (emitter.y(site),), options)


def gelu(emitter: Emitter, site: Site[Gelu]) -> None:
    """Which of the two forms is an option."""
    emitter.emit(
        "GELU", (emitter.x(site),), (emitter.y(site),), GeluOptions(approximate=site.args.approximate)
    )


def gather(emitter: Emitter, site: Site[Gather]) -> None:
    """The axis is an option."""
    inputs = (emitter.x(site, 0), emitter.x(site, 1))
    emitter.emit("GATHER", inputs, (emitter.y(site),), GatherOptions(axis=site.args.axis))


def tile(emitter: Emitter, site: Site[Tile]) -> None:
    """The multiples are an operand."""
    multiples = emitter.int32(site.args.multiples, f"{site.node.name}/multiples")
    emitter.emit("TILE", (emitter.x(site), multiples), (emitter.y(site),), PLAIN["TILE"]())


def cumsum(emitter: Emitter, site: Site[Cumsum]) -> None:
    """The axis is an operand."""
    axis = emitter.int32(site.args.axis, f"{site.node.name}/axis")
    options = CumsumOptions(exclusive=site.args.exclusive, reverse=site.args.reverse)
    emitter.emit("CUMSUM", (emitter.x(site), axis), (emitter.y(site),), options)


def cast(emitter: Emitter, site: Site[NoArgs]) -> None:
    """Both element types are options."""
    kinds = ELEMENT_TYPES[site.x().dtype], ELEMENT_TYPES[site.y().dtype]
    options = CastOptions(in_data_type=kinds[0].value, out_data_type=kinds[1].value)
    emitter.emit("CAST", (emitter.x(site),), (emitter.y(site),), options)


ENCODERS = {
    **dict.fromkeys(WITHOUT_ARGUMENTS, plain),
    "cast": cast,
    "cumsum": cumsum,
    "div": div,
    "gather": gather,
    "gelu": gelu,
    "reduce_min": reduce,
    "reduce_prod": reduce,
    "tile": tile,
}
