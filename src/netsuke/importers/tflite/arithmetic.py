"""ADD, SUB, MUL, MAXIMUM and MINIMUM."""

from __future__ import annotations

from netsuke.importers.tflite.options import AddOptions, MulOptions, SubOptions
from netsuke.importers.tflite.place import Place
from netsuke.ir import Args
from netsuke.ops.add import AddSub
from netsuke.ops.mul import Mul
from netsuke.ops.unary import NoArgs


def add(place: Place) -> None:
    """ADD."""
    o = place.options(AddOptions)
    binary(place, AddSub(clamp=place.clamp(o.fused_activation_function), power_of_two=o.pot_scale_int16))


def sub(place: Place) -> None:
    """SUB."""
    o = place.options(SubOptions)
    binary(place, AddSub(clamp=place.clamp(o.fused_activation_function), power_of_two=o.pot_scale_int16))


def mul(place: Place) -> None:
    """MUL."""
    binary(place, Mul(clamp=place.clamp(place.options(MulOptions).fused_activation_function)))


def extremum(place: Place) -> None:
    """MAXIMUM and MINIMUM."""
    binary(place, NoArgs())


def binary(place: Place, args: Args) -> None:
    """An operator of two operands under TFLite's name in lower case."""
    place.expect((2, 2))
    place.node(place.record.op.lower(), args, place.name(0), place.name(1))


DECODERS = {"ADD": add, "SUB": sub, "MUL": mul, "MAXIMUM": extremum, "MINIMUM": extremum}
