"""Operators that move stored values: no dequantisation, no rounding."""

from __future__ import annotations

import numpy as np

from netsuke.exporters.onnx.emitter import TO_FIRST, Emitter, Encoder, Order
from netsuke.exporters.onnx.pointwise import order_of
from netsuke.ir import Tensor
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.operator import Site
from netsuke.ops.pack import Pack, Unpack
from netsuke.ops.pad import Pad
from netsuke.ops.reshape import Reshape
from netsuke.ops.slice import StridedSlice
from netsuke.ops.split import Split
from netsuke.ops.transpose import Transpose


def reshape(emitter: Emitter, site: Site[Reshape]) -> None:
    """Another shape."""
    emitter.moved(site.y(), shaped(emitter, emitter.stored(site.x()), site.y()))


def shaped(emitter: Emitter, value: str, y: Tensor) -> str:
    """A Reshape to a tensor's shape."""
    return emitter.emit("Reshape", (value, emitter.ints(y.shape, f"{y.name}_shape")), f"{y.name}_shaped")


def transpose(emitter: Emitter, site: Site[Transpose]) -> None:
    """Axes in another order."""
    value = emitter.emit(
        "Transpose", (emitter.stored(site.x()),), f"{site.y().name}_moved", perm=site.args.perm
    )
    emitter.moved(site.y(), value)


def placed(axis: int, order: Order) -> int:
    """Where an axis of ours is."""
    return TO_FIRST.index(axis) if order is Order.FIRST else axis


def concatenation(emitter: Emitter, site: Site[Concatenation]) -> None:
    """One after the other."""
    parts = tuple(t for t in site.inputs if t is not None)
    order = order_of(emitter, parts)
    axis = placed(site.args.axis % len(parts[0].shape), order)
    names = [emitter.stored(t, order) for t in parts]
    emitter.moved(site.y(), emitter.emit("Concat", names, f"{site.y().name}_joined", axis=axis), order)


def split(emitter: Emitter, site: Site[Split]) -> None:
    """Parts along an axis."""
    names = [emitter.fresh(f"{y.name}_part") for y in site.outputs if y is not None]
    sizes = emitter.ints(site.args.sizes, f"{names[0]}_sizes")
    emitter.emit_to("Split", (emitter.stored(site.x()), sizes), names, {"axis": site.args.axis})
    for index, name in enumerate(names):
        emitter.moved(site.y(index), name)


def pack(emitter: Emitter, site: Site[Pack]) -> None:
    """One after the other along a new axis."""
    y, axis = site.y(), site.args.axis % len(site.y().shape)
    parts = []
    for index in range(len(site.inputs)):
        x = site.x(index)
        single = (*x.shape[:axis], 1, *x.shape[axis:])
        names = (emitter.stored(x), emitter.ints(single, f"{y.name}_single"))
        parts.append(emitter.emit("Reshape", names, f"{x.name}_single"))
    emitter.moved(y, emitter.emit("Concat", parts, f"{y.name}_joined", axis=axis))


def unpack(emitter: Emitter, site: Site[Unpack]) -> None:
    """Every index of an axis for itself."""
    x = site.x()
    axis = site.args.axis % len(x.shape)
    names = [emitter.fresh(f"{y.name}_part") for y in site.outputs if y is not None]
    sizes = emitter.ints([1] * len(names), f"{x.name}_sizes")
    emitter.emit_to("Split", (emitter.stored(x), sizes), names, {"axis": axis})
    for index, name in enumerate(names):
        emitter.moved(site.y(index), shaped(emitter, name, site.y(index)))


def pad(emitter: Emitter, site: Site[Pad]) -> None:
    """A frame of one stored value."""
    x, y = site.x(), site.y()
    order = order_of(emitter, (x,))
    amounts = list(site.args.amounts)
    if order is Order.FIRST:
        amounts = [amounts[a] for a in TO_FIRST]
    pads = emitter.ints([a for a, _ in amounts] + [b for _, b in amounts], f"{y.name}_pads")
    value = emitter.constant(np.asarray(site.args.value, x.dtype.numpy).reshape(()), f"{y.name}_fill")
    emitter.moved(y, emitter.emit("Pad", (emitter.stored(x, order), pads, value), f"{y.name}_padded"), order)


def strided_slice(emitter: Emitter, site: Site[StridedSlice]) -> None:
    """A regular part; an end before index 0 is ONNX's most negative one."""
    a, y = site.args, site.y()
    lowest = -(1 << 31)
    ends = [lowest if end < 0 else end for end in a.end]
    operands = (a.begin, ends, range(len(ends)), a.strides)
    names = [emitter.ints(list(values), f"{y.name}_bounds") for values in operands]
    value = emitter.emit("Slice", (emitter.stored(site.x()), *names), f"{y.name}_sliced")
    emitter.moved(y, shaped(emitter, value, y) if a.shrink_axes else value)


ENCODERS: dict[str, Encoder] = {
    "reshape": reshape,
    "transpose": transpose,
    "concatenation": concatenation,
    "split": split,
    "pack": pack,
    "unpack": unpack,
    "pad": pad,
    "strided_slice": strided_slice,
}
