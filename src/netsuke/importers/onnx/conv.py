"""Conv, and BatchNormalization where no layer before takes it in."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.elementwise import with_constant
from netsuke.importers.onnx.layout import channels_last
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Tail, Walk, clamp_to
from netsuke.importers.onnx.weights import Weights, layer_input, place, weights_of
from netsuke.importers.onnx.windows import sliding
from netsuke.ir import Array, DType, TensorType
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d


def conv(walk: Walk, node: OnnxNode) -> None:
    """CONV_2D or DEPTHWISE_CONV_2D over NHWC, with batch normalisation, bias and activation taken in."""
    builder, x = walk.builder, walk.value(node)
    weights = weights_of(node, walk.known(node, 1), walk.optional(node, 2))
    channels, groups = _checked(node, x, weights)
    window = sliding(node, x.shape[2:], weights.real.shape[2:])
    weights, tail = with_tail(walk, node.outputs[0], weights)
    x, coding = layer_input(walk, x, weights, tail.end)
    x = builder.arrange(x, channels_last(x.shape))
    depthwise = groups == channels and groups > 1
    view = kernel_view(weights.real.shape, depthwise)
    w, b = place(builder, tail.end, x, weights, coding, 3 if depthwise else 0, view)
    dtype, quantization = (DType.FLOAT32, None) if coding is None else (coding.dtype, coding.quantization)
    clamp = clamp_to(tail.clamp, TensorType(shape=(), dtype=dtype, quantization=quantization))
    kind = DepthwiseConv2d if depthwise else Conv2d
    args = kind(
        stride=window.stride,
        dilation=window.dilation,
        padding=window.padding,
        explicit=window.explicit,
        clamp=clamp,
    )
    op = "depthwise_conv_2d" if depthwise else "conv_2d"
    inputs = (x.tensor, w, b) if b else (x.tensor, w)
    tensor = builder.emit(op, args, inputs, tail.end, dtype, quantization)
    batch, height, width, outputs = builder.tensors[tensor].shape
    shape = (batch, outputs, width) if len(x.shape) == 3 else (batch, outputs, height, width)
    walk.put(tail.end, Value(tensor=tensor, shape=shape, placed=channels_last(shape)))


def _checked(node: OnnxNode, x: Value, weights: Weights) -> tuple[int, int]:
    """Input channels and groups of a convolution whose operands fit together."""
    shape = weights.real.shape
    if len(x.shape) not in (3, 4) or len(shape) != len(x.shape):
        raise Refusal(
            node,
            f"the input has {len(x.shape)} dimensions and the weights {len(shape)}; "
            "4 each (images), or 3 (signals), were wanted",
        )
    channels, groups = x.shape[1], node.int_("group", 1)
    if groups < 1 or shape[1] * groups != channels or shape[0] % groups or not shape[0]:
        raise Refusal(node, f"{channels} input channels in {groups} groups do not fit weights {list(shape)}")
    return channels, groups


def kernel_view(shape: tuple[int, ...], depthwise: bool) -> Array:
    """Indices into flat ONNX weights [O, C/g, (H,) W] for our [O, H, W, C/g] or [1, H, W, O]."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    if len(shape) == 3:
        index = index[:, :, np.newaxis]
    if depthwise:
        return index.transpose(1, 2, 3, 0)
    return index.transpose(0, 2, 3, 1)


def with_tail(walk: Walk, name: str, weights: Weights) -> tuple[Weights, Tail]:
    """The layer with what follows it alone taken in: batch normalisation, a constant added, then a clamp."""
    while True:
        reader = walk.sole_reader(name)
        folded = None if reader is None else _folded(walk, reader, name, weights)
        if reader is None or folded is None:
            return weights, walk.tail(name)
        walk.fused.add(reader.index)
        weights, name = folded, reader.outputs[0]


def _folded(walk: Walk, reader: OnnxNode, name: str, weights: Weights) -> Weights | None:
    """The layer followed by `reader`, as one layer; None when it is no affine map of channels."""
    if reader.op == "BatchNormalization" and weights.stored is None and reader.inputs[0] == name:
        constants = [walk.ahead(i) for i in reader.inputs[1:5]]
        known = [c for c in constants if c is not None and c.shape == (len(weights.real),)]
        return weights.affine(*batch_norm(reader, *known)) if len(known) == 4 else None
    if reader.op == "Add":
        other = reader.inputs[1] if reader.inputs[0] == name else reader.inputs[0]
        term = walk.ahead(other)
        # [O] beside a matrix product (channels last), [O, 1...] beside an image.
        flat = None if term is None or term.dtype != np.float32 else channel_term(term, weights.real)
        return None if flat is None else weights.plus(flat)
    return None


def channel_term(term: Array, weights: Array) -> Array | None:
    """A constant that adds one number to each output channel, as [O]; None when it does something else."""
    outputs, spatial = len(weights), weights.ndim - 2
    shape = term.shape
    while shape and shape[0] == 1 and len(shape) > 1 + spatial:
        shape = shape[1:]
    fits = shape == (outputs, *[1] * spatial) and term.ndim <= weights.ndim
    return term.reshape(-1) if fits else None


def batch_norm(
    node: OnnxNode, scale: Array, bias: Array, mean: Array, variance: Array
) -> tuple[Array, Array]:
    """(factor, term) of every channel, in double: scale * (x - mean) / sqrt(variance + epsilon) + bias."""
    if node.int_("training_mode", 0) or any(node.outputs[1:]):
        raise Refusal(node, "it is in training mode; export the model in evaluation mode (model.eval())")
    spread = variance.astype(np.float64) + node.float_("epsilon", 1e-5)
    if not (spread > 0).all():
        raise Refusal(node, "a variance plus epsilon is not above 0; export the trained model again")
    factor = scale.astype(np.float64) / np.sqrt(spread)
    return factor, bias.astype(np.float64) - mean.astype(np.float64) * factor


def batch_normalization(walk: Walk, node: OnnxNode) -> None:
    """A batch normalisation that stands alone: one MUL and one ADD a channel."""
    x = walk.builder.real(walk.value(node))
    constants = [walk.known(node, i).data for i in range(1, 5)]
    if len(x.shape) < 2 or any(c.shape != (x.shape[1],) for c in constants):
        raise Refusal(
            node, f"its constants {[list(c.shape) for c in constants]} do not fit {x.shape[1:2]} channels"
        )
    factor, term = batch_norm(node, *constants)
    column = (-1, *[1] * (len(x.shape) - 2))
    label = node.outputs[0]
    x = with_constant(
        walk, "mul", x, Known(data=factor.astype(np.float32).reshape(column)), f"{label}_scaled"
    )
    tail = walk.tail(label)
    known = Known(data=term.astype(np.float32).reshape(column))
    walk.put(tail.end, with_constant(walk, "add", x, known, tail.end, clamp=tail.clamp))


HANDLERS: dict[str, Handler] = {"Conv": conv, "BatchNormalization": batch_normalization}
