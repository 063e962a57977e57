"""The operators that move elements: RESHAPE, TRANSPOSE, PAD, CONCATENATION, SPLIT, PACK, UNPACK,
STRIDED_SLICE.
"""

from __future__ import annotations

import numpy as np

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import (
    ConcatenationOptions,
    PackOptions,
    PadOptions,
    PadV2Options,
    ReshapeOptions,
    SplitOptions,
    SplitVOptions,
    StridedSliceOptions,
    TransposeOptions,
    UnpackOptions,
)
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
    """The new shape as an operand and as an option, as TFLite's converter writes it."""
    shape = emitter.int32(site.args.shape, f"{site.node.name}/shape")
    options = ReshapeOptions(new_shape=site.args.shape)
    emitter.emit("RESHAPE", (emitter.x(site), shape), (emitter.y(site),), options)


def transpose(emitter: Emitter, site: Site[Transpose]) -> None:
    """The permutation is an operand."""
    perm = emitter.int32(site.args.perm, f"{site.node.name}/perm")
    emitter.emit("TRANSPOSE", (emitter.x(site), perm), (emitter.y(site),), TransposeOptions())


def pad(emitter: Emitter, site: Site[Pad]) -> None:
    """PAD where the value is the one it stands for, else PADV2."""
    amounts = emitter.int32(site.args.amounts, f"{site.node.name}/paddings")
    if site.args.value == implied_value(site.y()):
        emitter.emit("PAD", (emitter.x(site), amounts), (emitter.y(site),), PadOptions())
        return
    x = site.x()
    value = emitter.tensor_like(np.full((), site.args.value, x.dtype.numpy), x, f"{site.node.name}/value")
    emitter.emit("PADV2", (emitter.x(site), amounts, value), (emitter.y(site),), PadV2Options())


def implied_value(y: Tensor) -> int:
    """What PAD fills with: the output's zero point, 0 where there is none."""
    return 0 if y.quantization is None else y.zero_point


def concatenation(emitter: Emitter, site: Site[Concatenation]) -> None:
    """Any number of inputs."""
    inputs = tuple(emitter.x(site, i) for i in range(len(site.inputs)))
    emitter.emit("CONCATENATION", inputs, (emitter.y(site),), ConcatenationOptions(axis=site.args.axis))


def split(emitter: Emitter, site: Site[Split]) -> None:
    """SPLIT for equal parts, else SPLIT_V."""
    outputs = tuple(emitter.y(site, i) for i in range(len(site.outputs)))
    axis = emitter.int32(site.args.axis, f"{site.node.name}/axis")
    if len(set(site.args.sizes)) == 1:
        emitter.emit("SPLIT", (axis, emitter.x(site)), outputs, SplitOptions(num_splits=len(outputs)))
        return
    sizes = emitter.int32(site.args.sizes, f"{site.node.name}/sizes")
    emitter.emit("SPLIT_V", (emitter.x(site), sizes, axis), outputs, SplitVOptions(num_splits=len(outputs)))


def pack(emitter: Emitter, site: Site[Pack]) -> None:
    """Any number of inputs."""
    inputs = tuple(emitter.x(site, i) for i in range(len(site.inputs)))
    options = PackOptions(values_count=len(inputs), axis=site.args.axis)
    emitter.emit("PACK", inputs, (emitter.y(site),), options)


def unpack(emitter: Emitter, site: Site[Unpack]) -> None:
    """Any number of outputs."""
    outputs = tuple(emitter.y(site, i) for i in range(len(site.outputs)))
    options = UnpackOptions(num=len(outputs), axis=site.args.axis)
    emitter.emit("UNPACK", (emitter.x(site),), outputs, options)


def strided_slice(emitter: Emitter, site: Site[StridedSlice]) -> None:
    """Begin, end and strides as operands; an end before index 0 is one that the mask leaves open."""
    a, name = site.args, site.node.name
    operands = tuple(
        emitter.int32(values, f"{name}/{label}")
        for label, values in (("begin", a.begin), ("end", a.end), ("strides", a.strides))
    )
    options = StridedSliceOptions(
        end_mask=sum(1 << axis for axis, end in enumerate(a.end) if end < 0),
        shrink_axis_mask=sum(1 << axis for axis in a.shrink_axes),
    )
    emitter.emit("STRIDED_SLICE", (emitter.x(site), *operands), (emitter.y(site),), options)


ENCODERS = {
    "concatenation": concatenation,
    "pack": pack,
    "pad": pad,
    "reshape": reshape,
    "split": split,
    "strided_slice": strided_slice,
    "transpose": transpose,
    "unpack": unpack,
}
