"""GRU: a whole sequence through one layer; the loop over time is in the kernel. TFLite has no such operator.

The reset gate takes effect behind the recurrent product (torch, Keras' reset_after, ONNX's linear_before_reset = 1):

    z, r = logistic(W x + b + R h + c), n = tanh(W x + b + r (R h + c)), h = z h + (1 - z) n

Gates stand in the order update (z), reset (r), new (n). Integers are described in `gru_s8`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops import gru_s8
from netsuke.ops.float_math import logistic_f32, tanh_f32
from netsuke.ops.gru_s8 import GATES, RECURRENT, WEIGHTS, by_cell
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(Args):
    """Operands, all but x constant: x [batch, steps, features]; weights [3 cells, features], recurrent weights
    [3 cells, cells], bias and recurrent bias [3 cells]. The state before the first step is zeros.

    Outputs: the hidden states [batch, steps, cells], and the last one [batch, cells], in integers with 16 bits.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class GruF32Args(KernelArgs):
    """Sizes."""

    c_name: ClassVar[str] = "nk_gru_f32_args"
    batch: int
    steps: int
    features: int
    cells: int


def shapes(site: Site[Gru]) -> str | None:
    """x is [batch, steps, features], the weights [3 cells, features] and [3 cells, cells], both biases [3 cells]."""
    x, w, r = site.x().shape, site.x(WEIGHTS).shape, site.x(RECURRENT).shape
    biases = [site.x(i).shape for i in gru_s8.BIASES]
    said = f"x {list(x)}, weights {list(w)} and {list(r)}, biases {[list(b) for b in biases]}"
    if len(x) != 3 or len(w) != 2 or len(r) != 2 or min(*x, *w, *r) < 1 or w[1] != x[2]:
        return said
    fits = w[0] == GATES * r[1] and r[0] == w[0] and biases == [(w[0],)] * 2
    return None if fits else said


def element_types(site: Site[Gru]) -> str | None:
    """All is float32; or x, weights and hidden states int8, the biases int32 and the last state int16."""
    found = [site.x(i).dtype for i in range(5)] + [y.dtype for y in site.outputs]
    whole = [DType.INT8] * 3 + [DType.INT32] * 2 + [DType.INT8, DType.INT16]
    wanted = [DType.FLOAT32] * 7 if site.x().dtype is DType.FLOAT32 else whole
    return None if found == wanted else ", ".join(d.value for d in found)


def constants(site: Site[Gru]) -> str | None:
    """Weights and biases are known at build time."""
    changing = [site.x(i).name for i in (WEIGHTS, RECURRENT, *gru_s8.BIASES) if not site.x(i).is_constant]
    return f"{', '.join(changing)} computed at run time" if changing else None


def infer(site: Site[Gru]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hidden state of every step, and the last one."""
    batch, steps, _ = site.x().shape
    cells = site.x(RECURRENT).shape[1]
    return (batch, steps, cells), (batch, cells)


def macs(site: Site[Gru]) -> int:
    """Both products of every step."""
    batch, steps, _ = site.x().shape
    return batch * steps * (site.x(WEIGHTS).elements + site.x(RECURRENT).elements)


def reference(site: Site[Gru], values: Sequence[Array | None]) -> tuple[Array, Array]:
    """The definition above; float32 adds up products in order, the input's and the hidden state's by themselves."""
    x = values[0]
    assert x is not None
    if x.dtype == np.int8:
        return gru_s8.reference(site, x)
    w, r = site.constant(WEIGHTS), site.constant(RECURRENT)
    bias, recurrent_bias = (site.constant(i) for i in gru_s8.BIASES)
    hidden = np.zeros((len(x), r.shape[1]), np.float32)
    states = []
    for t in range(x.shape[1]):
        of_x, of_h = (np.zeros((len(x), len(w)), np.float32) for _ in range(2))
        for k in range(w.shape[1]):
            of_x += x[:, t, k, None] * w[:, k]
        for k in range(r.shape[1] if t else 0):
            of_h += hidden[:, k, None] * r[:, k]
        xz, xr, xn = np.split(of_x + bias, GATES, axis=1)
        hz, hr, hn = np.split(of_h + recurrent_bias, GATES, axis=1)
        z, reset = logistic_f32(xz + hz), logistic_f32(xr + hr)
        hidden = z * hidden + (np.float32(1) - z) * tanh_f32(xn + reset * hn)
        states.append(hidden)
    return np.stack(states, axis=1), hidden


def bind_f32(site: Site[Gru]) -> tuple[Call]:
    """One call over all steps."""
    batch, steps, features = site.x().shape
    args = GruF32Args(batch=batch, steps=steps, features=features, cells=site.x(RECURRENT).shape[1])
    biases = np.stack([site.constant(i).reshape(GATES, -1).T for i in gru_s8.BIASES], axis=1)
    return (
        GRU_F32.call(
            Input(index=0),
            Constant(
                label="weights", data=by_cell(site.constant(WEIGHTS)), shape_note="cells x 3 gates x features"
            ),
            Constant(
                label="recurrent",
                data=by_cell(site.constant(RECURRENT)),
                shape_note="cells x 3 gates x cells",
            ),
            Constant(
                label="bias",
                data=np.ascontiguousarray(biases),
                shape_note="cells x {input, hidden} x 3 gates",
            ),
            Output(index=0),
            Output(index=1),
            args=args,
        ),
    )


def bind_s8(site: Site[Gru]) -> tuple[Call]:
    """One call over all steps."""
    return (gru_s8.call(GRU_S8, site, by_cell, "3 gates x inputs"),)


def bind_s8_dsp(site: Site[Gru]) -> tuple[Call]:
    """One call over all steps; four bytes of each gate in turn."""
    return (gru_s8.call(GRU_S8_DSP, site, gru_s8.by_words, "fours of inputs x 3 gates x 4 inputs"),)


GRU_F32 = Kernel(
    name="nk_gru_f32",
    params=(
        Param(name="x", ctype="const float"),
        Param(name="w", ctype="const float"),
        Param(name="r", ctype="const float"),
        Param(name="bias", ctype="const float"),
        Param(name="y", ctype="float"),
        Param(name="s", ctype="float"),
    ),
    args=GruF32Args,
    bind=bind_f32,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
)
GRU_S8 = Kernel(
    name="nk_gru_s8",
    params=gru_s8.PARAMS,
    args=gru_s8.GruArgs,
    bind=bind_s8,
    accepts=lambda site: site.x().dtype is DType.INT8,
)
GRU_S8_DSP = Kernel(
    name="nk_gru_s8_dsp",
    params=gru_s8.PARAMS,
    args=gru_s8.GruArgs,
    bind=bind_s8_dsp,
    accepts=gru_s8.whole_words,
    needs=Isa.DSP,
)

GRU = Operator(
    name="gru",
    tflite=(),
    summary="a layer of gated recurrent units over a whole sequence",
    args=Gru,
    infer=infer,
    reference=reference,
    constraints=(
        shapes,
        element_types,
        constants,
        gru_s8.activations_quantized,
        gru_s8.weights_quantized,
        gru_s8.state_scale,
        gru_s8.sums_fit,
    ),
    macs=macs,
    kernels=(GRU_S8_DSP, GRU_S8, GRU_F32),
)

OPERATORS: tuple[Operator[Gru], ...] = (GRU,)
