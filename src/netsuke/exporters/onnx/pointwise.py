"""Operators of single elements, pools and reductions: the order of an image is the one that its operands have."""

from __future__ import annotations

from typing import Any

from netsuke.exporters.onnx.emitter import TO_FIRST, Emitter, Encoder, Order
from netsuke.exporters.onnx.layers import pads_of
from netsuke.ir import DType, Tensor
from netsuke.ops.arg_max import ArgMax
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.operator import Site
from netsuke.ops.pool import Pool2d, windows
from netsuke.ops.reduce import Reduce
from netsuke.ops.resize import Resize
from netsuke.ops.softmax import Softmax


def order_of(emitter: Emitter, tensors: tuple[Tensor, ...]) -> Order:
    """Channels first when all are images and lie so; a scalar takes any order."""
    images = all(len(t.shape) == 4 for t in tensors)
    return Order.FIRST if images and all(emitter.has(t, Order.FIRST) for t in tensors) else Order.LAST


def elementwise(op: str) -> Encoder:
    """An ONNX operator of as many operands as ours has."""

    def encoder(emitter: Emitter, site: Site[Any]) -> None:
        operands = tuple(t for t in site.inputs if t is not None)
        order = order_of(emitter, operands)
        y = site.y()
        value = emitter.emit(op, [emitter.real(t, order) for t in operands], f"{y.name}_value")
        emitter.result(y, value, order, getattr(site.args, "clamp", None))

    return encoder


def clipped(low: float, high: float | None) -> Encoder:
    """Relu6 and its kin."""

    def encoder(emitter: Emitter, site: Site[Any]) -> None:
        order, y = order_of(emitter, (site.x(),)), site.y()
        bounds = [emitter.scalar(v, f"{y.name}_bound") for v in (low, high) if v is not None]
        emitter.result(
            y, emitter.emit("Clip", (emitter.real(site.x(), order), *bounds), f"{y.name}_value"), order
        )

    return encoder


def leaky_relu(emitter: Emitter, site: Site[LeakyRelu]) -> None:
    """The slope is an attribute."""
    order = order_of(emitter, (site.x(),))
    real = emitter.real(site.x(), order)
    emitter.result(
        site.y(), emitter.emit("LeakyRelu", (real,), f"{site.y().name}_value", alpha=site.args.alpha), order
    )


def prelu(emitter: Emitter, site: Site[Any]) -> None:
    """Slopes broadcast from the last axis: channels last."""
    names = [emitter.real(site.x(i)) for i in (0, 1)]
    emitter.result(site.y(), emitter.emit("PRelu", names, f"{site.y().name}_value"))


def softmax(emitter: Emitter, site: Site[Softmax]) -> None:
    """Over the last axis; beta multiplies first."""
    y, real = site.y(), emitter.real(site.x())
    if site.args.beta != 1:
        beta = emitter.scalar(site.args.beta, f"{y.name}_beta")
        real = emitter.emit("Mul", (real, beta), f"{y.name}_scaled")
    emitter.result(y, emitter.emit("Softmax", (real,), f"{y.name}_value", axis=-1))


def requantize(emitter: Emitter, site: Site[Any]) -> None:
    """QUANTIZE and DEQUANTIZE: real values that are stored otherwise.

    A Cast to float32 says that what reads a DEQUANTIZE computes in float32, though its result may be quantised again.
    """
    order = order_of(emitter, (site.x(),))
    value = emitter.real(site.x(), order)
    if site.y().quantization is None:
        value = emitter.emit(
            "Cast", (value,), f"{site.y().name}_value", to=int(emitter.onnx.TensorProto.FLOAT)
        )
    emitter.result(site.y(), value, order)


def pool(op: str) -> Encoder:
    """Maximum, or mean without the padding."""

    def encoder(emitter: Emitter, site: Site[Pool2d]) -> None:
        a, y = site.args, site.y()
        value = emitter.emit(
            op, (emitter.real(site.x(), Order.FIRST),), f"{y.name}_value",
            kernel_shape=a.kernel, strides=a.stride, pads=pads_of(windows(site)),
        )  # fmt: skip
        emitter.result(y, value, Order.FIRST, a.clamp)

    return encoder


def reduce(op: str) -> Encoder:
    """Axes are an operand."""

    def encoder(emitter: Emitter, site: Site[Reduce]) -> None:
        y = site.y()
        axes = tuple(a % len(site.x().shape) for a in site.args.axes)
        order = order_of(emitter, (site.x(),)) if site.args.keep_dims else Order.LAST
        if order is Order.FIRST:
            axes = tuple(TO_FIRST.index(a) for a in axes)
        value = emitter.real(site.x(), order)
        if axes:  # no axes are all axes to ONNX
            names = (value, emitter.ints(axes, f"{y.name}_axes"))
            value = emitter.emit(op, names, f"{y.name}_value", keepdims=int(site.args.keep_dims))
        emitter.result(y, value, order)

    return encoder


def arg_max(emitter: Emitter, site: Site[ArgMax]) -> None:
    """The index of the largest, as int32 where ours is."""
    y = site.y()
    value = emitter.emit(
        "ArgMax", (emitter.real(site.x()),), f"{y.name}_index", axis=site.args.axis, keepdims=0
    )
    if y.dtype is DType.INT32:
        value = emitter.emit("Cast", (value,), f"{y.name}_value", to=int(emitter.onnx.TensorProto.INT32))
    emitter.moved(y, value)


def resize(mode: str) -> Encoder:
    """To a size; how pixels meet is an attribute."""

    def encoder(emitter: Emitter, site: Site[Resize]) -> None:
        a, y = site.args, site.y()
        count, height, width, channels = y.shape
        transform = (
            "align_corners" if a.align_corners else "half_pixel" if a.half_pixel_centers else "asymmetric"
        )
        sizes = emitter.ints((count, channels, height, width), f"{y.name}_sizes")
        # floor((i + 1/2) scale) of TFLite's pixel centres is ceil-preferring round((i + 1/2) scale - 1/2) here.
        nearest = "round_prefer_ceil" if a.align_corners or a.half_pixel_centers else "floor"
        value = emitter.emit(
            "Resize", (emitter.real(site.x(), Order.FIRST), "", "", sizes), f"{y.name}_value",
            mode=mode, coordinate_transformation_mode=transform, nearest_mode=nearest,
        )  # fmt: skip
        emitter.result(y, value, Order.FIRST)

    return encoder


ENCODERS: dict[str, Encoder] = {
    "add": elementwise("Add"),
    "sub": elementwise("Sub"),
    "mul": elementwise("Mul"),
    "div": elementwise("Div"),
    "maximum": elementwise("Max"),
    "minimum": elementwise("Min"),
    "relu": elementwise("Relu"),
    "logistic": elementwise("Sigmoid"),
    "tanh": elementwise("Tanh"),
    "hard_swish": elementwise("HardSwish"),
    "relu6": clipped(0, 6),
    "relu_n1_to_1": clipped(-1, 1),
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "softmax": softmax,
    "quantize": requantize,
    "dequantize": requantize,
    "max_pool_2d": pool("MaxPool"),
    "average_pool_2d": pool("AveragePool"),
    "mean": reduce("ReduceMean"),
    "sum": reduce("ReduceSum"),
    "reduce_max": reduce("ReduceMax"),
    "arg_max": arg_max,
    "resize_nearest_neighbor": resize("nearest"),
    "resize_bilinear": resize("linear"),
}
