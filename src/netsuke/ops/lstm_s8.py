"""The integer form of LSTM: int8 activations and weights, gates of 16 bits, an int16 cell state.

Source: EvalInteger8x8_16 and LstmStepInteger8x8_16 of tflite/kernels/lstm_eval.cc, with the multipliers of
PopulateQuantizedLstmParams8x8_16. Gates have twelve bits behind the point before their function, fifteen after it; the
scale of the cell state is a power of two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier, rounding_divide_by_pot
from netsuke.ops.fixed_point_s16 import HIGHEST, LOWEST, logistic_fixed, tanh_fixed
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site

WEIGHTS, RECURRENT, BIAS, HIDDEN_0, CELL_0 = 1, 2, 3, 4, 5
"""Operands of LSTM behind the input."""
GATES = 4
CELL_POWERS = range(-15, -8)
"""Exponents of the cell state's scale: tanh takes up to six bits before the point."""
GATE_STEP = np.float32(2.0**-12)
DEEPEST = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmArgs(KernelArgs):
    """Scales of the input's and the hidden state's products by gate, and of the new hidden state.

    cell_shift: what the input gate times the candidate is shifted by; cell_low, cell_high: the cell state's ends;
    begins: 1 where the states before the first step are zeros.
    """

    c_name: ClassVar[str] = "nk_lstm_args"
    batch: int
    steps: int
    features: int
    cells: int
    begins: int
    x_multiplier: tuple[int, ...] = field(metadata={"length": 4})
    x_shift: tuple[int, ...] = field(metadata={"length": 4})
    h_multiplier: tuple[int, ...] = field(metadata={"length": 4})
    h_shift: tuple[int, ...] = field(metadata={"length": 4})
    y_multiplier: int
    y_shift: int
    y_zero: int
    cell_shift: int
    cell_low: int
    cell_high: int


def activations_quantized(site: Site[Any]) -> str | None:
    """int8 inputs and outputs have one scale and zero point; states those of the outputs."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for tensor in (site.x(), *site.outputs):
        if tensor.quantization is None or len(tensor.quantization.scale) != 1:
            return f"{tensor.name} has no single scale"
    for index, y in ((HIDDEN_0, site.y(0)), (CELL_0, site.y(1))):
        if site.has(index) and site.x(index).quantization != y.quantization:
            return f"{site.x(index).name} has another scale than {y.name}"
    return None


def weights_quantized(site: Site[Any]) -> str | None:
    """Weights have one scale for every gate, and zero point 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for index in (WEIGHTS, RECURRENT):
        q, rows = site.x(index).quantization, site.x(index).shape[0]
        if q is None or any(q.zero_point) or (q.axis not in (None, 0)):
            return f"{site.x(index).name} has zero points, or scales along another axis"
        if len(q.scale) > 1 and any(
            len(set(q.scale[g * rows // 4 : (g + 1) * rows // 4])) > 1 for g in range(GATES)
        ):
            return f"{site.x(index).name} has several scales in a gate"
    return None


def cell_scale(site: Site[Any]) -> str | None:
    """The int16 cell state has a scale of 2^-15 to 2^-9, a power of two, and zero point 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    c = site.y(1)
    fits = any(c.scale == 2.0**power for power in CELL_POWERS) and c.zero_point == 0
    return None if fits else f"scale {c.scale}, zero point {c.zero_point}"


def sums_fit(site: Site[Any]) -> str | None:
    """No sum of products can leave 32 bits: features and cells are below 32768, biases below 2^30."""
    if site.x().dtype is DType.FLOAT32:
        return None
    depth = max(site.x().shape[2], site.x(RECURRENT).shape[1])
    bias = np.abs(site.constant(BIAS).astype(np.int64)).max() if site.has(BIAS) else 0
    return None if depth < DEEPEST and bias < 1 << 30 else f"a depth of {depth}, a bias of {bias}"


def gate_scales(site: Site[Any], index: int) -> list[float]:
    """One scale of the weights for each gate."""
    q = site.x(index).quantization
    assert q is not None
    return [q.scale[0]] * GATES if len(q.scale) == 1 else list(q.scale[:: len(q.scale) // GATES])


def gate_multipliers(site: Site[Any], index: int, scale: float) -> list[Multiplier]:
    """Of products with an operand of that scale, by gate: float32 arithmetic, as LiteRT has it."""
    reals = [np.float32(w) * np.float32(scale) / GATE_STEP for w in gate_scales(site, index)]
    return [Multiplier.of(float(real)) for real in reals]


def hidden_multiplier(site: Site[Any]) -> Multiplier:
    """From output gate times tanh, thirty bits behind the point, to the hidden state."""
    return Multiplier.of(float(np.float32(2.0**-15 / site.y().scale * 2.0**-15)))


def cell_ends(site: Site[Any]) -> tuple[int, int]:
    """The lowest and highest stored cell state."""
    clip = min(int(np.float32(site.args.cell_clip) / np.float32(site.y(1).scale)), HIGHEST)
    return (-clip, clip) if clip > 0 else (LOWEST, HIGHEST)


def folded_biases(site: Site[Any]) -> tuple[Array, Array]:
    """int32 [4 cells] each: what is added to the input's sums and the hidden state's, zero points included."""
    w, r = site.constant(WEIGHTS).astype(np.int64), site.constant(RECURRENT).astype(np.int64)
    bias = site.constant(BIAS).astype(np.int64) if site.has(BIAS) else np.zeros(len(w), np.int64)
    return (
        (bias - w.sum(axis=1) * site.x().zero_point).astype(np.int32),
        (-r.sum(axis=1) * site.y().zero_point).astype(np.int32),
    )


def reference(site: Site[Any], x: Array, h: Array | None, c: Array | None) -> tuple[Array, Array]:
    """A step: both products, each rounded to 16 bits; the gates' functions; the new states."""
    w, r = site.constant(WEIGHTS).astype(np.float64), site.constant(RECURRENT).astype(np.float64)
    cells, power = r.shape[1], round(np.log2(site.y(1).scale))
    x_bias, h_bias = folded_biases(site)
    x_scales = gate_multipliers(site, WEIGHTS, site.x().scale)
    h_scales = gate_multipliers(site, RECURRENT, site.y().scale)
    scale, zero = hidden_multiplier(site), site.y().zero_point
    hidden = np.full((len(x), cells), zero, np.int8) if h is None else h
    cell = np.zeros((len(x), cells), np.int64) if c is None else c.astype(np.int64)
    states = []
    for t in range(x.shape[1]):
        gates = rescaled(x[:, t].astype(np.float64) @ w.T + x_bias, x_scales)
        gates = np.clip(
            gates + rescaled(hidden.astype(np.float64) @ r.T + h_bias, h_scales, False), LOWEST, HIGHEST
        )
        i, f, g, o = np.split(gates, GATES, axis=1)
        kept = rounding_divide_by_pot(logistic_fixed(f).astype(np.int64) * cell, 15)
        new = rounding_divide_by_pot(logistic_fixed(i).astype(np.int64) * tanh_fixed(g, 3), 30 + power)
        cell = np.clip(kept + new, *cell_ends(site))
        product = logistic_fixed(o).astype(np.int64) * tanh_fixed(cell, 15 + power)
        scaled = multiply_by_quantized_multiplier(product, scale.value, scale.shift)
        hidden = np.clip(scaled + zero, -128, 127).astype(np.int8)
        states.append(hidden)
    return np.stack(states, axis=1), cell.astype(np.int16)


def rescaled(sums: Array, scales: list[Multiplier], saturated: bool = True) -> Array:
    """Sums [batch, 4 cells] times the multipliers of their gates, in 16 bits."""
    cells = sums.shape[1] // GATES
    values, shifts = (np.repeat([getattr(s, n) for s in scales], cells) for n in ("value", "shift"))
    result: Array = multiply_by_quantized_multiplier(sums.astype(np.int64), values, shifts)
    return np.clip(result, LOWEST, HIGHEST) if saturated else result


def by_words(w: Array) -> Array:
    """[cells, depth, 4 gates] → [cells, depth / 4, 4 gates, 4 inputs]."""
    cells, depth, _ = w.shape
    return np.ascontiguousarray(w.reshape(cells, depth // 4, 4, GATES).swapaxes(2, 3))


def call(kernel: Kernel, site: Site[Any], w: Array, r: Array, note: str) -> Call:
    """The call with weights laid out already."""
    batch, steps, features = site.x().shape
    x_scales = gate_multipliers(site, WEIGHTS, site.x().scale)
    h_scales = gate_multipliers(site, RECURRENT, site.y().scale)
    hidden = hidden_multiplier(site)
    biases = np.stack([b.reshape(GATES, -1).T for b in folded_biases(site)], axis=1)
    args = LstmArgs(
        batch=batch, steps=steps, features=features, cells=site.x(RECURRENT).shape[1],
        begins=int(not site.has(HIDDEN_0)),
        x_multiplier=tuple(s.value for s in x_scales), x_shift=tuple(s.shift for s in x_scales),
        h_multiplier=tuple(s.value for s in h_scales), h_shift=tuple(s.shift for s in h_scales),
        y_multiplier=hidden.value, y_shift=hidden.shift, y_zero=site.y().zero_point,
        cell_shift=30 + round(np.log2(site.y(1).scale)), cell_low=cell_ends(site)[0], cell_high=cell_ends(site)[1],
    )  # fmt: skip
    return kernel.call(
        Input(index=0),
        Input(index=HIDDEN_0 if site.has(HIDDEN_0) else 0),
        Constant(label="weights", data=w, shape_note=f"cells x features x {note}"),
        Constant(label="recurrent", data=r, shape_note=f"cells x cells x {note}"),
        Constant(
            label="bias", data=np.ascontiguousarray(biases), shape_note="cells x {input, hidden} x 4 gates"
        ),
        Output(index=0),
        Output(index=1),
        args=args,
    )


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="h", ctype="const int8_t"),
    Param(name="w", ctype="const int8_t"),
    Param(name="r", ctype="const int8_t"),
    Param(name="bias", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="c", ctype="int16_t"),
)
