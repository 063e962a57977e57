"""CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED: operands (x, weights, bias)."""

from __future__ import annotations

from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.emitter import Emitter
from netsuke.exporters.tflite.windows import PADDING_CODES, activation_code, is_same, padding_code
from netsuke.exporters.weights import compact_form, in_few_bits
from netsuke.importers.tflite.options import (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    TransposeConvOptions,
)
from netsuke.importers.tflite.records import ElementType
from netsuke.ir import DType
from netsuke.ops import transpose_conv as transposed
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.conv_geometry import BIAS, WEIGHTS, windows
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import Site

INT4_OPERATORS = ("conv_2d", "depthwise_conv_2d", "fully_connected")
"""Those whose weights LiteRT's kernels read as INT4."""


def conv_2d(emitter: Emitter, site: Site[Conv2d]) -> None:
    """CONV_2D."""
    image, padding = convolved_image(emitter, site)
    a = site.args
    options = Conv2DOptions(
        padding=padding,
        stride_h=a.stride[0],
        stride_w=a.stride[1],
        dilation_h_factor=a.dilation[0],
        dilation_w_factor=a.dilation[1],
        fused_activation_function=activation_code(site),
        quantized_bias_type=bias_type(site),
    )
    version = 8 if options.quantized_bias_type else 7 if has_int4(site) else None
    emitter.emit("CONV_2D", (image, *parameters(emitter, site)), (emitter.y(site),), options, version)


def depthwise_conv_2d(emitter: Emitter, site: Site[DepthwiseConv2d]) -> None:
    """DEPTHWISE_CONV_2D."""
    image, padding = convolved_image(emitter, site)
    a = site.args
    options = DepthwiseConv2DOptions(
        padding=padding,
        stride_h=a.stride[0],
        stride_w=a.stride[1],
        depth_multiplier=site.y().shape[3] // site.x().shape[3],
        dilation_h_factor=a.dilation[0],
        dilation_w_factor=a.dilation[1],
        fused_activation_function=activation_code(site),
    )
    inputs = (image, *parameters(emitter, site))
    emitter.emit("DEPTHWISE_CONV_2D", inputs, (emitter.y(site),), options, 6 if has_int4(site) else None)


def transpose_conv(emitter: Emitter, site: Site[transposed.TransposeConv]) -> None:
    """TRANSPOSE_CONV (output shape, weights, x, bias)."""
    a = site.args
    options = TransposeConvOptions(
        padding=transposed_padding(site),
        stride_h=a.stride[0],
        stride_w=a.stride[1],
        fused_activation_function=activation_code(site),
        quantized_bias_type=bias_type(site),
    )
    shape = emitter.int32(site.y().shape, f"{site.node.name}/output_shape")
    weights, *bias = parameters(emitter, site)
    version = 5 if options.quantized_bias_type else 4 if a.clamp is not None else None
    inputs = (shape, weights, emitter.x(site), *bias)
    emitter.emit("TRANSPOSE_CONV", inputs, (emitter.y(site),), options, version)


def fully_connected(emitter: Emitter, site: Site[FullyConnected]) -> None:
    """FULLY_CONNECTED."""
    options = FullyConnectedOptions(
        fused_activation_function=activation_code(site),
        keep_num_dims=site.args.keep_num_dims,
        quantized_bias_type=bias_type(site),
    )
    version = 11 if options.quantized_bias_type else 10 if has_int4(site) else None
    inputs = (emitter.x(site), *parameters(emitter, site, absent_bias=True))
    emitter.emit("FULLY_CONNECTED", inputs, (emitter.y(site),), options, version)


def convolved_image(emitter: Emitter, site: Site[Any]) -> tuple[int, int]:
    """(image, padding code): an explicit padding is of real value 0."""
    x = site.x()
    fill = x.zero_point if x.dtype.is_integer else 0
    return padding_code(emitter, site, *windows(site), fill=fill)


def transposed_padding(site: Site[transposed.TransposeConv]) -> int:
    """The padding code.

    Raises:
        UnsupportedModel: for amounts that are neither SAME's nor VALID's: TFLite has no others here.
    """
    padding = site.args.padding
    axes = transposed.windows(site)
    if padding is Padding.EXPLICIT and all(is_same(axis) for axis in axes):
        padding = Padding.SAME
    if padding is Padding.EXPLICIT:
        raise UnsupportedModel(
            f"transpose_conv {site.node.name!r}: padding {site.args.explicit} is not SAME; "
            "TFLite has no other amounts"
        )
    return PADDING_CODES[padding]


def parameters(emitter: Emitter, site: Site[Any], *, absent_bias: bool = False) -> tuple[int, ...]:
    """Weights and, where there is one, bias."""
    weights = weights_of(emitter, site)
    return (weights, emitter.x(site, BIAS)) if site.has(BIAS) or absent_bias else (weights,)


def weights_of(emitter: Emitter, site: Site[Any]) -> int:
    """The weights, INT4 or int8 where they have such a form."""
    if has_int4(site):
        return emitter.int4(site.x(WEIGHTS))
    form = compact_form(site)
    if form is None:
        return emitter.x(site, WEIGHTS)
    return emitter.compact(site.x(WEIGHTS), form.values, form.quantization)


def has_int4(site: Site[Any]) -> bool:
    """Whether the weights are written as INT4, which LiteRT has beside int8 activations."""
    return site.node.op in INT4_OPERATORS and site.x().dtype is DType.INT8 and in_few_bits(site)


def bias_type(site: Site[Any]) -> int:
    """The quantized_bias_type: said only where int16 activations have a bias that is not int64."""
    if site.x().dtype is DType.INT16 and site.has(BIAS) and site.x(BIAS).dtype is DType.INT32:
        return ElementType.INT32.value
    return 0


ENCODERS = {
    "conv_2d": conv_2d,
    "depthwise_conv_2d": depthwise_conv_2d,
    "transpose_conv": transpose_conv,
    "fully_connected": fully_connected,
}
