"""Convolutions, fully connected layers and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.exporters.onnx.emitter import Emitter, Encoder, Order, biased
from netsuke.exporters.weights import compact_form, in_few_bits
from netsuke.ir import DType, Tensor
from netsuke.ops import transpose_conv as transposed
from netsuke.ops.batch_matmul import BatchMatmul
from netsuke.ops.conv_geometry import BIAS, WEIGHTS, windows
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Window
from netsuke.ops.operator import Site


def pads_of(axes: Sequence[Window]) -> tuple[int, ...]:
    """ONNX's pads: before every axis, then after."""
    return (*(a.before for a in axes), *(a.after for a in axes))


def reordered(tensor: Tensor, perm: tuple[int, ...]) -> Tensor:
    """Constant weights with their axes in ONNX's order.

    Raises:
        UnsupportedModel: when they are computed.
    """
    if tensor.data is None:
        raise UnsupportedModel(f"{tensor.name!r}: weights are computed; constant ones were wanted")
    q = tensor.quantization
    if q is not None and q.axis is not None:
        q = replace(q, axis=perm.index(q.axis))
    data = np.ascontiguousarray(tensor.data.transpose(perm))
    return Tensor(name=f"{tensor.name}_onnx", shape=data.shape, dtype=tensor.dtype, quantization=q, data=data)


def compact(site: Site[Any]) -> Tensor:
    """The weights, float ones in their int8 form if they have one: a DequantizeLinear gives the very same numbers."""
    form, weights = compact_form(site), site.x(WEIGHTS)
    if form is None:
        return weights
    return Tensor(
        name=weights.name,
        shape=weights.shape,
        dtype=DType.INT8,
        quantization=form.quantization,
        data=form.values,
    )


def operands(emitter: Emitter, site: Site[Any], weights: Tensor) -> tuple[str, ...]:
    """Real weights and bias."""
    names = [emitter.real_int4(weights) if in_few_bits(site) else emitter.real(weights)]
    if site.has(BIAS):
        names.append(emitter.real(biased(site.x(BIAS), site.x(), site.x(WEIGHTS))))
    return tuple(names)


def conv_2d(emitter: Emitter, site: Site[Any]) -> None:
    """Conv; weights [O, H, W, C] become [O, C, H, W]."""
    x, w = site.x(), site.x(WEIGHTS)
    groups = x.shape[3] // w.shape[3]
    convolution(emitter, site, reordered(compact(site), (0, 3, 1, 2)), groups)


def depthwise_conv_2d(emitter: Emitter, site: Site[Any]) -> None:
    """Conv in as many groups as channels; weights [1, H, W, O] become [O, 1, H, W]."""
    weights = reordered(compact(site), (3, 0, 1, 2))
    convolution(emitter, site, weights, site.x().shape[3])


def convolution(emitter: Emitter, site: Site[Any], weights: Tensor, groups: int) -> None:
    """The node of both."""
    a, y = site.args, site.y()
    value = emitter.emit(
        "Conv", (emitter.real(site.x(), Order.FIRST), *operands(emitter, site, weights)), f"{y.name}_sums",
        kernel_shape=weights.shape[2:], strides=a.stride, dilations=a.dilation, group=groups,
        pads=pads_of(windows(site)),
    )  # fmt: skip
    emitter.result(y, value, Order.FIRST, a.clamp)


def transpose_conv(emitter: Emitter, site: Site[transposed.TransposeConv]) -> None:
    """ConvTranspose; weights [O, H, W, C] become [C, O, H, W]. What it cuts off is said as the output's shape."""
    a, y = site.args, site.y()
    weights = reordered(compact(site), (3, 0, 1, 2))
    axes = transposed.windows(site)
    before = [axis.before for axis in axes]
    full = [(i - 1) * s + k for i, s, k in zip(site.x().shape[1:3], a.stride, weights.shape[2:], strict=True)]
    after = [f - b - o for f, b, o in zip(full, before, y.shape[1:3], strict=True)]
    value = emitter.emit(
        "ConvTranspose", (emitter.real(site.x(), Order.FIRST), *operands(emitter, site, weights)), f"{y.name}_sums",
        kernel_shape=weights.shape[2:], strides=a.stride, pads=(*before, *(max(p, 0) for p in after)),
        output_padding=[max(-p, 0) for p in after],
    )  # fmt: skip
    emitter.result(y, value, Order.FIRST, a.clamp)


def fully_connected(emitter: Emitter, site: Site[FullyConnected]) -> None:
    """Gemm over rows of the weights' depth."""
    x, w, y = site.x(), compact(site), site.y()
    rows = int(np.prod(x.shape)) // w.shape[1]
    real = emitter.real(x)
    if x.shape != (rows, w.shape[1]):
        shape = emitter.ints((rows, w.shape[1]), f"{y.name}_rows")
        real = emitter.emit("Reshape", (real, shape), f"{y.name}_flat")
    value = emitter.emit("Gemm", (real, *operands(emitter, site, w)), f"{y.name}_sums", transB=1)
    if y.shape != (rows, w.shape[0]):
        value = emitter.emit("Reshape", (value, emitter.ints(y.shape, f"{y.name}_shape")), f"{y.name}_shaped")
    emitter.result(y, value, clamp=site.args.clamp)


def batch_matmul(emitter: Emitter, site: Site[BatchMatmul]) -> None:
    """MatMul; an operand that is taken transposed gets a Transpose."""
    names = []
    for index, turned in enumerate((site.args.adj_x, site.args.adj_y)):
        x = site.x(index)
        name = emitter.real(x)
        if turned:
            rank = len(x.shape)
            perm = (*range(rank - 2), rank - 1, rank - 2)
            name = emitter.emit("Transpose", (name,), f"{name}_turned", perm=perm)
        names.append(name)
    emitter.result(site.y(), emitter.emit("MatMul", names, f"{site.y().name}_sums"))


ENCODERS: dict[str, Encoder] = {
    "conv_2d": conv_2d,
    "depthwise_conv_2d": depthwise_conv_2d,
    "transpose_conv": transpose_conv,
    "fully_connected": fully_connected,
    "batch_matmul": batch_matmul,
}
