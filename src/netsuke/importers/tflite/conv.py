"""CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED."""

from __future__ import annotations

from netsuke.importers.tflite.constants import dequantized
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.options import (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    TransposeConvOptions,
)
from netsuke.importers.tflite.place import CannotDecode, Place
from netsuke.importers.tflite.windows import padding_of, positive
from netsuke.ir import DType, TensorType
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.transpose_conv import TransposeConv


def conv_2d(place: Place) -> None:
    """(x, weights, bias or none)."""
    place.expect((2, 3))
    o = place.options(Conv2DOptions)
    args = Conv2d(
        stride=positive(place, "stride", o.stride_h, o.stride_w),
        dilation=positive(place, "dilation", o.dilation_h_factor, o.dilation_w_factor),
        padding=padding_of(place, o.padding),
        clamp=place.clamp(o.fused_activation_function),
    )
    place.node("conv_2d", args, *operands(place, x=0, weights=1, bias=2))


def depthwise_conv_2d(place: Place) -> None:
    """(x, weights, bias or none); the depth multiplier is what the shapes say, as TFLite has it."""
    place.expect((2, 3))
    o = place.options(DepthwiseConv2DOptions)
    args = DepthwiseConv2d(
        stride=positive(place, "stride", o.stride_h, o.stride_w),
        dilation=positive(place, "dilation", o.dilation_h_factor, o.dilation_w_factor),
        padding=padding_of(place, o.padding),
        clamp=place.clamp(o.fused_activation_function),
    )
    place.node("depthwise_conv_2d", args, *operands(place, x=0, weights=1, bias=2))


def transpose_conv(place: Place) -> None:
    """(output shape, weights, x, bias or none); the output's own shape says its size."""
    place.expect((3, 4))
    o = place.options(TransposeConvOptions)
    shape = place.y().shape
    if len(shape) != 4:
        raise Malformed(
            f"TRANSPOSE_CONV ({place}) has an output of shape {list(shape)}; 4 dimensions were wanted"
        )
    args = TransposeConv(
        output=(shape[1], shape[2]),
        stride=positive(place, "stride", o.stride_h, o.stride_w),
        padding=padding_of(place, o.padding),
        clamp=place.clamp(o.fused_activation_function),
    )
    place.node("transpose_conv", args, *operands(place, x=2, weights=1, bias=3))


def fully_connected(place: Place) -> None:
    """(x, weights, bias or none)."""
    place.expect((2, 3))
    o = place.options(FullyConnectedOptions)
    if o.weights_format:
        raise CannotDecode("its weights are shuffled for 32-bit Arm; convert without that option")
    args = FullyConnected(keep_num_dims=o.keep_num_dims, clamp=place.clamp(o.fused_activation_function))
    place.node("fully_connected", args, *operands(place, x=0, weights=1, bias=2))


def operands(place: Place, *, x: int, weights: int, bias: int) -> tuple[str, ...]:
    """The names of x, weights and bias ('' where there is none)."""
    if not place.y().shape:
        raise Malformed(f"{place.record.op} ({place}) has an output without dimensions")
    return place.name(x), float_weights(place, x, weights), place.name(bias)


def float_weights(place: Place, x: int, weights: int) -> str:
    """The weights; those stored as int8 for a float32 layer (dynamic-range quantisation) as the real values
    they mean.

    TFLite quantises the activations of such a layer at run time. Computing in float32 is closer to the
    trained model.
    """
    stored = place.x(weights)
    if place.x(x).dtype is not DType.FLOAT32 or stored.dtype is not DType.INT8 or stored.data is None:
        return stored.name
    if stored.quantization is None:
        raise CannotDecode(f"its int8 weights {stored.name!r} have no scale")
    real = TensorType(shape=stored.shape, dtype=DType.FLOAT32)
    axis = stored.quantization.axis
    if axis is not None and not (
        0 <= axis < len(stored.shape) and len(stored.quantization.scale) == stored.shape[axis]
    ):
        raise Malformed(
            f"tensor {stored.name!r} of shape {list(stored.shape)} has wrong scales along axis {axis}"
        )
    return place.builder.new_tensor(
        f"{stored.name}/float", real, dequantized(stored.data, stored.quantization)
    )


DECODERS = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "TRANSPOSE_CONV": transpose_conv,
}
