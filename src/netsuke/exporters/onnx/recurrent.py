"""LSTM: time first, as ONNX's runtimes want it; weights as their integers stand for, states in float32."""

from __future__ import annotations

import numpy as np

from netsuke.exporters.onnx.emitter import Emitter, Encoder
from netsuke.ir import Array, DType, Tensor
from netsuke.ops.lstm import Lstm
from netsuke.ops.lstm_s8 import BIAS, CELL_0, GATES, HIDDEN_0, RECURRENT, WEIGHTS
from netsuke.ops.operator import Site

THEIRS = (0, 3, 1, 2)
"""ONNX's gate i (input, output, forget, cell) is our gate THEIRS[i]."""


def lstm(emitter: Emitter, site: Site[Lstm]) -> None:
    """One layer, one direction."""
    y, c = site.outputs
    weights = [constant(emitter, site, index, by_gate(real(site.x(index)))) for index in (WEIGHTS, RECURRENT)]
    cells = site.x(RECURRENT).shape[1]
    bias = np.zeros(2 * GATES * cells, np.float32)
    if site.has(BIAS):
        bias[: GATES * cells] = by_gate(real_bias(site))
    states = [state(emitter, site.x(index)) if site.has(index) else "" for index in (HIDDEN_0, CELL_0)]
    x = emitter.emit("Transpose", (emitter.real(site.x()),), f"{site.node.name}_time_first", perm=(1, 0, 2))
    names = (x, *weights, constant(emitter, site, BIAS, bias), "", *states)
    found = [
        emitter.fresh(f"{y.name}_sequence"),
        emitter.fresh(f"{y.name}_last"),
        emitter.fresh(f"{c.name}_last"),
    ]
    emitter.emit_to("LSTM", names if any(states) else names[:4], found, {"hidden_size": cells})
    axes = emitter.ints((1,), f"{site.node.name}_axis")
    sequence = emitter.emit("Squeeze", (found[0], axes), f"{y.name}_squeezed")
    emitter.result(y, emitter.emit("Transpose", (sequence,), f"{y.name}_value", perm=(1, 0, 2)))
    first = emitter.ints((0,), f"{site.node.name}_axis")
    emitter.result(c, emitter.emit("Squeeze", (found[2], first), f"{c.name}_value"))


def constant(emitter: Emitter, site: Site[Lstm], index: int, data: Array) -> str:
    """An operand of one direction."""
    return emitter.constant(data[np.newaxis].astype(np.float32), f"{site.node.name}_operand_{index}")


def state(emitter: Emitter, tensor: Tensor) -> str:
    """A state before the first step, of one direction."""
    axes = emitter.ints((0,), f"{tensor.name}_axis")
    return emitter.emit("Unsqueeze", (emitter.real(tensor), axes), f"{tensor.name}_direction")


def by_gate(values: Array) -> Array:
    """[4 cells, ...] with its gates in ONNX's order."""
    parts = np.split(values, GATES)
    return np.concatenate([parts[g] for g in THEIRS])


def real(tensor: Tensor) -> Array:
    """What constant weights stand for."""
    assert tensor.data is not None
    if tensor.quantization is None:
        return tensor.data
    scales = np.asarray(tensor.quantization.scale, np.float32)
    return tensor.data.astype(np.float32) * scales.reshape(-1, *[1] * (tensor.data.ndim - 1))


def real_bias(site: Site[Lstm]) -> Array:
    """The bias: integers are in the scale of the input times its weights."""
    bias = site.constant(BIAS)
    if site.x().dtype is DType.FLOAT32:
        return bias
    q = site.x(WEIGHTS).quantization
    assert q is not None
    scales = np.broadcast_to(np.asarray(q.scale, np.float64), bias.shape)
    return (bias * (scales * site.x().scale)).astype(np.float32)


ENCODERS: dict[str, Encoder] = {"lstm": lstm}
