"""Views, joins and parts of ATen."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable


def first(call: Aten) -> Ref:
    """The operand that a view is of."""
    return call.tensor("self" if "self" in call.operands else "input")


def identity(emit: Emitter, call: Aten) -> Ref:
    """What changes nothing at inference: contiguous, clone, dropout ..."""
    x = first(call)
    if call.op.endswith("dropout") and call.flag("train"):
        raise Untranslatable("it is in training mode; call module.eval() before the export")
    return x


def reshaped(emit: Emitter, call: Aten) -> Ref:
    """view, reshape, flatten, squeeze ...: the result's shape says all."""
    return emit.reshape(first(call), call.shape)


def permute(emit: Emitter, call: Aten) -> Ref:
    """Axes in another order."""
    x = first(call)
    return emit.transpose(x, [x.axis(a) for a in call.ints("dims")])


def transpose(emit: Emitter, call: Aten) -> Ref:
    """Two axes exchanged; `t` exchanges the two there are."""
    x = first(call)
    perm = list(range(x.rank))
    if call.op in ("t", "numpy_T", "mT"):
        a, b = (x.rank - 2, x.rank - 1) if x.rank > 1 else (0, 0)
    else:
        a, b = (x.axis(int(call.number(n))) for n in ("dim0", "dim1"))
    perm[a], perm[b] = perm[b], perm[a]
    return emit.transpose(x, perm)


def cat(emit: Emitter, call: Aten) -> Ref:
    """One after the other along an axis; torch drops empty vectors."""
    parts = [t for t in call.operands["tensors"] if t.shape != (0,)]
    axis = parts[0].axis(int(call.number("dim", 0)))
    return (
        parts[0] if len(parts) == 1 else emit.node("Concat", [p.name for p in parts], call.shape, axis=axis)
    )


def stack(emit: Emitter, call: Aten) -> Ref:
    """One after the other along a new axis."""
    parts = call.operands["tensors"]
    axis = int(call.number("dim", 0)) % (parts[0].rank + 1)
    single = (*parts[0].shape[:axis], 1, *parts[0].shape[axis:])
    return emit.node("Concat", [emit.reshape(p, single).name for p in parts], call.shape, axis=axis)


def split(emit: Emitter, call: Aten) -> list[Ref]:
    """split, split_with_sizes, chunk, tensor_split: the results' shapes say where."""
    x = first(call)
    axis = x.axis(int(call.number("dim", 0)))
    if len(call.shapes) == 1:
        return [x]
    sizes = [s[axis] for s in call.shapes]
    return emit.outputs("Split", (x.name, emit.ints(sizes)), call.shapes, axis=axis)


def unbind(emit: Emitter, call: Aten) -> list[Ref]:
    """Every index of an axis for itself."""
    x = first(call)
    axis = x.axis(int(call.number("dim", 0)))
    single = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    if x.shape[axis] == 1:
        return [emit.reshape(x, call.shapes[0])]
    parts = emit.outputs(
        "Split", (x.name, emit.ints([1] * x.shape[axis])), [single] * x.shape[axis], axis=axis
    )
    return [emit.reshape(p, s) for p, s in zip(parts, call.shapes, strict=True)]


def sliced(emit: Emitter, x: Ref, axis: int, start: int, end: int, step: int = 1) -> Ref:
    """A regular part of one axis."""
    count = len(range(start, end, step))
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    if shape == x.shape and step == 1:
        return x
    names = (x.name, *(emit.ints([v]) for v in (start, end, axis, step)))
    return emit.node("Slice", names, shape)


def slice_(emit: Emitter, call: Aten) -> Ref:
    """slice, narrow: numbers known at export."""
    x = first(call)
    axis = x.axis(int(call.number("dim", 0)))
    size = x.shape[axis]
    if call.op == "narrow":
        begin = int(call.number("start")) % size
        return sliced(emit, x, axis, begin, begin + int(call.number("length")))
    start, end = (call.operands.get(n) for n in ("start", "end"))
    window = slice(start, end, int(call.number("step", 1))).indices(size)
    return sliced(emit, x, axis, *window)


def select(emit: Emitter, call: Aten) -> Ref:
    """One index of an axis, which goes away."""
    x = first(call)
    axis = x.axis(int(call.number("dim")))
    index = int(call.number("index")) % x.shape[axis]
    return emit.reshape(sliced(emit, x, axis, index, index + 1), call.shape)


def expand(emit: Emitter, call: Aten) -> Ref:
    """Repeated along axes of 1; left to the operators that read it where all of them broadcast."""
    x = first(call)
    if x.shape == call.shape or call.readers <= BROADCAST:
        return x
    return emit.node("Expand", (x.name, emit.ints(call.shape)), call.shape)


def repeat(emit: Emitter, call: Aten) -> Ref:
    """repeat, tile: the whole, so many times along each axis."""
    x = first(call)
    times = call.ints("repeats" if "repeats" in call.operands else "dims")
    padded = emit.reshape(x, (1,) * (len(times) - x.rank) + x.shape)
    times = (1,) * (padded.rank - len(times)) + times
    return emit.node("Tile", (padded.name, emit.ints(times)), call.shape)


def pad(emit: Emitter, call: Aten) -> Ref:
    """constant_pad_nd, pad and their like: torch counts the axes from the last one; negative amounts cut off."""
    x, flat = first(call), call.ints("padding" if "padding" in call.operands else "pad")
    mode = str(call.operands.get("mode", "constant"))
    for stem, meant in (
        ("reflection", "reflect"),
        ("replication", "replicate"),
        ("_pad_circular", "circular"),
    ):
        mode = meant if call.op.startswith(stem) else mode
    if mode not in MODES:
        raise Untranslatable(f"mode {mode!r}; {', '.join(MODES)} were wanted")
    before, after = [0] * x.rank, [0] * x.rank
    for i in range(len(flat) // 2):
        before[x.rank - 1 - i], after[x.rank - 1 - i] = flat[2 * i], flat[2 * i + 1]
    for axis in range(x.rank):
        cut = (max(-before[axis], 0), x.shape[axis] + min(after[axis], 0))
        x = sliced(emit, x, axis, *cut)
    pads = [max(p, 0) for p in (*before, *after)]
    if not any(pads):
        return x
    if mode == "circular":
        return circular(emit, x, pads[: x.rank], pads[x.rank :])
    value = emit.scalar(call.number("value", 0))
    return emit.node("Pad", (x.name, emit.ints(pads), value), call.shape, mode=MODES[mode])


def circular(emit: Emitter, x: Ref, before: Sequence[int], after: Sequence[int]) -> Ref:
    """Padded with what lies at the other end of each axis."""
    for axis, (front, behind) in enumerate(zip(before, after, strict=True)):
        size = x.shape[axis]
        if max(front, behind) > size:
            raise Untranslatable(f"more padding than the {size} elements of axis {axis}")
        parts = [sliced(emit, x, axis, size - front, size)] if front else []
        parts += [x, *([sliced(emit, x, axis, 0, behind)] if behind else [])]
        shape = (*x.shape[:axis], size + front + behind, *x.shape[axis + 1 :])
        x = x if len(parts) == 1 else emit.node("Concat", [p.name for p in parts], shape, axis=axis)
    return x


def pixel_shuffle(emit: Emitter, call: Aten) -> Ref:
    """Channels to pixels; torch's order is ONNX's CRD."""
    factor = int(call.number("upscale_factor"))
    return emit.node("DepthToSpace", (first(call).name,), call.shape, blocksize=factor, mode=b"CRD")


def pixel_unshuffle(emit: Emitter, call: Aten) -> Ref:
    """Pixels to channels, channel by channel."""
    x, f = first(call), int(call.number("downscale_factor"))
    batch, c, h, w = x.shape
    fine = emit.reshape(x, (batch, c, h // f, f, w // f, f))
    return emit.reshape(emit.transpose(fine, (0, 1, 3, 5, 2, 4)), call.shape)


def embedding(emit: Emitter, call: Aten) -> Ref:
    """Rows of a table by number."""
    return emit.node("Gather", (call.tensor("weight").name, call.tensor("indices").name), call.shape, axis=0)


def index_select(emit: Emitter, call: Aten) -> Ref:
    """Some indices of an axis."""
    x = first(call)
    axis = x.axis(int(call.number("dim")))
    return emit.node("Gather", (x.name, call.tensor("index").name), call.shape, axis=axis)


def flip(emit: Emitter, call: Aten) -> Ref:
    """Axes backwards: slices of step -1."""
    x = first(call)
    for axis in (x.axis(a) for a in call.ints("dims")):
        size = x.shape[axis]
        names = (x.name, *(emit.ints([v]) for v in (size - 1, -size - 1, axis, -1)))
        x = emit.node("Slice", names, x.shape)
    return x


MODES = {"constant": b"constant", "reflect": b"reflect", "replicate": b"edge", "circular": b"wrap"}
"""How torch says what the padding holds → how ONNX does."""
BROADCAST = frozenset(
    {"add", "sub", "mul", "div", "minimum", "maximum", "multiply", "subtract", "divide", "rsub"}
)
"""Operators of two operands that repeat what is of size 1 themselves."""
IDENTITIES = (
    "contiguous", "clone", "detach", "alias", "dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout",
    "lift_fresh_copy", "identity", "resolve_conj", "resolve_neg",
)  # fmt: skip
VIEWS = (
    "view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as",
    "ravel", "view_copy", "_reshape_alias",
)  # fmt: skip
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(IDENTITIES, identity),
    **dict.fromkeys(VIEWS, reshaped),
    "permute": permute,
    "transpose": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "t": transpose,
    "numpy_T": transpose,
    "mT": transpose,
    "cat": cat,
    "concat": cat,
    "concatenate": cat,
    "stack": stack,
    "split": split,
    "split_with_sizes": split,
    "unsafe_split": split,
    "unsafe_chunk": split,
    "chunk": split,
    "tensor_split": split,
    "unbind": unbind,
    "slice": slice_,
    "narrow": slice_,
    "select": select,
    "expand": expand,
    "expand_as": expand,
    "broadcast_to": expand,
    "repeat": repeat,
    "tile": repeat,
    "pad": pad,
    "constant_pad_nd": pad,
    "reflection_pad1d": pad,
    "reflection_pad2d": pad,
    "replication_pad1d": pad,
    "replication_pad2d": pad,
    "_pad_circular": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "embedding": embedding,
    "index_select": index_select,
    "flip": flip,
}
