"""LSTM: a whole sequence through one layer; the loop over time is in the kernel.

Gates stand in TFLite's order: input, forget, cell, output. Integers are those of UNIDIRECTIONAL_SEQUENCE_LSTM with int8
activations and weights and an int16 cell state (see `lstm_s8`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops import lstm_s8
from netsuke.ops.activation import FLOAT32_MAX
from netsuke.ops.float_math import logistic_f32, tanh_f32
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.lstm_s8 import BIAS, CELL_0, GATES, HIDDEN_0, RECURRENT, WEIGHTS
from netsuke.ops.operator import Operator, Site
from netsuke.ops.state import COPY, CopyArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Args):
    """Operands: x [batch, steps, features]; constant weights [4 cells, features], recurrent weights [4 cells, cells];
    bias [4 cells] or absent; the states [batch, cells] before the first step, hidden and cell, both or none (zeros).

    Outputs: the hidden states [batch, steps, cells], and the last cell state [batch, cells].

    cell_clip: bound of the cell state's size after every step; 0 for none.
    """

    cell_clip: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmF32Args(KernelArgs):
    """Sizes; begins: 1 where the states before the first step are zeros; clip: bound of the cell state."""

    c_name: ClassVar[str] = "nk_lstm_f32_args"
    batch: int
    steps: int
    features: int
    cells: int
    begins: int
    clip: float


def shapes(site: Site[Lstm]) -> str | None:
    """x is [batch, steps, features], the weights [4 cells, features] and [4 cells, cells], the bias [4 cells], states
    [batch, cells]."""
    x, w, r = site.x().shape, site.x(WEIGHTS).shape, site.x(RECURRENT).shape
    said = f"x {list(x)}, weights {list(w)} and {list(r)}"
    if len(x) != 3 or len(w) != 2 or len(r) != 2 or min(*x, *w, *r) < 1 or w[1] != x[2]:
        return said
    if w[0] != GATES * r[1] or r[0] != w[0] or (site.has(BIAS) and site.x(BIAS).shape != (w[0],)):
        return said
    states = [site.x(i).shape for i in (HIDDEN_0, CELL_0) if site.has(i)]
    if len(states) == 1 or any(s != (x[0], r[1]) for s in states):
        return f"{said}, states {[list(s) for s in states]}"
    return None


def element_types(site: Site[Lstm]) -> str | None:
    """All is float32; or x, weights and hidden states int8, the bias int32 and cell states int16."""
    found = [site.x(i).dtype if site.has(i) else None for i in range(6)] + [y.dtype for y in site.outputs]
    whole = (
        DType.INT8,
        DType.INT8,
        DType.INT8,
        DType.INT32,
        DType.INT8,
        DType.INT16,
        DType.INT8,
        DType.INT16,
    )
    wanted = (DType.FLOAT32,) * 8 if site.x().dtype is DType.FLOAT32 else whole
    fits = all(a is None or a is b for a, b in zip(found, wanted, strict=True))
    return None if fits else ", ".join(d.value if d else "absent" for d in found)


def constants(site: Site[Lstm]) -> str | None:
    """Weights and bias are known at build time."""
    changing = [
        site.x(i).name for i in (WEIGHTS, RECURRENT, BIAS) if site.has(i) and not site.x(i).is_constant
    ]
    return f"{', '.join(changing)} computed at run time" if changing else None


def clip_is_a_size(site: Site[Lstm]) -> str | None:
    """The bound of the cell state is a number from 0 on."""
    clip = site.args.cell_clip
    return None if 0 <= clip < FLOAT32_MAX else f"{clip}"


def infer(site: Site[Lstm]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hidden state of every step, and the last cell state."""
    batch, steps, _ = site.x().shape
    cells = site.x(RECURRENT).shape[1]
    return (batch, steps, cells), (batch, cells)


def macs(site: Site[Lstm]) -> int:
    """Both products of every step."""
    batch, steps, _ = site.x().shape
    return batch * steps * (site.x(WEIGHTS).elements + site.x(RECURRENT).elements)


def reference(site: Site[Lstm], values: Sequence[Array | None]) -> tuple[Array, Array]:
    """EvalFloat and EvalInteger8x8_16 of tflite/kernels/lstm_eval.cc."""
    x = values[0]
    assert x is not None
    h, c = (values[i] if site.has(i) else None for i in (HIDDEN_0, CELL_0))
    if x.dtype == np.int8:
        return lstm_s8.reference(site, x, h, c)
    return float_reference(site, x, h, c)


def float_reference(site: Site[Lstm], x: Array, h: Array | None, c: Array | None) -> tuple[Array, Array]:
    """Each gate adds up x times its weights, then the hidden state times its own, in order; then the bias."""
    w, r = site.constant(WEIGHTS), site.constant(RECURRENT)
    cells = r.shape[1]
    bias = site.constant(BIAS) if site.has(BIAS) else np.zeros(len(w), np.float32)
    hidden = np.zeros((len(x), cells), np.float32) if h is None else h
    cell = np.zeros((len(x), cells), np.float32) if c is None else c
    limit, states = float_limit(site), []
    for t in range(x.shape[1]):
        total = np.zeros((len(x), len(w)), np.float32)
        for k in range(w.shape[1]):
            total += x[:, t, k, None] * w[:, k]
        if t > 0 or h is not None:
            for k in range(cells):
                total += hidden[:, k, None] * r[:, k]
        i, f, g, o = np.split(total + bias, GATES, axis=1)
        cell = np.clip(logistic_f32(f) * cell + logistic_f32(i) * tanh_f32(g), -limit, limit)
        hidden = logistic_f32(o) * tanh_f32(cell)
        states.append(hidden)
    return np.stack(states, axis=1), cell


def float_limit(site: Site[Lstm]) -> np.float32:
    """The bound of the cell state; the largest number where there is none."""
    return np.float32(site.args.cell_clip or FLOAT32_MAX)


def by_cell(w: Array) -> Array:
    """[4 cells, depth] → [cells, depth, 4]: the four gates of a cell are read together."""
    rows = w.reshape(GATES, -1, w.shape[1])
    return np.ascontiguousarray(rows.transpose(1, 2, 0))


def started(site: Site[Any]) -> tuple[Call, ...]:
    """What puts the cell state before the first step where the kernel keeps it."""
    if not site.has(CELL_0):
        return ()
    return (COPY.call(Input(index=CELL_0), Output(index=1), args=CopyArgs(nbytes=site.y(1).nbytes)),)


def bind_f32(site: Site[Lstm]) -> tuple[Call, ...]:
    """One call over all steps."""
    w, r = site.constant(WEIGHTS), site.constant(RECURRENT)
    bias = site.constant(BIAS) if site.has(BIAS) else np.zeros(len(w), np.float32)
    batch, steps, features = site.x().shape
    args = LstmF32Args(
        batch=batch, steps=steps, features=features, cells=r.shape[1], begins=int(not site.has(HIDDEN_0)),
        clip=float(float_limit(site)),
    )  # fmt: skip
    call = LSTM_F32.call(
        Input(index=0),
        Input(index=HIDDEN_0 if site.has(HIDDEN_0) else 0),
        Constant(label="weights", data=by_cell(w), shape_note="cells x features x 4 gates"),
        Constant(label="recurrent", data=by_cell(r), shape_note="cells x cells x 4 gates"),
        Constant(
            label="bias", data=np.ascontiguousarray(bias.reshape(GATES, -1).T), shape_note="cells x 4 gates"
        ),
        Output(index=0),
        Output(index=1),
        args=args,
    )
    return (*started(site), call)


def bind_s8(site: Site[Lstm]) -> tuple[Call, ...]:
    """One call over all steps."""
    w, r = by_cell(site.constant(WEIGHTS)), by_cell(site.constant(RECURRENT))
    return (*started(site), lstm_s8.call(LSTM_S8, site, w, r, "4 gates"))


def bind_s8_dsp(site: Site[Lstm]) -> tuple[Call, ...]:
    """One call over all steps; four bytes of each gate in turn."""
    w, r = (lstm_s8.by_words(by_cell(site.constant(i))) for i in (WEIGHTS, RECURRENT))
    return (*started(site), lstm_s8.call(LSTM_S8_DSP, site, w, r, "4 gates x 4 inputs"))


def whole_words(site: Site[Lstm]) -> bool:
    """int8, features and cells in whole words."""
    depths = site.x().shape[2], site.x(RECURRENT).shape[1]
    return site.x().dtype is DType.INT8 and not any(depth % 4 for depth in depths)


LSTM_F32 = Kernel(
    name="nk_lstm_f32",
    params=(
        Param(name="x", ctype="const float"),
        Param(name="h", ctype="const float"),
        Param(name="w", ctype="const float"),
        Param(name="r", ctype="const float"),
        Param(name="bias", ctype="const float"),
        Param(name="y", ctype="float"),
        Param(name="c", ctype="float"),
    ),
    args=LstmF32Args,
    bind=bind_f32,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
)
LSTM_S8 = Kernel(
    name="nk_lstm_s8",
    params=lstm_s8.PARAMS,
    args=lstm_s8.LstmArgs,
    bind=bind_s8,
    accepts=lambda site: site.x().dtype is DType.INT8,
)

LSTM_S8_DSP = Kernel(
    name="nk_lstm_s8_dsp",
    params=lstm_s8.PARAMS,
    args=lstm_s8.LstmArgs,
    bind=bind_s8_dsp,
    accepts=whole_words,
    needs=Isa.DSP,
)

LSTM = Operator(
    name="lstm",
    tflite=("UNIDIRECTIONAL_SEQUENCE_LSTM",),
    summary="a long short-term memory layer over a whole sequence",
    args=Lstm,
    infer=infer,
    reference=reference,
    constraints=(
        shapes,
        element_types,
        constants,
        clip_is_a_size,
        lstm_s8.activations_quantized,
        lstm_s8.weights_quantized,
        lstm_s8.cell_scale,
        lstm_s8.sums_fit,
    ),
    macs=macs,
    kernels=(LSTM_S8_DSP, LSTM_S8, LSTM_F32),
)

OPERATORS: tuple[Operator[Lstm], ...] = (LSTM,)
