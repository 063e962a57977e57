"""Truth values of ATen: comparisons, connectives, masks and choices; element types."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable

ONNX_TYPES = {"float32": 1, "int32": 6, "int64": 7, "bool": 9}
"""Element types that a Cast can give."""
MASKED = -1e9
"""Stands for minus infinity in scores: exp of it is 0 in float32, and differences stay finite."""
HIDES = -1e4
"""What is filled in from here down is meant to vanish in a softmax."""


def cast(emit: Emitter, x: Ref, dtype: str) -> Ref:
    """Another element type; itself when it has that one, or when both are whole numbers."""
    whole = {x.dtype, dtype} <= {"int32", "int64"}
    if x.dtype == dtype or whole:
        return x
    if dtype not in ONNX_TYPES:
        raise Untranslatable(f"element type {dtype}; float, int32, int64 and bool can be compiled")
    made = emit.node("Cast", (x.name,), x.shape, to=ONNX_TYPES[dtype])
    return Ref(name=made.name, shape=x.shape, dtype=dtype)


def typed_operand(emit: Emitter, call: Aten, name: str, dtype: str) -> Ref:
    """A tensor or a number as a value of that element type.

    Raises:
        Untranslatable: when it is neither.
    """
    found = call.operands.get(name)
    if isinstance(found, Ref):
        return cast(emit, found, dtype)
    value = np.asarray(call.number(name), np.dtype(dtype))
    return Ref(name=emit.constant(value, value.dtype), shape=(), dtype=dtype)


def common_type(call: Aten, *names: str) -> str:
    """The element type in which operands meet: float32 where one of them is real, else that of a tensor."""
    found = [call.operands.get(n) for n in names]
    kinds = [f.dtype for f in found if isinstance(f, Ref)]
    if "float32" in kinds or any(isinstance(f, float) for f in found):
        return "float32"
    whole = [k for k in kinds if k != "bool"] or (["int64"] if len(kinds) < len(names) else kinds)
    return whole[0]


def converted(emit: Emitter, call: Aten) -> Ref:
    """to, type_as, _to_copy ...: devices and layouts change nothing."""
    x = call.tensor("self")
    return cast(emit, x, call.dtype)


def relation(op: str) -> Handler:
    """A comparison; the negated one where ONNX has none."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        dtype = common_type(call, "self", "other")
        if dtype == "bool":
            dtype = "int32"
        a, b = (typed_operand(emit, call, n, dtype) for n in ("self", "other"))
        found = emit.node(op.removeprefix("Not"), (a.name, b.name), call.shape)
        return emit.node("Not", (found.name,), call.shape) if op.startswith("Not") else found

    return handler


def connective(op: str) -> Handler:
    """Two truth values joined; numbers are true where they are not 0."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        if call.op.startswith(("bitwise", "__")) and call.dtype != "bool":
            raise Untranslatable("bits of whole numbers; truth values were wanted")
        names = [typed_operand(emit, call, n, "bool").name for n in ("self", "other") if n in call.operands]
        return emit.node(op, tuple(names), call.shape)

    return handler


def where(emit: Emitter, call: Aten) -> Ref:
    """The second operand where the first holds, else the third."""
    condition = cast(emit, call.tensor("condition"), "bool")
    a, b = (typed_operand(emit, call, n, call.dtype) for n in ("self", "other"))
    return chosen(emit, call, condition, a, b)


def masked_fill(emit: Emitter, call: Aten) -> Ref:
    """One value wherever the mask holds."""
    value = typed_operand(emit, call, "value", call.dtype)
    return chosen(emit, call, cast(emit, call.tensor("mask"), "bool"), value, call.tensor("self"))


def chosen(emit: Emitter, call: Aten, condition: Ref, a: Ref, b: Ref) -> Ref:
    """A Where. Constant masks that hide scores from a softmax are added to them, as attention does it."""
    mask, hidden = emit.constants.get(condition.name), hides(emit, a)
    if mask is not None and hidden and b.shape == call.shape:
        shown = np.where(mask, np.float32(MASKED), np.float32(0))
        return emit.node("Add", (b.name, emit.constant(shown)), call.shape)
    if mask is not None and hides(emit, b) and a.shape == call.shape:
        shown = np.where(mask, np.float32(0), np.float32(MASKED))
        return emit.node("Add", (a.name, emit.constant(shown)), call.shape)
    names = [finite(emit, v) for v in (a, b)]
    return emit.node("Where", (condition.name, *names), call.shape)


def hides(emit: Emitter, value: Ref) -> bool:
    """Whether a value is one number that is meant to vanish in a softmax."""
    known = emit.constants.get(value.name)
    return known is not None and known.dtype.kind == "f" and known.size == 1 and float(known.max()) <= HIDES


def finite(emit: Emitter, value: Ref) -> str:
    """The value's name; a constant's infinities as very large numbers, whose differences stay finite."""
    known = emit.constants.get(value.name)
    if known is None or known.dtype.kind != "f" or not np.isinf(known).any():
        return value.name
    return emit.constant(np.clip(known, np.float32(MASKED), np.float32(-MASKED)))


HANDLERS: dict[str, Handler] = {
    "to": converted,
    "_to_copy": converted,
    "type_as": converted,
    "eq": relation("Equal"),
    "ne": relation("NotEqual"),
    "gt": relation("Greater"),
    "ge": relation("GreaterOrEqual"),
    "lt": relation("Less"),
    "le": relation("LessOrEqual"),
    "logical_and": connective("And"),
    "logical_or": connective("Or"),
    "logical_not": connective("Not"),
    "bitwise_and": connective("And"),
    "bitwise_or": connective("Or"),
    "bitwise_not": connective("Not"),
    "__and__": connective("And"),
    "__or__": connective("Or"),
    "where": where,
    "masked_fill": masked_fill,
}
