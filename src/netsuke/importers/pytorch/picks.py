"""Parts of ATen tensors by windows and by constant indices."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable
from netsuke.importers.pytorch.shapes import first, sliced
from netsuke.ir import Array


def gathered(emit: Emitter, x: Ref, axis: int, indices: Array) -> Ref:
    """Rows of an axis by constant indices; the axis takes the indices' shape."""
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    name = emit.constant(indices.astype(np.int64), np.int64)
    return emit.node("Gather", (x.name, name), shape, axis=axis)


def unfold(emit: Emitter, call: Aten) -> Ref:
    """Windows along an axis, their elements along a new last one: frames of a signal."""
    x = call.tensor("self")
    axis = x.axis(int(call.number("dimension")))
    size, step = int(call.number("size")), int(call.number("step"))
    count = (x.shape[axis] - size) // step + 1
    shape = (*x.shape[:axis], count, size, *x.shape[axis + 1 :])
    if size == step:
        whole = emit.reshape(sliced(emit, x, axis, 0, count * size), shape)
    else:
        whole = gathered(emit, x, axis, np.arange(count)[:, None] * step + np.arange(size))
    return emit.transpose(whole, [a for a in range(len(shape)) if a != axis + 1] + [axis + 1])


def roll(emit: Emitter, call: Aten) -> Ref:
    """Axes turned round: what leaves at the end comes in at the front."""
    x, dims = first(call), call.ints("dims") if call.operands.get("dims") else ()
    shifts = call.ints("shifts", len(dims))
    if not dims:
        flat = emit.reshape(x, (int(np.prod(x.shape)),))
        return emit.reshape(turned(emit, flat, 0, shifts[0]), x.shape)
    for axis, shift in zip(dims, shifts, strict=True):
        x = turned(emit, x, x.axis(axis), shift)
    return x


def turned(emit: Emitter, x: Ref, axis: int, shift: int) -> Ref:
    """One axis turned round."""
    size = x.shape[axis]
    cut = -shift % size if size else 0
    if not cut:
        return x
    parts = [sliced(emit, x, axis, cut, size), sliced(emit, x, axis, 0, cut)]
    return emit.node("Concat", [p.name for p in parts], x.shape, axis=axis)


def indexed(emit: Emitter, call: Aten) -> Ref:
    """x[:, list]: one axis by constant indices.

    Raises:
        Untranslatable: for several indices at once, masks, and indices of two tensors.
    """
    x = call.tensor("self")
    given = [(axis, i) for axis, i in enumerate(call.operands["indices"]) if i is not None]
    if len(given) != 1 or given[0][1].dtype == "bool":
        raise Untranslatable("several indices or a mask; one list of indices of one axis was wanted")
    axis, index = given[0]
    known = emit.constants.get(index.name)
    if known is not None:
        return gathered(emit, x, axis, np.where(known < 0, known + x.shape[axis], known))
    return emit.node("Gather", (x.name, index.name), call.shape, axis=axis)


def along(emit: Emitter, call: Aten) -> Ref:
    """gather: for every element of the result the index of one of an axis."""
    x = call.tensor("self")
    axis = x.axis(int(call.number("dim")))
    return emit.node("GatherElements", (x.name, call.tensor("index").name), call.shape, axis=axis)


def repeat_interleave(emit: Emitter, call: Aten) -> Ref:
    """Every element so many times in a row."""
    x, times = call.tensor("self"), int(call.number("repeats"))
    axis = 0 if call.operands.get("dim") is None else x.axis(int(call.number("dim")))
    if call.operands.get("dim") is None:
        x = emit.reshape(x, (int(np.prod(x.shape)),))
    fine = emit.reshape(x, (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]))
    wide = (*x.shape[: axis + 1], times, *x.shape[axis + 1 :])
    return emit.reshape(emit.node("Expand", (fine.name, emit.ints(wide)), wide), call.shape)


def channel_shuffle(emit: Emitter, call: Aten) -> Ref:
    """Channels of groups one after the other: (g, c) to (c, g)."""
    x, groups = call.tensor("self"), int(call.number("groups"))
    fine = emit.reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    return emit.reshape(emit.transpose(fine, (0, 2, 1, *range(3, fine.rank))), x.shape)


def moved_axis(emit: Emitter, call: Aten) -> Ref:
    """movedim: axes taken to other places, the others in their order."""
    x = call.tensor("self")
    source = [x.axis(a) for a in call.ints("source")]
    target = [x.axis(a) for a in call.ints("destination")]
    rest = iter(a for a in range(x.rank) if a not in source)
    return emit.transpose(x, [source[target.index(i)] if i in target else next(rest) for i in range(x.rank)])


def triangle(emit: Emitter, call: Aten) -> Ref:
    """tril and triu of what is computed."""
    offset = emit.constant(int(call.number("diagonal", 0)), np.int64)
    return emit.node("Trilu", (first(call).name, offset), call.shape, upper=int(call.op == "triu"))


def like(emit: Emitter, call: Aten) -> Ref:
    """zeros_like, ones_like, full_like, new_zeros ...: constants, since sizes are fixed."""
    ones = "ones" in call.op
    value = call.number("fill_value") if "fill_value" in call.operands else float(ones)
    data = np.full(call.shape, value, np.dtype(call.dtype))
    return Ref(name=emit.constant(data, data.dtype), shape=call.shape, dtype=call.dtype)


def einsum(emit: Emitter, call: Aten) -> Ref:
    """Einstein's sums."""
    names = [t.name for t in call.operands["tensors"]]
    return emit.node(
        "Einsum", names, call.shape, equation=str(call.operands["equation"]).replace(" ", "").encode()
    )


LIKE = (
    "zeros_like",
    "ones_like",
    "full_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "empty_like",
    "new_empty",
)
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(LIKE, like),
    "unfold": unfold,
    "roll": roll,
    "index": indexed,
    "gather": along,
    "repeat_interleave": repeat_interleave,
    "channel_shuffle": channel_shuffle,
    "movedim": moved_axis,
    "moveaxis": moved_axis,
    "tril": triangle,
    "triu": triangle,
    "einsum": einsum,
}
