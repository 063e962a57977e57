"""Normalisations at run time: layer, group, instance and root-mean-square; LpNormalization."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.arithmetic import (
    binary,
    in_axes,
    in_order,
    per_axis,
    real_operand,
    real_value,
    reduced,
    reshaped,
    shifted,
    unary,
)
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.constants import normal_axes
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import DType
from netsuke.ops.normalize import Normalize


def normalized(
    walk: Walk, x: Value, axes: tuple[int, ...], epsilon: float, wanted: str, *, centred: bool = True
) -> Value:
    """Mean 0 and variance 1 (or a mean square of 1) over ONNX axes, in the layout that x has."""
    x, order = in_axes(walk, x)
    stored = tuple(i for i, axis in enumerate(order) if axis in axes)
    args = Normalize(axes=stored, epsilon=float(np.float32(epsilon)), centred=centred)
    return replace(x, tensor=walk.builder.emit("normalize", args, (x.tensor,), wanted, DType.FLOAT32))


def scaled_and_shifted(
    walk: Walk, x: Value, scale: Value | Known | None, bias: Value | Known | None, wanted: str
) -> Value:
    """x times the scale plus the bias, those that are there."""
    last = scale if bias is None else bias
    for op, operand in (("mul", scale), ("add", bias)):
        if operand is not None:
            x = binary(walk, op, x, operand, wanted if operand is last else f"{wanted}_{op}")
    return x


def optional_operand(walk: Walk, node: OnnxNode, index: int) -> Value | Known | None:
    """A real operand that may be absent."""
    return real_operand(walk, node, index) if node.input(index) else None


def layer_normalization(walk: Walk, node: OnnxNode) -> None:
    """LayerNormalization and RMSNormalization: over all axes from one on."""
    x = real_value(walk, node)
    rank = len(x.shape)
    (axis,) = normal_axes(node, [node.int_("axis", -1)], rank)
    y, axes = node.outputs[0], tuple(range(axis, rank))
    made = normalized(
        walk, x, axes, node.float_("epsilon", 1e-5), f"{y}_normal", centred=node.op != "RMSNormalization"
    )
    scale, bias = optional_operand(walk, node, 1), optional_operand(walk, node, 2)
    walk.put(y, scaled_and_shifted(walk, made, scale, bias, y))
    if any(name and (walk.readers.get(name) or name in walk.model.outputs) for name in node.outputs[1:]):
        statistics(walk, node, x, axes)


def statistics(walk: Walk, node: OnnxNode, x: Value, axes: tuple[int, ...]) -> None:
    """The mean and the inverse of the deviation as outputs of their own."""
    names = [*node.outputs[1:], "", ""][:2]
    mean = reduced(walk, "mean", x, axes, names[0] or f"{node.outputs[0]}_mean", keep=True)
    if names[0]:
        walk.put(names[0], mean)
    if names[1]:
        apart = binary(walk, "squared_difference", x, mean, f"{names[1]}_apart")
        spread = reduced(walk, "mean", apart, axes, f"{names[1]}_spread", keep=True)
        above = shifted(walk, spread, node.float_("epsilon", 1e-5), f"{names[1]}_above")
        walk.put(names[1], unary(walk, "rsqrt", above, names[1]))


def instance_normalization(walk: Walk, node: OnnxNode) -> None:
    """Every channel of every image by itself."""
    x = real_value(walk, node)
    rank, y = len(x.shape), node.outputs[0]
    if rank < 3:
        raise Refusal(node, f"the input has {rank} dimensions; an image or a signal was wanted")
    made = normalized(walk, x, tuple(range(2, rank)), node.float_("epsilon", 1e-5), f"{y}_normal")
    scale, bias = (channel_operand(walk, node, i, x) for i in (1, 2))
    walk.put(y, scaled_and_shifted(walk, made, scale, bias, y))


def channel_operand(walk: Walk, node: OnnxNode, index: int, x: Value) -> Known:
    """A constant [C] that runs along axis 1."""
    data = walk.known(node, index).data
    if data.size != x.shape[1]:
        raise Refusal(node, f"input {index} has {data.size} elements for {x.shape[1]} channels")
    return per_axis(data.astype(np.float32).reshape(-1), 1, len(x.shape))


def group_normalization(walk: Walk, node: OnnxNode) -> None:
    """Groups of channels; before opset 21 scale and bias are one a group."""
    x = real_value(walk, node)
    y, groups = node.outputs[0], node.int_("num_groups", 0)
    if len(x.shape) < 3 or groups < 1 or x.shape[1] % groups:
        raise Refusal(
            node, f"{groups} groups of {list(x.shape)}; groups that divide the channels were wanted"
        )
    batch, channels, *spatial = x.shape
    each = channels // groups
    grouped = reshaped(in_order(walk, x), (batch, groups, each * math.prod(spatial)))
    made = normalized(walk, grouped, (2,), node.float_("epsilon", 1e-5), f"{y}_normal")
    made = reshaped(made, x.shape)
    operands = []
    for index in (1, 2):
        data = walk.known(node, index).data.reshape(-1).astype(np.float32)
        data = np.repeat(data, each) if data.size == groups and walk.model.opset < 21 else data
        if data.size != channels:
            raise Refusal(node, f"input {index} has {data.size} elements for {channels} channels")
        operands.append(per_axis(data, 1, len(x.shape)))
    walk.put(y, scaled_and_shifted(walk, made, operands[0], operands[1], y))


def mean_variance_normalization(walk: Walk, node: OnnxNode) -> None:
    """Over the given axes, without epsilon."""
    x = real_value(walk, node)
    axes = normal_axes(node, node.ints("axes") or (0, 2, 3), len(x.shape))
    walk.put(node.outputs[0], normalized(walk, x, axes, 1e-9, node.outputs[0]))


def lp_normalization(walk: Walk, node: OnnxNode) -> None:
    """x over the sum of sizes (p 1) or the root of the sum of squares (p 2) along an axis."""
    x, p, y = real_value(walk, node), node.int_("p", 2), node.outputs[0]
    if p not in (1, 2):
        raise Refusal(node, f"p is {p}; 1 or 2 was wanted")
    axes = normal_axes(node, [node.int_("axis", -1)], len(x.shape))
    sizes = unary(walk, "abs" if p == 1 else "square", x, f"{y}_sizes")
    norm = reduced(walk, "sum", sizes, axes, f"{y}_sum", keep=True)
    if p == 2:
        norm = unary(walk, "sqrt", norm, f"{y}_norm")
    # 0 / 0 is 0 here: the norm is held above the smallest number.
    norm = shifted(walk, norm, 0.0, f"{y}_above", clamp=(1e-38, np.inf))
    walk.put(y, binary(walk, "div", x, norm, y))


HANDLERS: dict[str, Handler] = {
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
    "LpNormalization": lp_normalization,
    "MeanVarianceNormalization": mean_variance_normalization,
    "RMSNormalization": layer_normalization,
}
