"""Float functions, comparisons, truth values, and what picks or repeats elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.exporters.onnx.emitter import TO_FIRST, Emitter, Encoder, Order
from netsuke.exporters.onnx.pointwise import elementwise, order_of, reduce
from netsuke.ops.cumsum import Cumsum
from netsuke.ops.float_unary import Gelu
from netsuke.ops.gather import Gather
from netsuke.ops.operator import Site
from netsuke.ops.tile import Tile


def chained(*operators: str) -> Encoder:
    """One ONNX operator of one operand behind the other."""

    def encoder(emitter: Emitter, site: Site[Any]) -> None:
        order, y = order_of(emitter, (site.x(),)), site.y()
        value = emitter.real(site.x(), order)
        for op in operators:
            value = emitter.emit(op, (value,), f"{y.name}_value")
        emitter.result(y, value, order)

    return encoder


def squared(emitter: Emitter, value: str, wanted: str) -> str:
    """x times x."""
    return emitter.emit("Mul", (value, value), wanted)


def square(emitter: Emitter, site: Site[Any]) -> None:
    """As a product."""
    order = order_of(emitter, (site.x(),))
    emitter.result(site.y(), squared(emitter, emitter.real(site.x(), order), f"{site.y().name}_value"), order)


def squared_difference(emitter: Emitter, site: Site[Any]) -> None:
    """As a difference and a product."""
    operands, y = (site.x(0), site.x(1)), site.y()
    order = order_of(emitter, operands)
    apart = emitter.emit("Sub", [emitter.real(t, order) for t in operands], f"{y.name}_apart")
    emitter.result(y, squared(emitter, apart, f"{y.name}_value"), order)


def not_equal(emitter: Emitter, site: Site[Any]) -> None:
    """ONNX has Equal and Not."""
    operands, y = (site.x(0), site.x(1)), site.y()
    order = order_of(emitter, operands)
    equal = emitter.emit("Equal", [emitter.real(t, order) for t in operands], f"{y.name}_equal")
    emitter.result(y, emitter.emit("Not", (equal,), f"{y.name}_value"), order)


def gelu(emitter: Emitter, site: Site[Gelu]) -> None:
    """Which of the two forms is an attribute."""
    order, y = order_of(emitter, (site.x(),)), site.y()
    form = "tanh" if site.args.approximate else "none"
    value = emitter.emit("Gelu", (emitter.real(site.x(), order),), f"{y.name}_value", approximate=form)
    emitter.result(y, value, order)


def log_softmax(emitter: Emitter, site: Site[Any]) -> None:
    """Over the last axis."""
    y = site.y()
    emitter.result(y, emitter.emit("LogSoftmax", (emitter.real(site.x()),), f"{y.name}_value", axis=-1))


def cast(emitter: Emitter, site: Site[Any]) -> None:
    """The element type is an attribute."""
    order, y = order_of(emitter, (site.x(),)), site.y()
    to = int(emitter.onnx.helper.np_dtype_to_tensor_dtype(y.dtype.numpy))
    emitter.result(y, emitter.emit("Cast", (emitter.real(site.x(), order),), f"{y.name}_value", to=to), order)


def gather(emitter: Emitter, site: Site[Gather]) -> None:
    """Stored values, chosen by indices."""
    names = (emitter.stored(site.x(0)), emitter.stored(site.x(1)))
    emitter.moved(site.y(), emitter.emit("Gather", names, f"{site.y().name}_picked", axis=site.args.axis))


def tile(emitter: Emitter, site: Site[Tile]) -> None:
    """Stored values, repeated."""
    order, y = order_of(emitter, (site.x(),)), site.y()
    multiples = site.args.multiples
    if order is Order.FIRST:
        multiples = tuple(multiples[axis] for axis in TO_FIRST)
    names = (emitter.stored(site.x(), order), emitter.ints(multiples, f"{y.name}_repeats"))
    emitter.moved(y, emitter.emit("Tile", names, f"{y.name}_repeated"), order)


def cumsum(emitter: Emitter, site: Site[Cumsum]) -> None:
    """The axis is an operand."""
    a, y = site.args, site.y()
    axis = emitter.constant(np.asarray(a.axis, np.int64), f"{y.name}_axis")
    value = emitter.emit(
        "CumSum", (emitter.real(site.x()), axis), f"{y.name}_value",
        exclusive=int(a.exclusive), reverse=int(a.reverse),
    )  # fmt: skip
    emitter.result(y, value)


ENCODERS: dict[str, Encoder] = {
    "abs": chained("Abs"),
    "cast": cast,
    "ceil": chained("Ceil"),
    "cumsum": cumsum,
    "elu": chained("Elu"),
    "equal": elementwise("Equal"),
    "erf": chained("Erf"),
    "exp": chained("Exp"),
    "floor": chained("Floor"),
    "gather": gather,
    "gelu": gelu,
    "greater": elementwise("Greater"),
    "greater_equal": elementwise("GreaterOrEqual"),
    "less": elementwise("Less"),
    "less_equal": elementwise("LessOrEqual"),
    "log": chained("Log"),
    "log_softmax": log_softmax,
    "logical_and": elementwise("And"),
    "logical_not": chained("Not"),
    "logical_or": elementwise("Or"),
    "neg": chained("Neg"),
    "not_equal": not_equal,
    "pow": elementwise("Pow"),
    "reduce_min": reduce("ReduceMin"),
    "reduce_prod": reduce("ReduceProd"),
    "round": chained("Round"),
    "rsqrt": chained("Sqrt", "Reciprocal"),
    "select_v2": elementwise("Where"),
    "sign": chained("Sign"),
    "softplus": chained("Softplus"),
    "sqrt": chained("Sqrt"),
    "square": square,
    "squared_difference": squared_difference,
    "tile": tile,
}
