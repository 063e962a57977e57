"""QuantizeLinear and DequantizeLinear: they become the types of tensors, and code only where no kernel takes
them in.

uint8 becomes int8 by taking 128 off values and zero points, which changes no real number.
"""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx import rounding
from netsuke.importers.onnx.builder import Known
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import OUTPUT_TYPES, Coding, Handler, Walk
from netsuke.importers.onnx.weights import fits
from netsuke.ir import Array, Quantization

PER_TENSOR = (
    "activations need one constant scale above 0 for the whole tensor, and a zero point of int8 or uint8, "
    "or one of int16 that is 0 (ActivationSymmetric in onnxruntime)"
)


def quantize_linear(walk: Walk, node: OnnxNode) -> None:
    """A constant is quantised here; a value that its layer gave as such integers passes; others get a
    QUANTIZE."""
    x = walk.operand(node, 0)
    if isinstance(x, Known):
        walk.put(node.outputs[0], Known(data=quantized(node, x.data, *parameters(walk, node))))
        return
    coding = coding_of(walk, node)
    walk.put(node.outputs[0], walk.builder.quantized(x, coding.dtype, coding.quantization))


def dequantize_linear(walk: Walk, node: OnnxNode) -> None:
    """A constant keeps its integers beside its real values; a computed value stays the integers it is."""
    x = walk.operand(node, 0)
    if isinstance(x, Known):
        walk.put(node.outputs[0], dequantized(walk, node, x.data))
        return
    coding = coding_of(walk, node)
    kind = walk.builder.type_of(x)
    if (kind.dtype, kind.quantization) != (coding.dtype, coding.quantization):
        raise Refusal(
            node, "it reads integers as another scale or zero point than they were written with; export again"
        )
    walk.put(node.outputs[0], x)


def coding_of(walk: Walk, node: OnnxNode) -> Coding:
    """The parameters of a whole tensor."""
    coding = walk.coding(node)
    if coding is None:
        raise Refusal(node, PER_TENSOR)
    return coding


def parameters(walk: Walk, node: OnnxNode) -> tuple[Array, Array, int]:
    """Scales and zero points of a constant, as flat arrays of one length, and the axis they run along."""
    scale = walk.known(node, 1).data
    zero = walk.optional(node, 2)
    kind = OUTPUT_TYPES.get(node.int_("output_dtype", 0))
    if zero is None and kind is None:
        raise Refusal(node, "it quantises to another type than int8, uint8 or int16")
    points = np.zeros(scale.shape, kind or np.uint8) if zero is None else zero.data
    if (
        node.int_("block_size", 0)
        or max(scale.ndim, points.ndim) > 1
        or points.size != scale.size
        or not scale.size
    ):
        raise Refusal(
            node,
            f"scales {list(scale.shape)}, zero points {list(points.shape)}; one each a channel was wanted",
        )
    if scale.dtype != np.float32 or not (np.isfinite(scale) & (scale > 0)).all():
        raise Refusal(node, "a scale is not a number above 0; calibrate and quantise the model again")
    return scale, points, node.int_("axis", 1)


def along(node: OnnxNode, values: Array, x: Array, axis: int) -> Array:
    """Flat per-channel values shaped to broadcast against x."""
    if values.size == 1:
        return values.reshape(())
    if not -x.ndim <= axis < x.ndim or x.shape[axis] != values.size:
        raise Refusal(
            node,
            f"{values.size} scales along axis {axis} of {list(x.shape)}; one for each channel was wanted",
        )
    shape = [1] * x.ndim
    shape[axis] = values.size
    return values.reshape(shape)


def quantized(node: OnnxNode, x: Array, scale: Array, zero: Array, axis: int) -> Array:
    """saturate(round(x / scale) + zero_point), halves to even, in the zero points' type."""
    if zero.dtype.kind not in "iu":
        raise Refusal(node, f"zero points are {zero.dtype}; integers were wanted")
    return rounding.quantized(x, along(node, scale, x, axis), along(node, zero, x, axis), zero.dtype)


def dequantized(walk: Walk, node: OnnxNode, x: Array) -> Known:
    """(x - zero_point) * scale in float32, and x itself as int8, int16 or int32."""
    if x.dtype.name not in ("int8", "uint8", "int16", "int32"):
        raise Refusal(node, f"a constant of {x.dtype} is dequantised; int8, uint8, int16 or int32 was wanted")
    if node.int_("block_size", 0):
        return in_blocks(walk, node, x)
    scale, zero, axis = parameters(walk, node)
    points = along(node, zero, x, axis).astype(np.int64)
    real = (x.astype(np.int64) - points).astype(np.float32) * along(node, scale, x, axis)
    shift = middle(x, zero)
    ints = x if shift == 0 else (x.astype(np.int16) - shift).astype(np.int8)
    bits = walk.model.few_bits.get(node.input(0))
    return Known(
        data=real.astype(np.float32),
        stored=ints,
        quantization=Quantization(
            scale=tuple(float(s) for s in scale.reshape(-1)),
            zero_point=tuple(int(z) - shift for z in zero.reshape(-1).astype(np.int64)),
            axis=None if scale.size == 1 else axis % x.ndim,
            bits=bits if bits is not None and fits(ints, bits) else None,
        ),
    )


def middle(x: Array, zero: Array) -> int:
    """What is taken off unsigned integers to make them signed: 8 where they are symmetric ones of four bits."""
    if x.dtype != np.uint8:
        return 0
    return 8 if x.size and x.max() < 16 and (zero == 8).all() else 128


def in_blocks(walk: Walk, node: OnnxNode, x: Array) -> Known:
    """A constant with a scale for every block of an axis: real numbers, since no kernel takes such integers."""
    scale, zero = walk.known(node, 1).data, walk.optional(node, 2)
    size, axis = node.int_("block_size", 0), node.int_("axis", 1)
    if not -x.ndim <= axis < x.ndim or size < 1 or scale.ndim != x.ndim:
        raise Refusal(
            node, f"blocks of {size} along axis {axis} of {list(x.shape)}, scales {list(scale.shape)}"
        )
    points = np.zeros(scale.shape, np.int64) if zero is None else zero.data.astype(np.int64)
    wide, shifts = (np.repeat(v, size, axis)[tuple(slice(d) for d in x.shape)] for v in (scale, points))
    if wide.shape != x.shape or shifts.shape != x.shape:
        raise Refusal(node, f"scales {list(scale.shape)} in blocks of {size} for {list(x.shape)}")
    return Known(data=((x.astype(np.int64) - shifts).astype(np.float32) * wide).astype(np.float32))


HANDLERS: dict[str, Handler] = {
    "QuantizeLinear": quantize_linear,
    "DequantizeLinear": dequantize_linear,
}
