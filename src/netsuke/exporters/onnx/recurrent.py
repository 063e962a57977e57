"""LSTM and GRU: time first, as ONNX's runtimes want it. Integer layers stand between quantisations, as others do.

ONNX computes the gates and the state in float32, where ours are rounded to 16 bits; the file says all that our integer
operators are told, the scale of the state too, so that netsuke reads the same operator back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.exporters.onnx.emitter import Emitter, Encoder
from netsuke.ir import Array, DType, Quantization, Tensor
from netsuke.ops import gru_s8, lstm_s8
from netsuke.ops.gru import Gru
from netsuke.ops.lstm import Lstm
from netsuke.ops.operator import Site

WEIGHTS, RECURRENT = lstm_s8.WEIGHTS, lstm_s8.RECURRENT
LSTM_GATES, GRU_GATES = (0, 3, 1, 2), (0, 1, 2)
"""ONNX's gate i (input, output, forget, cell; update, reset, new) is our gate of this number."""


def lstm(emitter: Emitter, site: Site[Lstm]) -> None:
    """One layer, one direction.

    Raises:
        UnsupportedModel: when the cell state is clipped: ONNX clips what the gates' functions read.
    """
    if site.args.cell_clip:
        raise UnsupportedModel(
            f"lstm {site.node.name!r} clips its cell state at {site.args.cell_clip:g}, which ONNX's LSTM does not; "
            "write .tflite"
        )
    bias = lstm_bias(site)
    operands = [
        *[emitter.real(by_gate(site.x(i), LSTM_GATES)) for i in (WEIGHTS, RECURRENT)],
        "" if bias is None else emitter.real(bias),
        "",
        *[state(emitter, site, i) for i in (lstm_s8.HIDDEN_0, lstm_s8.CELL_0)],
    ]
    cells = site.x(RECURRENT).shape[1]
    y, c = site.outputs
    made = layer(emitter, "LSTM", site, operands, ("sequence", "last", "cell"), {"hidden_size": cells})
    deliver(emitter, y, made[0], (1,), (1, 0, 2))
    deliver(emitter, c, made[2], (0,), ())


def gru(emitter: Emitter, site: Site[Gru]) -> None:
    """One layer, one direction, from a state of zeros."""
    operands = [
        *[emitter.real(by_gate(site.x(i), GRU_GATES)) for i in (WEIGHTS, RECURRENT)],
        emitter.real(gru_bias(site)),
    ]
    cells = site.x(RECURRENT).shape[1]
    y, s = site.outputs
    attributes = {"hidden_size": cells, "linear_before_reset": 1}
    made = layer(emitter, "GRU", site, operands, ("sequence", "last"), attributes)
    deliver(emitter, y, made[0], (1,), (1, 0, 2))
    deliver(emitter, s, made[1], (0,), ())


def layer(
    emitter: Emitter, op: str, site: Site[Any], operands: list[str], outputs: tuple[str, ...],
    attributes: dict[str, int],
) -> list[str]:  # fmt: skip
    """The node; its input is turned while it is stored, so that real values come straight from a DequantizeLinear."""
    x, label = site.x(), site.node.name
    turned = emitter.emit("Transpose", (emitter.stored(x),), f"{label}_time_first", perm=(1, 0, 2))
    names = [turned if x.quantization is None else emitter.dequantized(turned, x.type, None), *operands]
    while not names[-1]:
        names.pop()
    found = [emitter.fresh(f"{label}_{name}") for name in outputs]
    emitter.emit_to(op, names, found, attributes)
    return found


def deliver(emitter: Emitter, y: Tensor, value: str, axes: tuple[int, ...], perm: tuple[int, ...]) -> None:
    """Real values become the tensor: quantised at once, then brought into our shape."""
    if y.quantization is not None:
        value = emitter.emit(
            "QuantizeLinear", (value, *emitter.parameters(y.type, y.name)), f"{y.name}_sequence"
        )
    dropped = emitter.ints(axes, f"{y.name}_axes")
    value = emitter.emit("Squeeze", (value, dropped), f"{y.name}_squeezed")
    emitter.moved(y, emitter.emit("Transpose", (value,), f"{y.name}_stored", perm=perm) if perm else value)


def rows_by_gate(rows: int, order: tuple[int, ...]) -> Array:
    """Which of our rows each of ONNX's is."""
    each = rows // len(order)
    return np.concatenate([np.arange(g * each, (g + 1) * each) for g in order])


def by_gate(tensor: Tensor, order: tuple[int, ...]) -> Tensor:
    """Weights [gates x cells, depth] with their gates in ONNX's order, of one direction."""
    assert tensor.data is not None
    rows, q = rows_by_gate(len(tensor.data), order), tensor.quantization
    data = np.ascontiguousarray(tensor.data[rows][np.newaxis])
    if q is not None and q.axis is not None:
        scale, zero_point = (tuple(v[row] for row in rows) for v in (q.scale, q.zero_point))
        q = replace(q, scale=scale, zero_point=zero_point, axis=1)
    return Tensor(name=f"{tensor.name}_onnx", shape=data.shape, dtype=tensor.dtype, quantization=q, data=data)


def lstm_bias(site: Site[Lstm]) -> Tensor | None:
    """[1, 8 cells]: the input's, and zeros for the hidden state's; None without one."""
    if not site.has(lstm_s8.BIAS):
        return None
    rows = rows_by_gate(site.x(WEIGHTS).shape[0], LSTM_GATES)
    data = site.constant(lstm_s8.BIAS)[rows]
    scales = product_scales(site.x(), site.x(WEIGHTS))[rows] if site.x().quantization is not None else None
    twice = None if scales is None else np.concatenate([scales, scales])
    return bias_tensor(site, np.concatenate([data, np.zeros_like(data)]), twice)


def gru_bias(site: Site[Gru]) -> Tensor:
    """[1, 6 cells]: the input's, then the hidden state's, each in the scale of its products."""
    parts = [site.constant(i) for i in gru_s8.BIASES]
    scales = None
    if site.x().quantization is not None:
        pairs = ((site.x(), WEIGHTS), (site.y(), RECURRENT))
        scales = np.concatenate([product_scales(operand, site.x(index)) for operand, index in pairs])
    return bias_tensor(site, np.concatenate(parts), scales)


def bias_tensor(site: Site[Any], data: Array, scales: Array | None) -> Tensor:
    """A bias of one direction; integers with a scale each."""
    q = None
    if scales is not None:
        q = Quantization(scale=tuple(map(float, scales)), zero_point=(0,) * len(scales), axis=1)
    dtype = DType.FLOAT32 if q is None else DType.INT32
    whole = np.ascontiguousarray(data[np.newaxis].astype(dtype.numpy))
    return Tensor(name=f"{site.node.name}_bias", shape=whole.shape, dtype=dtype, quantization=q, data=whole)


def product_scales(operand: Tensor, weights: Tensor) -> Array:
    """float32 [rows]: of an operand times weights."""
    assert weights.quantization is not None
    scales = np.float32(operand.scale) * np.asarray(weights.quantization.scale, np.float32)
    return np.broadcast_to(np.maximum(scales, np.finfo(np.float32).tiny), weights.shape[:1])


def state(emitter: Emitter, site: Site[Lstm], index: int) -> str:
    """A state before the first step, of one direction; '' for zeros."""
    if not site.has(index):
        return ""
    tensor = site.x(index)
    axes = emitter.ints((0,), f"{tensor.name}_axis")
    stored = emitter.emit("Unsqueeze", (emitter.stored(tensor), axes), f"{tensor.name}_direction")
    return stored if tensor.quantization is None else emitter.dequantized(stored, tensor.type, None)


ENCODERS: dict[str, Encoder] = {"lstm": lstm, "gru": gru}
