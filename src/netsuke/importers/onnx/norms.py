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
from netsuke.importers.onnx.walk import Coding, Handler, Walk
from netsuke.ir import DType
from netsuke.ops.normalize import Normalize
from netsuke.ops.normalize_s8 import fits_group


def normalized(
    walk: Walk, x: Value, axes: tuple[int, ...], epsilon: float, wanted: str,
    *, centred: bool = True, coding: Coding | None = None,
) -> Value:  # fmt: skip
    """Mean 0 and variance 1 (or a mean square of 1) over ONNX axes, in the layout that x has; with `coding` in
    integers."""
    x, order = in_axes(walk, x)
    stored = tuple(i for i, axis in enumerate(order) if axis in axes)
    args = Normalize(axes=stored, epsilon=float(np.float32(epsilon)), centred=centred)
    dtype, quantization = (DType.FLOAT32, None) if coding is None else (coding.dtype, coding.quantization)
    return replace(x, tensor=walk.builder.emit("normalize", args, (x.tensor,), wanted, dtype, quantization))


def integer_coding(walk: Walk, node: OnnxNode, count: int) -> Coding | None:
    """The output's coding where our integer operator is all that the node does: int8 on both sides, and neither a
    scale nor a shift, whose results would need a scale that the file does not say. `count`: elements of a group."""
    x, coding = walk.values.get(node.input(0)), walk.target(node.outputs[0])
    if not isinstance(x, Value) or coding is None or not walk.is_integer(x):
        return None
    narrow = {coding.dtype, walk.builder.type_of(x).dtype} == {DType.INT8}
    fits = narrow and fits_group(count, coding.quantization.scale[0])
    trivial = all(
        operand is None or (isinstance(operand, Known) and bool((operand.data == idle).all()))
        for operand, idle in zip((walk.values.get(node.input(i)) for i in (1, 2)), (1, 0), strict=True)
    )
    return coding if fits and trivial and not any(node.outputs[1:]) else None


def operand_of(walk: Walk, node: OnnxNode, coding: Coding | None) -> Value:
    """What is normalised: integers with `coding`, else real numbers."""
    return real_value(walk, node) if coding is None else walk.value(node)


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
    shape = walk.value(node).shape
    (axis,) = normal_axes(node, [node.int_("axis", -1)], len(shape))
    y, axes = node.outputs[0], tuple(range(axis, len(shape)))
    coding = integer_coding(walk, node, math.prod(shape[axis:]))
    x = operand_of(walk, node, coding)
    made = normalized(
        walk, x, axes, node.float_("epsilon", 1e-5), y if coding is not None else f"{y}_normal",
        centred=node.op != "RMSNormalization", coding=coding,
    )  # fmt: skip
    if coding is not None:
        walk.put(y, made)
        return
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
    shape, y = walk.value(node).shape, node.outputs[0]
    if len(shape) < 3:
        raise Refusal(node, f"the input has {len(shape)} dimensions; an image or a signal was wanted")
    axes, epsilon = tuple(range(2, len(shape))), node.float_("epsilon", 1e-5)
    coding = integer_coding(walk, node, math.prod(shape[2:]))
    x = operand_of(walk, node, coding)
    scale, bias = (channel_operand(walk, node, i, x) for i in (1, 2))
    if coding is not None:
        walk.put(y, normalized(walk, x, axes, epsilon, y, coding=coding))
        return
    made = normalized(walk, x, axes, epsilon, f"{y}_normal")
    walk.put(y, scaled_and_shifted(walk, made, scale, bias, y))


def channel_operand(walk: Walk, node: OnnxNode, index: int, x: Value) -> Known:
    """A constant [C] that runs along axis 1."""
    data = walk.known(node, index).data
    if data.size != x.shape[1]:
        raise Refusal(node, f"input {index} has {data.size} elements for {x.shape[1]} channels")
    return per_axis(data.astype(np.float32).reshape(-1), 1, len(x.shape))


def group_normalization(walk: Walk, node: OnnxNode) -> None:
    """Groups of channels; before opset 21 scale and bias are one a group."""
    shape = walk.value(node).shape
    y, groups = node.outputs[0], node.int_("num_groups", 0)
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        raise Refusal(node, f"{groups} groups of {list(shape)}; groups that divide the channels were wanted")
    batch, channels, *spatial = shape
    each = channels // groups
    coding = integer_coding(walk, node, each * math.prod(spatial))
    x = operand_of(walk, node, coding)
    grouped = reshaped(in_order(walk, x), (batch, groups, each * math.prod(spatial)))
    made = normalized(walk, grouped, (2,), node.float_("epsilon", 1e-5), f"{y}_normal", coding=coding)
    made = reshaped(made, x.shape)
    operands = []
    for index in (1, 2):
        data = walk.known(node, index).data.reshape(-1).astype(np.float32)
        data = np.repeat(data, each) if data.size == groups and walk.model.opset < 21 else data
        if data.size != channels:
            raise Refusal(node, f"input {index} has {data.size} elements for {channels} channels")
        operands.append(per_axis(data, 1, len(x.shape)))
    if coding is not None:
        walk.put(y, made)
        return
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
