"""Quantised programs (torchao's pt2e flow): quantised_decomposed calls keep their scales and zero points."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable
from netsuke.ir import Array

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
    """A scale or zero point: a number, or a constant tensor."""
    found = call.operands.get(name)
    if isinstance(found, Ref):
        known = emit.constants.get(found.name)
        if known is None:
            raise Untranslatable(
                f"{name} is computed at run time (dynamic quantisation); a static one was wanted"
            )
        return known
    return np.asarray(found)


def linear_quantization(op: str) -> Handler:
    """QuantizeLinear or DequantizeLinear, for a tensor or a channel."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        x = call.tensor("input")
        channel = "axis" in call.operands
        scale = numbers(emit, call, "scales" if channel else "scale").astype(np.float32)
        zero: Array = numbers(emit, call, "zero_points" if channel else "zero_point").astype(kind_of(call))
        names = (x.name, emit.constant(scale), emit.constant(zero, zero.dtype))
        if not channel:
            return emit.node(op, names, call.shape)
        return emit.node(op, names, call.shape, axis=int(call.number("axis")))

    return handler


HANDLERS = {
    f"{verb}_per_{what}": linear_quantization(op)
    for verb, op in (("quantize", "QuantizeLinear"), ("dequantize", "DequantizeLinear"))
    for what in ("tensor", "channel")
}
