"""Operators that put tensors together or cut them: Concat, Split, Slice, Pad."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.constants import normal_axes
from netsuke.importers.onnx.layout import Shape, order_of, permuted, plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.rounding import stored_value
from netsuke.importers.onnx.walk import Coding, Handler, Walk
from netsuke.ir import Array
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.pad import Pad
from netsuke.ops.slice import StridedSlice


def ordered(walk: Walk, x: Value) -> tuple[Value, tuple[int | None, ...]]:
    """The value with every stored dimension one whole ONNX axis, and which."""
    order = order_of(x.placed, x.shape)
    if order is not None:
        return x, order
    return walk.builder.arrange(x, plain(x.shape)), tuple(range(len(x.shape)))


def concat(walk: Walk, node: OnnxNode) -> None:
    """One after the other in the layout of the first computed operand."""
    operands = [walk.operand(node, i) for i in range(len(node.inputs))]
    operands = [v for v in operands if isinstance(v, Value) or v.data.size]
    if len(operands) == 1 and isinstance(operands[0], Value):
        walk.put(node.outputs[0], operands[0])
        return
    first_computed = next(v for v in operands if isinstance(v, Value))
    first, order = ordered(walk, first_computed)
    (axis,) = normal_axes(node, [node.int_("axis", 0)], len(first.shape))
    shapes = [v.shape if isinstance(v, Value) else v.data.shape for v in operands]
    if len({(len(s), s[:axis], s[axis + 1 :]) for s in shapes}) != 1:
        raise Refusal(node, f"shapes {[list(s) for s in shapes]} differ beside axis {axis}")
    coding = common_coding(walk, node, operands)
    names = tuple(stored_operand(walk, v, order, coding, node.outputs[0]) for v in operands)
    kept = walk.builder.tensors[names[operands.index(first_computed)]].dtype
    dtype, quantization = (kept, None) if coding is None else (coding.dtype, coding.quantization)
    args = Concatenation(axis=order.index(axis))
    tensor = walk.builder.emit("concatenation", args, names, node.outputs[0], dtype, quantization)
    shape = (*first.shape[:axis], sum(s[axis] for s in shapes), *first.shape[axis + 1 :])
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=permuted(shape, order)))


def common_coding(walk: Walk, node: OnnxNode, operands: list[Value | Known]) -> Coding | None:
    """How all operands of a concatenation are stored: as its output when that is quantised, or as they all
    are."""
    if any(isinstance(v, Known) or not walk.is_integer(v) for v in operands):
        return None
    kinds = [walk.builder.type_of(v) for v in operands if isinstance(v, Value)]
    alike = all((k.dtype, k.quantization) == (kinds[0].dtype, kinds[0].quantization) for k in kinds)
    if alike and kinds[0].quantization is not None:
        return Coding(dtype=kinds[0].dtype, quantization=kinds[0].quantization)
    return walk.target(node.outputs[0])


def stored_operand(
    walk: Walk, v: Value | Known, order: tuple[int | None, ...], coding: Coding | None, wanted: str
) -> str:
    """The tensor of an operand in a layout and coding."""
    if isinstance(v, Known):
        placed = permuted(v.data.shape, order)
        data = v.data.astype(np.int32) if v.data.dtype == np.int64 else v.data
        return walk.builder.constant(f"{wanted}_part", placed.store(data))
    x = (
        walk.builder.real(v)
        if coding is None
        else walk.builder.quantized(v, coding.dtype, coding.quantization)
    )
    return walk.builder.arrange(x, permuted(x.shape, order)).tensor


def pad(walk: Walk, node: OnnxNode) -> None:
    """A frame of one value; negative amounts cut off."""
    x, order = ordered(walk, walk.value(node))
    given = walk.optional(node, 2)
    value = node.float_("value", 0.0) if given is None else float(given.data.reshape(-1)[0])
    amounts = pad_amounts(walk, node, x.shape)
    if any(min(pair) < 0 for pair in amounts):
        ranges = [range(max(-b, 0), d - max(-a, 0)) for d, (b, a) in zip(x.shape, amounts, strict=True)]
        if any(len(r) == 0 for r in ranges):
            raise Refusal(node, f"pads {amounts} leave nothing of {list(x.shape)}")
        taken(walk, node.outputs[0], x, order, ranges)
        x = walk.value_of(node.outputs[0])
        amounts = [(max(b, 0), max(a, 0)) for b, a in amounts]
        if not any(map(any, amounts)):
            return
    kind = walk.builder.type_of(x)
    if kind.quantization is not None:
        whole = given is not None and given.stored is None and given.data.dtype.kind in "iu"
        value = stored_as_ours(given.data) if given is not None and whole else stored_value(value, kind.type)
    args = Pad(amounts=tuple((0, 0) if axis is None else amounts[axis] for axis in order), value=value)
    tensor = walk.builder.emit("pad", args, (x.tensor,), node.outputs[0], kind.dtype, kind.quantization)
    shape = tuple(d + before + after for d, (before, after) in zip(x.shape, amounts, strict=True))
    walk.put(node.outputs[0], Value(tensor=tensor, shape=shape, placed=permuted(shape, order)))


def stored_as_ours(fill: Array) -> int:
    """A number among stored integers (the file pads what a QuantizeLinear gave): unsigned ones are 128 more."""
    return int(fill.reshape(-1)[0]) - (128 if fill.dtype == np.uint8 else 0)


def pad_amounts(walk: Walk, node: OnnxNode, shape: Shape) -> list[tuple[int, int]]:
    """(before, after) for every ONNX axis; negative where something is cut off.

    Raises:
        Refusal: when they do not fit the rank, or are absurd.
    """
    rank = len(shape)
    flat = node.ints("pads")
    if node.input(1):
        flat = tuple(int(p) for p in walk.known(node, 1).data.reshape(-1))
    axes = tuple(range(rank))
    if node.input(3):
        axes = tuple(int(a) for a in walk.known(node, 3).data.reshape(-1))
    axes = tuple(a + rank if a < 0 else a for a in axes)
    fits = flat is not None and len(flat) == 2 * len(axes) and not set(axes) - set(range(rank))
    if flat is None or not fits or any(abs(p) > 1 << 20 for p in flat):
        raise Refusal(
            node, f"pads {list(flat or ())[:16]} for {rank} dimensions; two amounts each were wanted"
        )
    amounts = [(0, 0)] * rank
    for i, axis in enumerate(axes):
        amounts[axis] = (flat[i], flat[i + len(axes)])
    return amounts


def slice_(walk: Walk, node: OnnxNode) -> None:
    """A regular part with constant bounds."""
    x, order = ordered(walk, walk.value(node))
    ranges = slice_ranges(walk, node, x.shape)
    put_part(walk, node.outputs[0], x, order, ranges)


def slice_ranges(walk: Walk, node: OnnxNode, shape: Shape) -> list[range]:
    """The indices taken along every ONNX axis."""
    if len(node.inputs) >= 3:
        starts, ends = (walk.known(node, i).data.reshape(-1) for i in (1, 2))
    else:
        starts, ends = (np.asarray(node.ints(name) or ()) for name in ("starts", "ends"))
    axes_known, steps_known = walk.optional(node, 3), walk.optional(node, 4)
    axes: Array | tuple[int, ...] = node.ints("axes") or tuple(range(len(starts)))
    axes = axes if axes_known is None else axes_known.data.reshape(-1)
    steps = np.ones(len(starts), np.int64) if steps_known is None else steps_known.data.reshape(-1)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise Refusal(node, "starts, ends, axes and steps are of different lengths")
    found = [range(d) for d in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -len(shape) <= axis < len(shape) or step == 0:
            raise Refusal(node, f"axis {axis} with step {step} of {len(shape)} dimensions")
        found[int(axis)] = range(shape[int(axis)])[slice(int(start), int(end), int(step))]
    return found


def put_part(walk: Walk, name: str, x: Value, order: tuple[int | None, ...], ranges: list[range]) -> None:
    """A part of a value; one without elements is known already, and a Concat passes over it."""
    if all(ranges):
        taken(walk, name, x, order, ranges)
        return
    empty = np.zeros([len(r) for r in ranges], walk.builder.type_of(x).dtype.numpy)
    walk.put(name, Known(data=empty))


def taken(walk: Walk, name: str, x: Value, order: tuple[int | None, ...], ranges: list[range]) -> None:
    """STRIDED_SLICE of a value whose stored dimensions are ONNX axes."""
    stored = [range(1) if axis is None else ranges[axis] for axis in order]
    args = StridedSlice(
        begin=tuple(r.start for r in stored),
        end=tuple(r.stop for r in stored),
        strides=tuple(r.step for r in stored),
    )
    kind = walk.builder.type_of(x)
    shape = tuple(len(r) for r in ranges)
    tensor = x.tensor
    if shape != x.shape or any(r.step != 1 for r in ranges):
        tensor = walk.builder.emit("strided_slice", args, (tensor,), name, kind.dtype, kind.quantization)
    walk.put(name, Value(tensor=tensor, shape=shape, placed=permuted(shape, order)))


def split(walk: Walk, node: OnnxNode) -> None:
    """Parts along an axis, each a slice."""
    x, order = ordered(walk, walk.value(node))
    (axis,) = normal_axes(node, [node.int_("axis", 0)], len(x.shape))
    given = walk.optional(node, 1)
    sizes = node.ints("split") if given is None else tuple(int(s) for s in given.data.reshape(-1))
    count = len(node.outputs)
    if node.int_("num_outputs", count) != count:
        raise Refusal(node, f"num_outputs is {node.int_('num_outputs', count)} for {count} outputs")
    if sizes is None:
        part = -(-x.shape[axis] // count)
        sizes = tuple(min(part, x.shape[axis] - i * part) for i in range(count))
    if len(sizes) != count or sum(sizes) != x.shape[axis] or min(sizes) < 0:
        raise Refusal(node, f"sizes {list(sizes)[:8]} for {count} parts of {x.shape[axis]}")
    start = 0
    for name, size in zip(node.outputs, sizes, strict=True):
        ranges = [range(d) for d in x.shape]
        ranges[axis] = range(start, start + size)
        put_part(walk, name, x, order, ranges)
        start += size


HANDLERS: dict[str, Handler] = {"Concat": concat, "Slice": slice_, "Split": split}
