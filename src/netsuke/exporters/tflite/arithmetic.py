"""ADD, SUB, MUL, MAXIMUM and MINIMUM."""

from __future__ import annotations

from typing import Any

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.exporters.tflite.windows import activation_code
from netsuke.importers.tflite.options import (
    AddOptions,
    MaximumMinimumOptions,
    MulOptions,
    Options,
    SubOptions,
)
from netsuke.ops.add import AddSub
from netsuke.ops.mul import Mul
from netsuke.ops.operator import Site


def add(emitter: Emitter, site: Site[AddSub]) -> None:
    """ADD."""
    pot = site.args.power_of_two
    binary(emitter, site, AddOptions(fused_activation_function=activation_code(site), pot_scale_int16=pot))


def sub(emitter: Emitter, site: Site[AddSub]) -> None:
    """SUB."""
    pot = site.args.power_of_two
    binary(emitter, site, SubOptions(fused_activation_function=activation_code(site), pot_scale_int16=pot))


def mul(emitter: Emitter, site: Site[Mul]) -> None:
    """MUL."""
    binary(emitter, site, MulOptions(fused_activation_function=activation_code(site)))


def extremum(emitter: Emitter, site: Site[Any]) -> None:
    """MAXIMUM and MINIMUM."""
    binary(emitter, site, MaximumMinimumOptions())


def binary(emitter: Emitter, site: Site[Any], options: Options) -> None:
    """An operator of two operands under netsuke's own name in capitals."""
    inputs = (emitter.x(site, 0), emitter.x(site, 1))
    emitter.emit(site.node.op.upper(), inputs, (emitter.y(site),), options)


ENCODERS = {"add": add, "sub": sub, "mul": mul, "maximum": extremum, "minimum": extremum}
