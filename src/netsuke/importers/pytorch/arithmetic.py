"""Sums, products, reductions and functions of one operand of ATen."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.activations import plain
from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable


def operand(emit: Emitter, call: Aten, name: str) -> str:
    """A tensor's name, or a constant for a number."""
    found = call.operands.get(name)
    return found.name if isinstance(found, Ref) else emit.scalar(call.number(name))


def binary(op: str) -> Handler:
    """An ONNX operator of two operands."""
    return lambda emit, call: combined(emit, op, call)


def combined(emit: Emitter, op: str, call: Aten) -> Ref:
    """Two operands, tensors or numbers; alpha scales the second."""
    a, b = operand(emit, call, "self"), operand(emit, call, "other")
    alpha = call.number("alpha", 1)
    if alpha != 1:
        other = call.operands["other"]
        shape = other.shape if isinstance(other, Ref) else ()
        b = emit.node("Mul", (b, emit.scalar(alpha)), shape).name
    if call.operands.get("rounding_mode") is not None:
        raise Untranslatable("rounding_mode; only true division can be compiled")
    return emit.node(op, (a, b), call.shape)


def rsub(emit: Emitter, call: Aten) -> Ref:
    """other - alpha * self."""
    swapped = dict(call.operands) | {"self": call.operands["other"], "other": call.operands["self"]}
    return combined(emit, "Sub", Aten(op=call.op, operands=swapped, shape=call.shape, shapes=call.shapes))


def power(emit: Emitter, call: Aten) -> Ref:
    """x to a constant power; a square is a product, so that it may be an integer one."""
    x = call.tensor("self")
    exponent = call.operands.get("exponent")
    if isinstance(exponent, Ref):
        return emit.node("Pow", (x.name, exponent.name), call.shape)
    if exponent == 2:
        return emit.node("Mul", (x.name, x.name), call.shape)
    return emit.node("Pow", (x.name, emit.scalar(call.number("exponent"))), call.shape)


def rsqrt(emit: Emitter, call: Aten) -> Ref:
    """1 / sqrt(x)."""
    root = emit.node("Sqrt", (call.tensor("self").name,), call.shape)
    return emit.node("Reciprocal", (root.name,), call.shape)


def square(emit: Emitter, call: Aten) -> Ref:
    """x x."""
    x = call.tensor("self")
    return emit.node("Mul", (x.name, x.name), call.shape)


def reduce(op: str) -> Handler:
    """A reduction over some axes, or over all."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        return reduced(emit, op, call.tensor("self"), axes_of(call), call)

    return handler


def axes_of(call: Aten) -> tuple[int, ...]:
    """The axes of a reduction; all where torch has none."""
    x = call.tensor("self")
    given = call.operands.get("dim")
    wanted = tuple(range(x.rank)) if given is None or given == [] else call.ints("dim")
    return tuple(sorted(x.axis(a) for a in wanted))


def reduced(emit: Emitter, op: str, x: Ref, axes: tuple[int, ...], call: Aten) -> Ref:
    """The node, with the result's own shape."""
    kept = tuple(1 if a in axes else d for a, d in enumerate(x.shape))
    found = emit.node(op, (x.name, emit.ints(axes)), kept, keepdims=1)
    return emit.reshape(found, call.shape)


def variance(emit: Emitter, call: Aten) -> Ref:
    """Mean of the squared distances to the mean, times n / (n - correction)."""
    x, axes = call.tensor("self"), axes_of(call)
    kept = tuple(1 if a in axes else d for a, d in enumerate(x.shape))
    mean = emit.node("ReduceMean", (x.name, emit.ints(axes)), kept, keepdims=1)
    centred = emit.node("Sub", (x.name, mean.name), x.shape)
    squared = emit.node("Mul", (centred.name, centred.name), x.shape)
    found = emit.node("ReduceMean", (squared.name, emit.ints(axes)), kept, keepdims=1)
    count = int(np.prod([x.shape[a] for a in axes]))
    unbiased = call.operands.get("unbiased")
    correction = call.number("correction", 1) if unbiased is None else float(bool(unbiased))
    if correction:
        factor = emit.scalar(count / max(count - correction, 0.0))
        found = emit.node("Mul", (found.name, factor), kept)
    if call.op == "std":
        found = emit.node("Sqrt", (found.name,), kept)
    return emit.reshape(found, call.shape)


def argmax(emit: Emitter, call: Aten) -> Ref:
    """Index of the largest along an axis."""
    x = call.tensor("self")
    if call.operands.get("dim") is None:
        x = emit.reshape(x, (int(np.prod(x.shape)),))
        axis = 0
    else:
        axis = x.axis(int(call.number("dim")))
    kept = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return emit.reshape(emit.node("ArgMax", (x.name,), kept, axis=axis, keepdims=1), call.shape)


UNARY = {
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "abs": "Abs", "neg": "Neg", "reciprocal": "Reciprocal",
    "floor": "Floor",    "ceil": "Ceil", "round": "Round", "erf": "Erf", "sin": "Sin", "cos": "Cos",
    "sign": "Sign", "softsign": "Softsign",
}  # fmt: skip
BINARY = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "true_divide": "Div", "minimum": "Min", "maximum": "Max",
    "multiply": "Mul", "subtract": "Sub", "divide": "Div",
}  # fmt: skip
HANDLERS: dict[str, Handler] = {
    **{name: plain(op) for name, op in UNARY.items()},
    **{name: binary(op) for name, op in BINARY.items()},
    "rsub": rsub,
    "pow": power,
    "rsqrt": rsqrt,
    "square": square,
    "mean": reduce("ReduceMean"),
    "sum": reduce("ReduceSum"),
    "amax": reduce("ReduceMax"),
    "amin": reduce("ReduceMin"),
    "prod": reduce("ReduceProd"),
    "var": variance,
    "std": variance,
    "argmax": argmax,
}
