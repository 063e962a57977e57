"""Reductions of ATen beyond sums and means: largest and smallest with their places, norms, running sums."""

from __future__ import annotations

import math

from netsuke.importers.pytorch.arithmetic import axes_of, binary, reduced
from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable


def extremum(reduction: str, arg: str, pairwise: str) -> Handler:
    """max and min: of two tensors, of all elements, or along an axis, with the place where it is read."""

    def handler(emit: Emitter, call: Aten) -> Ref | list[Ref]:
        if "other" in call.operands:
            return binary(pairwise)(emit, call)
        x = call.tensor("self")
        if "dim" not in call.operands:
            return reduced(emit, reduction, x, tuple(range(x.rank)), call)
        axis = x.axis(int(call.number("dim")))
        values = reduced(emit, reduction, x, (axis,), call)
        return [values, place(emit, arg, x, axis, call.shapes[0])] if 1 in call.read else [values]

    return handler


def place(emit: Emitter, op: str, x: Ref, axis: int, shape: tuple[int, ...]) -> Ref:
    """Index of the largest or smallest along an axis."""
    kept = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return emit.reshape(emit.node(op, (x.name,), kept, axis=axis, keepdims=1), shape)


def arg_extremum(op: str) -> Handler:
    """argmax and argmin: along an axis, or of all elements."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        x = call.tensor("self")
        if call.operands.get("dim") is None:
            return place(emit, op, emit.reshape(x, (math.prod(x.shape),)), 0, call.shape)
        return place(emit, op, x, x.axis(int(call.number("dim"))), call.shape)

    return handler


def norm(emit: Emitter, call: Aten) -> Ref:
    """linalg_vector_norm and norm, of order 2, 1 or infinite."""
    x = call.tensor("self")
    order = call.number("ord" if "ord" in call.operands else "p", 2)
    if order not in (1, 2, math.inf):
        raise Untranslatable(f"order {order:g}; 1, 2 or infinity were wanted")
    if order == math.inf:
        return reduced(emit, "ReduceMax", emit.node("Abs", (x.name,), x.shape), axes_of(call), call)
    return reduced(emit, f"ReduceL{order:g}", x, axes_of(call), call)


def running_sum(emit: Emitter, call: Aten) -> Ref:
    """cumsum along an axis."""
    x = call.tensor("self")
    axis = emit.constant(x.axis(int(call.number("dim"))), "int64")
    return emit.node("CumSum", (x.name, axis), call.shape)


def log_sum_exp(emit: Emitter, call: Aten) -> Ref:
    """log(sum(exp(x)))."""
    return reduced(emit, "ReduceLogSumExp", call.tensor("self"), axes_of(call), call)


HANDLERS: dict[str, Handler] = {
    "max": extremum("ReduceMax", "ArgMax", "Max"),
    "min": extremum("ReduceMin", "ArgMin", "Min"),
    "argmax": arg_extremum("ArgMax"),
    "argmin": arg_extremum("ArgMin"),
    "linalg_vector_norm": norm,
    "norm": norm,
    "cumsum": running_sum,
    "logsumexp": log_sum_exp,
}
