"""The integer form of GRU: int8 activations and weights, gates of 16 bits, a hidden state that is kept in 16 bits too.

What LSTM has in LiteRT, as far as it goes: each product is rounded to twelve bits behind the point by itself.
Functions are those of int16 LOGISTIC and TANH (a table of the sigmoid, interpolated). Products read the hidden state in
int8; what a step adds to it is never lost to these 8 bits, which matters where z is near 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier, rounding_divide_by_pot
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.lstm_s8 import DEEPEST, GATE_STEP
from netsuke.ops.operator import Site
from netsuke.ops.sigmoid_s16 import FRACTION_16, interpolated, sigmoid_table

WEIGHTS, RECURRENT, BIAS, RECURRENT_BIAS = 1, 2, 3, 4
BIASES = (BIAS, RECURRENT_BIAS)
GATES = 3
LOWEST, HIGHEST = DType.INT16.range


@dataclass(frozen=True, slots=True, kw_only=True)
class GruArgs(KernelArgs):
    """Scales of the input's and the hidden state's products by gate, and of the new hidden state in int8."""

    c_name: ClassVar[str] = "nk_gru_args"
    batch: int
    steps: int
    features: int
    cells: int
    x_multiplier: tuple[int, ...] = field(metadata={"length": 3})
    x_shift: tuple[int, ...] = field(metadata={"length": 3})
    h_multiplier: tuple[int, ...] = field(metadata={"length": 3})
    h_shift: tuple[int, ...] = field(metadata={"length": 3})
    y_multiplier: int
    y_shift: int
    y_zero: int


def activations_quantized(site: Site[Any]) -> str | None:
    """int8 inputs and outputs have one scale and zero point."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for tensor in (site.x(), *site.outputs):
        if tensor.quantization is None or len(tensor.quantization.scale) != 1:
            return f"{tensor.name} has no single scale"
    return None


def weights_quantized(site: Site[Any]) -> str | None:
    """Weights have one scale for every gate, and zero point 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for index in (WEIGHTS, RECURRENT):
        q, cells = site.x(index).quantization, site.x(index).shape[0] // GATES
        if q is None or any(q.zero_point) or (q.axis not in (None, 0)):
            return f"{site.x(index).name} has zero points, or scales along another axis"
        if len(q.scale) > 1 and any(len({*q.scale[g * cells : (g + 1) * cells]}) > 1 for g in range(GATES)):
            return f"{site.x(index).name} has several scales in a gate"
    return None


def state_scale(site: Site[Any]) -> str | None:
    """The int16 state has scale 1/32768 and zero point 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    state = site.y(1)
    fits = state.scale == FRACTION_16 and state.zero_point == 0
    return None if fits else f"scale {state.scale}, zero point {state.zero_point}"


def sums_fit(site: Site[Any]) -> str | None:
    """No sum of products can leave 32 bits: features and cells are below 32768, biases below 2^30."""
    if site.x().dtype is DType.FLOAT32:
        return None
    depth = max(site.x().shape[2], site.x(RECURRENT).shape[1])
    bias = max(int(np.abs(site.constant(i).astype(np.int64)).max()) for i in BIASES)
    return None if depth < DEEPEST and bias < 1 << 30 else f"a depth of {depth}, a bias of {bias}"


def gate_multipliers(site: Site[Any], index: int, scale: float) -> list[Multiplier]:
    """Of products with an operand of that scale, by gate."""
    q = site.x(index).quantization
    assert q is not None
    scales = [q.scale[0]] * GATES if len(q.scale) == 1 else list(q.scale[:: len(q.scale) // GATES])
    return [Multiplier.of(float(np.float32(w) * np.float32(scale) / GATE_STEP)) for w in scales]


def hidden_multiplier(site: Site[Any]) -> Multiplier:
    """From the state in 16 bits to the one in int8."""
    return Multiplier.of(FRACTION_16 / site.y().scale)


def folded_biases(site: Site[Any]) -> tuple[Array, Array]:
    """int32 [3 cells] each: what is added to the input's sums and the hidden state's, zero points included."""
    zeros = site.x().zero_point, site.y().zero_point
    found = [
        (site.constant(b).astype(np.int64) - site.constant(w).astype(np.int64).sum(axis=1) * zero).astype(
            np.int32
        )
        for b, w, zero in zip(BIASES, (WEIGHTS, RECURRENT), zeros, strict=True)
    ]
    return found[0], found[1]


def logistic(x: Array) -> Array:
    """int16 LOGISTIC of twelve bits behind the point, as int64."""
    y = interpolated(np.abs(x * 3), 9, 0x7FFF << 10)
    result: Array = np.where(x >= 0, y + 512, (1 << 25) - y + 511) >> 10
    return result


def tanh(x: Array) -> Array:
    """int16 TANH of twelve bits behind the point, as int64."""
    y = interpolated(np.abs(x * 3), 8, 0xFFFF << 8) - (1 << 23)
    result: Array = np.where(x >= 0, y + 128, -y + 127) >> 8
    return result


def reference(site: Site[Any], x: Array) -> tuple[Array, Array]:
    """A step: both products, each rounded to 16 bits; the gates' functions; the new state."""
    w, r = site.constant(WEIGHTS).astype(np.float64), site.constant(RECURRENT).astype(np.float64)
    x_bias, h_bias = folded_biases(site)
    x_scales = gate_multipliers(site, WEIGHTS, site.x().scale)
    h_scales = gate_multipliers(site, RECURRENT, site.y().scale)
    scale, zero = hidden_multiplier(site), site.y().zero_point
    hidden = np.full((len(x), r.shape[1]), zero, np.int8)
    state = np.zeros((len(x), r.shape[1]), np.int64)
    states = []
    for t in range(x.shape[1]):
        xz, xr, xn = rescaled(x[:, t].astype(np.float64) @ w.T + x_bias, x_scales)
        hz, hr, hn = rescaled(hidden.astype(np.float64) @ r.T + h_bias, h_scales)
        z, reset = (logistic(np.clip(a + b, LOWEST, HIGHEST)) for a, b in ((xz, hz), (xr, hr)))
        new = tanh(np.clip(xn + rounding_divide_by_pot(reset * hn, 15), LOWEST, HIGHEST))
        state = (z * state + (32768 - z) * new + (1 << 14)) >> 15
        scaled = multiply_by_quantized_multiplier(state, scale.value, scale.shift)
        hidden = np.clip(scaled + zero, -128, 127).astype(np.int8)
        states.append(hidden)
    return np.stack(states, axis=1), state.astype(np.int16)


def rescaled(sums: Array, scales: list[Multiplier]) -> list[Array]:
    """Sums [batch, 3 cells] times the multipliers of their gates, in 16 bits, gate by gate."""
    parts = np.split(sums.astype(np.int64), GATES, axis=1)
    return [
        np.clip(multiply_by_quantized_multiplier(part, s.value, s.shift), LOWEST, HIGHEST)
        for part, s in zip(parts, scales, strict=True)
    ]


def whole_words(site: Site[Any]) -> bool:
    """int8, features and cells in whole words."""
    depths = site.x().shape[2], site.x(RECURRENT).shape[1]
    return site.x().dtype is DType.INT8 and not any(depth % 4 for depth in depths)


def by_cell(w: Array) -> Array:
    """[3 cells, depth] → [cells, 3, depth]."""
    return np.ascontiguousarray(w.reshape(GATES, -1, w.shape[1]).swapaxes(0, 1))


def by_words(w: Array) -> Array:
    """[3 cells, depth] → [cells, depth / 4, 3 gates, 4 inputs]."""
    parts = by_cell(w)
    return np.ascontiguousarray(parts.reshape(len(parts), GATES, -1, 4).swapaxes(1, 2))


def call(kernel: Kernel, site: Site[Any], laid: Callable[[Array], Array], note: str) -> Call:
    """The call with weights laid out for the kernel."""
    batch, steps, features = site.x().shape
    x_scales = gate_multipliers(site, WEIGHTS, site.x().scale)
    h_scales = gate_multipliers(site, RECURRENT, site.y().scale)
    hidden = hidden_multiplier(site)
    given = (*folded_biases(site), site.constant(RECURRENT_BIAS))
    biases = np.stack([b.reshape(GATES, -1).T for b in given], axis=1)
    what = "cells x {input, hidden, hidden of zeros} x 3 gates"
    args = GruArgs(
        batch=batch, steps=steps, features=features, cells=site.x(RECURRENT).shape[1],
        x_multiplier=tuple(s.value for s in x_scales), x_shift=tuple(s.shift for s in x_scales),
        h_multiplier=tuple(s.value for s in h_scales), h_shift=tuple(s.shift for s in h_scales),
        y_multiplier=hidden.value, y_shift=hidden.shift, y_zero=site.y().zero_point,
    )  # fmt: skip
    return kernel.call(
        Input(index=0),
        Constant(label="weights", data=laid(site.constant(WEIGHTS)), shape_note=f"cells x {note}"),
        Constant(label="recurrent", data=laid(site.constant(RECURRENT)), shape_note=f"cells x {note}"),
        Constant(label="bias", data=np.ascontiguousarray(biases), shape_note=what),
        Constant(label="sigmoid", data=sigmoid_table(), shape_note="sigmoid(i / 24) in 1/65536"),
        Output(index=0),
        Output(index=1),
        args=args,
    )


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int8_t"),
    Param(name="r", ctype="const int8_t"),
    Param(name="bias", ctype="const int32_t"),
    Param(name="table", ctype="const uint16_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="s", ctype="int16_t"),
)
