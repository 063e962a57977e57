"""Float functions of one and two tensors, comparisons, GATHER, TILE, CUMSUM and CAST."""

from __future__ import annotations

from netsuke.importers.tflite.options_more import CumsumOptions, DivOptions, GatherOptions, GeluOptions
from netsuke.importers.tflite.place import CannotDecode, Place
from netsuke.importers.tflite.reduce import reduce
from netsuke.importers.tflite.shape import axis_of, single
from netsuke.ir import DType
from netsuke.ops.cumsum import Cumsum
from netsuke.ops.float_binary import Div
from netsuke.ops.float_unary import Gelu
from netsuke.ops.gather import Gather
from netsuke.ops.tile import Tile
from netsuke.ops.unary import NoArgs

UNARY = (
    "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "FLOOR", "CEIL", "ROUND", "SIGN", "ELU",
    "LOG_SOFTMAX", "LOGICAL_NOT", "CAST",
)  # fmt: skip
BINARY = (
    "POW", "SQUARED_DIFFERENCE", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
    "LOGICAL_AND", "LOGICAL_OR",
)  # fmt: skip


def unary(place: Place) -> None:
    """An operator of one operand under TFLite's name in lower case."""
    place.expect((1, 1))
    place.node(place.record.op.lower(), NoArgs(), place.name(0))


def binary(place: Place) -> None:
    """An operator of two operands under TFLite's name in lower case."""
    place.expect((2, 2))
    place.node(place.record.op.lower(), NoArgs(), place.name(0), place.name(1))


def div(place: Place) -> None:
    """With its fused activation."""
    place.expect((2, 2))
    clamp = place.clamp(place.options(DivOptions).fused_activation_function)
    place.node("div", Div(clamp=clamp), place.name(0), place.name(1))


def gelu(place: Place) -> None:
    """Which of the two forms is an option."""
    place.expect((1, 1))
    place.node("gelu", Gelu(approximate=place.options(GeluOptions).approximate), place.name(0))


def select(place: Place) -> None:
    """SELECT_V2: condition, first, second."""
    place.expect((3, 3))
    place.node("select_v2", NoArgs(), place.name(0), place.name(1), place.name(2))


def gather(place: Place) -> None:
    """The axis is an option; indices must be int32."""
    place.expect((2, 2))
    options = place.options(GatherOptions)
    if options.batch_dims != 0:
        raise CannotDecode("it gathers within batches (batch_dims); gather from one tensor instead")
    if place.x(1).dtype is not DType.INT32:
        raise CannotDecode(f"its indices are {place.x(1).dtype.value}; int32 was wanted")
    axis = axis_of(place, options.axis, len(place.x().shape))
    place.node("gather", Gather(axis=axis), place.name(0), place.name(1))


def tile(place: Place) -> None:
    """The multiples are operand 1."""
    place.expect((2, 2))
    place.node("tile", Tile(multiples=place.ints(1)), place.name(0))


def cumsum(place: Place) -> None:
    """The axis is operand 1."""
    place.expect((2, 2))
    options = place.options(CumsumOptions)
    axis = axis_of(place, single(place, 1), len(place.x().shape))
    args = Cumsum(axis=axis, exclusive=options.exclusive, reverse=options.reverse)
    place.node("cumsum", args, place.name(0))


DECODERS = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(BINARY, binary),
    "CUMSUM": cumsum,
    "DIV": div,
    "GATHER": gather,
    "GELU": gelu,
    "REDUCE_MIN": reduce,
    "REDUCE_PROD": reduce,
    "SELECT_V2": select,
    "TILE": tile,
}
