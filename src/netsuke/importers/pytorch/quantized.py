"""Quantised programs (torchao's pt2e flow): quantised_decomposed calls keep their scales and zero points."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.model import OnnxNode
from netsuke.importers.pytorch.emit import Aten, Emitter, Ref, Untranslatable
from netsuke.ir import Array

DEQUANTIZE = ("dequantize_per_tensor", "dequantize_per_channel")
MOVES = ("t", "permute", "transpose", "view", "reshape", "unsqueeze", "squeeze")
"""Calls that torch puts between a dequantised weight and its layer."""
CONSTANT_KINDS = ("int8", "uint8", "int32")
"""Element types of constants that keep their integers."""
KINDS = {"int8": np.int8, "uint8": np.uint8, "int16": np.int16, "int32": np.int32}


def kind_of(call: Aten) -> type:
    """The numpy type of the stored integers.

    Raises:
        Untranslatable: for one that netsuke does not hold.
    """
    name = str(call.operands.get("dtype")).removeprefix("torch.")
    if name not in KINDS:
        raise Untranslatable(f"integers are {name}; int8, uint8, int16 or int32 were wanted")
    return KINDS[name]


def numbers(emit: Emitter, call: Aten, name: str) -> Array:
    """A scale or zero point: a number, or a constant tensor.

    Raises:
        Untranslatable: when it is computed at run time.
    """
    found = call.operands.get(name)
    if isinstance(found, Ref):
        known = emit.constants.get(found.name)
        if known is None:
            raise Untranslatable(
                f"{name} is computed at run time (dynamic quantisation); a static one was wanted"
            )
        return known
    return np.asarray(found)


def parameters(emit: Emitter, call: Aten) -> tuple[Array, Array]:
    """Scales as float32, zero points in the type of the integers."""
    channel = "s" if "axis" in call.operands else ""
    scale = numbers(emit, call, f"scale{channel}").astype(np.float32)
    return scale, numbers(emit, call, f"zero_point{channel}").astype(kind_of(call))


def dequantize(emit: Emitter, call: Aten) -> Ref:
    """DequantizeLinear, of a tensor or of every channel."""
    return linear(emit, call, "DequantizeLinear", call.tensor("input"), *parameters(emit, call))


def quantize(emit: Emitter, call: Aten) -> Ref:
    """QuantizeLinear; a Clip in front of it where fewer integers are allowed than the type has."""
    x = call.tensor("input")
    scale, zero = parameters(emit, call)
    limits = np.iinfo(zero.dtype)
    low, high = (int(call.number(n, v)) for n, v in (("quant_min", limits.min), ("quant_max", limits.max)))
    if zero.size == 1:
        keep_integers(emit, x, scale, zero, high)
        if (low, high) != (limits.min, limits.max):
            bounds = [
                emit.scalar(float(scale.reshape(())) * (v - int(zero.reshape(())))) for v in (low, high)
            ]
            x = emit.node("Clip", (x.name, *bounds), x.shape)
    return linear(emit, call, "QuantizeLinear", x, scale, zero)


def linear(emit: Emitter, call: Aten, op: str, x: Ref, scale: Array, zero: Array) -> Ref:
    """The node."""
    names = (x.name, emit.constant(scale), emit.constant(zero, zero.dtype))
    if "axis" not in call.operands:
        return emit.node(op, names, call.shape)
    return emit.node(op, names, call.shape, axis=int(call.number("axis")))


LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Add")


def keep_integers(emit: Emitter, x: Ref, scale: Array, zero: Array, highest: int) -> None:
    """A layer with hardswish behind it, quantised as one: gives the value between int8 parameters of its own.

    Without them the layer would be computed in float32. Their range is what hardswish tells apart: from -3, below
    which it is 0, to where it reaches the output's highest value. Errs by up to one step of the output.
    """
    at, swish = producer(emit, x.name)
    if swish is None or swish.op != "HardSwish" or not of_integers(emit, swish.inputs[0]):
        return
    top = max(float(scale.reshape(())) * (highest - int(zero.reshape(()))), 0.0)
    end = top if top >= 3 else (math.sqrt(9 + 24 * top) - 3) / 2
    step = np.float32((end + 3) / 255)
    point = np.asarray(np.clip(np.rint(3 / step) - 128, -128, 127), np.int8)
    layer, emit.layer = emit.layer, swish.name
    name = swish.inputs[0]
    for op in ("QuantizeLinear", "DequantizeLinear"):
        names = (name, emit.scalar(float(step)), emit.constant(point, np.int8))
        name = emit.node(op, names, x.shape).name
        emit.nodes.insert(at, emit.nodes.pop())
        at += 1
    emit.layer = layer
    emit.nodes[at] = replace(emit.nodes[at], inputs=(name,))


def producer(emit: Emitter, name: str) -> tuple[int, OnnxNode | None]:
    """The node that makes a value, and where it stands."""
    for index in range(len(emit.nodes) - 1, -1, -1):
        if name in emit.nodes[index].outputs:
            return index, emit.nodes[index]
    return 0, None


def of_integers(emit: Emitter, name: str) -> bool:
    """Whether a value is made by a layer whose input is dequantised."""
    _, node = producer(emit, name)
    layers = 0
    while node is not None and node.op in LAYERS:
        layers += 1
        _, node = producer(emit, node.inputs[0])
    return layers > 0 and node is not None and node.op == "DequantizeLinear"


HANDLERS = {
    "quantize_per_tensor": quantize,
    "quantize_per_channel": quantize,
    "dequantize_per_tensor": dequantize,
    "dequantize_per_channel": dequantize,
}
