"""Sums, products, reductions and functions of one operand of ATen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from netsuke.importers.pytorch.activations import plain
from netsuke.importers.pytorch.choices import cast, typed_operand
from netsuke.importers.pytorch.convs import broadcast
from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable


def binary(op: str) -> Handler:
    """An ONNX operator of two operands."""
    return lambda emit, call: combined(emit, op, call)


def combined(emit: Emitter, op: str, call: Aten) -> Ref:
    """Two operands, tensors or numbers; alpha scales the second. Whole numbers by way of real ones, which hold them
    exactly up to 2^24."""
    if call.operands.get("rounding_mode") is not None or call.op == "floor_divide":
        return whole_quotient(emit, call)
    a, b = (typed_operand(emit, call, n, "float32") for n in ("self", "other"))
    alpha = call.number("alpha", 1)
    if alpha != 1:
        b = emit.node("Mul", (b.name, emit.scalar(alpha)), b.shape)
    return cast(emit, emit.node(op, (a.name, b.name), call.shape), call.dtype)


def whole_quotient(emit: Emitter, call: Aten) -> Ref:
    """A quotient rounded down, by way of real numbers."""
    if call.operands.get("rounding_mode", "floor") != "floor":
        raise Untranslatable(
            f"rounding_mode {call.operands['rounding_mode']!r}; true division or 'floor' was wanted"
        )
    a, b = (typed_operand(emit, call, n, "float32") for n in ("self", "other"))
    found = emit.node("Floor", (emit.node("Div", (a.name, b.name), call.shape).name,), call.shape)
    return cast(emit, found, call.dtype)


def remainder(emit: Emitter, call: Aten) -> Ref:
    """What is left of a division that is rounded down: a - floor(a / b) b."""
    a, b = (typed_operand(emit, call, n, "float32") for n in ("self", "other"))
    whole = emit.node("Floor", (emit.node("Div", (a.name, b.name), call.shape).name,), call.shape)
    taken = emit.node("Mul", (whole.name, b.name), call.shape)
    return cast(emit, emit.node("Sub", (a.name, taken.name), call.shape), call.dtype)


def rsub(emit: Emitter, call: Aten) -> Ref:
    """other - alpha * self."""
    swapped = dict(call.operands) | {"self": call.operands["other"], "other": call.operands["self"]}
    return combined(emit, "Sub", replace(call, operands=swapped))


def joined(op: str) -> Handler:
    """addcmul and addcdiv: self + value * (tensor1 op tensor2)."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        x, a, b = (call.tensor(n) for n in ("self", "tensor1", "tensor2"))
        both = emit.node(op, (a.name, b.name), broadcast(a.shape, b.shape))
        value = call.number("value", 1)
        if value != 1:
            both = emit.node("Mul", (both.name, emit.scalar(value)), both.shape)
        return emit.node("Add", (x.name, both.name), call.shape)

    return handler


def lerp(emit: Emitter, call: Aten) -> Ref:
    """self + weight * (end - self)."""
    x, end = call.tensor("self"), call.tensor("end")
    way = emit.node("Sub", (end.name, x.name), broadcast(x.shape, end.shape))
    weight = typed_operand(emit, call, "weight", call.dtype)
    return emit.node("Add", (x.name, emit.node("Mul", (way.name, weight.name), call.shape).name), call.shape)


def of_scaled(op: str, factor: float) -> Handler:
    """A function of x times a number: exp2."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        x = call.tensor("self")
        return emit.node(op, (emit.node("Mul", (x.name, emit.scalar(factor)), x.shape).name,), call.shape)

    return handler


def scaled(op: str, factor: float) -> Handler:
    """A function times a number: log2, log10."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        found = emit.node(op, (call.tensor("self").name,), call.shape)
        return emit.node("Mul", (found.name, emit.scalar(factor)), call.shape)

    return handler


def log1p(emit: Emitter, call: Aten) -> Ref:
    """log(1 + x)."""
    x = call.tensor("self")
    return emit.node("Log", (emit.node("Add", (x.name, emit.scalar(1)), x.shape).name,), call.shape)


def expm1(emit: Emitter, call: Aten) -> Ref:
    """exp(x) - 1."""
    found = emit.node("Exp", (call.tensor("self").name,), call.shape)
    return emit.node("Sub", (found.name, emit.scalar(1)), call.shape)


def power(emit: Emitter, call: Aten) -> Ref:
    """x to a constant power; a square is a product, so that it may be an integer one."""
    exponent = call.operands.get("exponent")
    if not isinstance(call.operands.get("self"), Ref):
        factor = emit.scalar(math.log(call.number("self")))
        power = emit.node("Mul", (call.tensor("exponent").name, factor), call.shape)
        return emit.node("Exp", (power.name,), call.shape)
    x = cast(emit, call.tensor("self"), call.dtype)
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
        return reduced(emit, op, cast(emit, call.tensor("self"), call.dtype), axes_of(call), call)

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
    "floor_divide": binary("Div"),
    "remainder": remainder,
    "addcmul": joined("Mul"),
    "addcdiv": joined("Div"),
    "lerp": lerp,
    "log2": scaled("Log", 1 / math.log(2)),
    "log10": scaled("Log", 1 / math.log(10)),
    "exp2": of_scaled("Exp", math.log(2)),
    "log1p": log1p,
    "expm1": expm1,
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
}
