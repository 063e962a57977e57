"""What in-place writes to parts of a tensor become: a new tensor, put together of what stays and what is new."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable
from netsuke.importers.pytorch.shapes import first, sliced


def scattered(emit: Emitter, x: Ref, part: Ref, axis: int, start: int) -> Ref:
    """The value with a part of one axis replaced, from index `start` on."""
    end = start + part.shape[axis]
    pieces = [sliced(emit, x, axis, 0, start)] if start else []
    pieces.append(part)
    pieces += [sliced(emit, x, axis, end, x.shape[axis])] if end < x.shape[axis] else []
    return part if len(pieces) == 1 else emit.node("Concat", [p.name for p in pieces], x.shape, axis=axis)


def select_scatter(emit: Emitter, call: Aten) -> Ref:
    """One index of an axis replaced: x[:, 1] = y."""
    x = first(call)
    axis = x.axis(int(call.number("dim")))
    single = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    part = emit.reshape(call.tensor("src"), single)
    return scattered(emit, x, part, axis, int(call.number("index")) % x.shape[axis])


def slice_scatter(emit: Emitter, call: Aten) -> Ref:
    """Neighbouring indices of an axis replaced: x[:, 1:3] = y."""
    x = first(call)
    axis = x.axis(int(call.number("dim", 0)))
    start, end = (call.operands.get(n) for n in ("start", "end"))
    window = slice(start, end, int(call.number("step", 1))).indices(x.shape[axis])
    if window[2] != 1:
        raise Untranslatable(f"every {window[2]}th index is written; neighbouring ones were wanted")
    return scattered(emit, x, call.tensor("src"), axis, window[0])


def fill(emit: Emitter, call: Aten) -> Ref:
    """One number everywhere."""
    given = call.operands.get("value")
    number = emit.constants.get(given.name) if isinstance(given, Ref) else np.float32(call.number("value"))
    if number is None:
        raise Untranslatable("the value is computed at run time; a number was wanted")
    filled = np.broadcast_to(number.reshape(()), call.shape).astype(np.float32)
    return Ref(name=emit.constant(filled), shape=call.shape)


HANDLERS: dict[str, Handler] = {
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
    "fill": fill,
}
