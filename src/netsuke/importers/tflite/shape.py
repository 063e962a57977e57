"""The operators that move elements, in canonical form: axes not negative, shapes and sizes known."""

from __future__ import annotations

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.options import (
    ConcatenationOptions,
    PackOptions,
    SplitOptions,
    SplitVOptions,
    StridedSliceOptions,
    UnpackOptions,
)
from netsuke.importers.tflite.place import CannotDecode, Place
from netsuke.ir import TensorType
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.pack import Pack, Unpack
from netsuke.ops.pad import Pad
from netsuke.ops.reshape import Reshape
from netsuke.ops.slice import SliceMasks, StridedSlice, resolve
from netsuke.ops.split import Split
from netsuke.ops.transpose import Transpose

MAX_PARTS = 1024
"""Inputs or outputs of one operator."""


def axis_of(place: Place, axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < rank:
        raise Malformed(f"{place.record.op} ({place}) names axis {axis} of a tensor of {rank} dimensions")
    return axis % rank


def single(place: Place, index: int) -> int:
    """The one number of an operand."""
    numbers = place.ints(index)
    if len(numbers) != 1:
        raise Malformed(
            f"{place.record.op} ({place}): input {index} has {len(numbers)} numbers; 1 was wanted"
        )
    return numbers[0]


def reshape(place: Place) -> None:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: the output's own shape says all, whichever way the file repeats it."""
    place.expect((1, 2))
    place.node("reshape", Reshape(shape=place.y().shape), place.name(0))


def transpose(place: Place) -> None:
    """The permutation is operand 1."""
    place.expect((2, 2))
    place.node("transpose", Transpose(perm=place.ints(1)), place.name(0))


def pad(place: Place) -> None:
    """PAD fills with the output's zero point, PADV2 with a stored value."""
    place.expect((2, 3))
    amounts = place.ints(1)
    rank = len(place.x().shape)
    if len(amounts) != 2 * rank or min(amounts, default=0) < 0:
        raise Malformed(f"{place.record.op} ({place}) pads {rank} dimensions by {list(amounts)}")
    y = place.y()
    value: float = y.zero_point if y.dtype.is_integer and y.quantization is not None else 0
    if place.has(2):
        value = pad_value(place)
    pairs = tuple((amounts[2 * i], amounts[2 * i + 1]) for i in range(rank))
    place.node("pad", Pad(amounts=pairs, value=value), place.name(0))


def pad_value(place: Place) -> float:
    """The stored value of operand 2."""
    if not place.is_constant(2):
        raise CannotDecode("its pad value is computed at run time; a constant was wanted")
    value = place.x(2).data
    if value is None or value.size != 1 or place.x(2).dtype is not place.x().dtype:
        raise Malformed(f"{place.record.op} ({place}): one pad value of the input's type was wanted")
    stored = value.reshape(())[()]
    return float(stored) if value.dtype.kind == "f" else int(stored)


def concatenation(place: Place) -> None:
    """Any number of inputs."""
    place.expect((1, MAX_PARTS))
    o = place.options(ConcatenationOptions)
    if place.clamp(o.fused_activation_function) is not None:
        raise CannotDecode("it has a fused activation; make that a layer of its own")
    args = Concatenation(axis=axis_of(place, o.axis, len(place.y().shape)))
    place.node("concatenation", args, *(place.name(i) for i in range(len(place.record.inputs))))


def split(place: Place) -> None:
    """SPLIT (axis, x): equal parts."""
    place.expect((2, 2), outputs=None)
    x = place.x(1)
    axis = axis_of(place, single(place, 0), len(x.shape))
    parts = place.options(SplitOptions).num_splits
    if parts != len(place.record.outputs) or x.shape[axis] % parts:
        raise Malformed(
            f"SPLIT ({place}) cuts an axis of {x.shape[axis]} into {parts} parts "
            f"for {len(place.record.outputs)} outputs"
        )
    place.node("split", Split(axis=axis, sizes=(x.shape[axis] // parts,) * parts), x.name)


def split_v(place: Place) -> None:
    """SPLIT_V (x, sizes, axis); one size may be -1: what is left."""
    place.expect((3, 3), outputs=None)
    x = place.x(0)
    axis = axis_of(place, single(place, 2), len(x.shape))
    sizes = list(place.ints(1))
    if len(sizes) != len(place.record.outputs) or place.options(SplitVOptions).num_splits != len(sizes):
        raise Malformed(f"SPLIT_V ({place}) has sizes {sizes} for {len(place.record.outputs)} outputs")
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(sizes) - 1
    place.node("split", Split(axis=axis, sizes=tuple(sizes)), x.name)


def pack(place: Place) -> None:
    """Any number of inputs."""
    place.expect((1, MAX_PARTS))
    o = place.options(PackOptions)
    if o.values_count != len(place.record.inputs):
        raise Malformed(f"PACK ({place}) says {o.values_count} inputs and has {len(place.record.inputs)}")
    args = Pack(axis=axis_of(place, o.axis, len(place.y().shape)))
    place.node("pack", args, *(place.name(i) for i in range(len(place.record.inputs))))


def unpack(place: Place) -> None:
    """Any number of outputs."""
    place.expect((1, 1), outputs=None)
    o = place.options(UnpackOptions)
    if o.num != len(place.record.outputs):
        raise Malformed(f"UNPACK ({place}) says {o.num} outputs and has {len(place.record.outputs)}")
    place.node("unpack", Unpack(axis=axis_of(place, o.axis, len(place.x().shape))), place.name(0))


def slice_(place: Place) -> None:
    """SLICE (x, begin, size); a size of -1 reaches to the end."""
    place.expect((3, 3))
    shape, begin, size = place.x().shape, place.ints(1), place.ints(2)
    if not len(shape) == len(begin) == len(size):
        raise Malformed(f"SLICE ({place}) of {list(shape)} begins at {list(begin)} with sizes {list(size)}")
    ends = tuple(whole if n == -1 else b + n for whole, b, n in zip(shape, begin, size, strict=True))
    if any(not 0 <= b <= e <= whole for whole, b, e in zip(shape, begin, ends, strict=True)):
        raise Malformed(f"SLICE ({place}) of {list(shape)} begins at {list(begin)} with sizes {list(size)}")
    place.node("strided_slice", StridedSlice(begin=begin, end=ends, strides=(1,) * len(shape)), place.name(0))


def strided_slice(place: Place) -> None:
    """STRIDED_SLICE (x, begin, end, strides): masks resolved; new axes become a reshape of what is sliced."""
    place.expect((4, 4))
    o = place.options(StridedSliceOptions)
    begin, end, strides = place.ints(1), place.ints(2), place.ints(3)
    if not len(begin) == len(end) == len(strides):
        raise Malformed(f"STRIDED_SLICE ({place}) has begin {begin}, end {end} and strides {strides}")
    if o.offset:
        end = tuple(b + e for b, e in zip(begin, end, strict=True))
    kept = [i for i in range(len(begin)) if not o.new_axis_mask >> i & 1 or o.ellipsis_mask >> i & 1]
    masks = SliceMasks(
        begin=packed(o.begin_mask, kept),
        end=packed(o.end_mask, kept),
        ellipsis=packed(o.ellipsis_mask, kept),
        shrink_axis=packed(o.shrink_axis_mask, kept),
    )
    x = place.x()
    try:
        args = resolve(x.shape, kept_of(begin, kept), kept_of(end, kept), kept_of(strides, kept), masks)
    except GraphError as error:
        raise Malformed(f"STRIDED_SLICE ({place}): {error}") from None
    if len(kept) == len(begin):
        place.node("strided_slice", args, x.name)
        return
    sliced = place.builder.new_tensor(f"{place.y().name}/sliced", sliced_type(x, args))
    place.extra_node("strided_slice", args, (x.name,), sliced)
    place.node("reshape", Reshape(shape=place.y().shape), sliced)


def kept_of(numbers: tuple[int, ...], kept: list[int]) -> tuple[int, ...]:
    """The kept entries."""
    return tuple(numbers[i] for i in kept)


def packed(mask: int, kept: list[int]) -> int:
    """The mask's bits of the kept entries, moved together."""
    return sum((mask >> entry & 1) << i for i, entry in enumerate(kept))


def sliced_type(x: TensorType, args: StridedSlice) -> TensorType:
    """The type of a slice."""
    shape = tuple(len(args.indices(i)) for i in range(len(x.shape)) if i not in args.shrink_axes)
    return TensorType(shape=shape, dtype=x.dtype, quantization=x.quantization)


def densify(place: Place) -> None:
    """A sparse constant is read as a dense one: nothing is left to do."""
    place.expect((1, 1))
    if not place.is_constant(0):
        raise CannotDecode("its input is computed at run time; a sparse constant was wanted")
    place.fold(np.array(place.x().data))


DECODERS = {
    "CONCATENATION": concatenation,
    "DENSIFY": densify,
    "EXPAND_DIMS": reshape,
    "PACK": pack,
    "PAD": pad,
    "PADV2": pad,
    "RESHAPE": reshape,
    "SLICE": slice_,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": reshape,
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
