"""FULLY_CONNECTED: rows of the input times the transposed weights.

LiteRT's reference kernel requantises in double (see `requantize.scaled_double`), unlike its optimised kernels
and TensorFlow Lite Micro, which use a fixed-point multiplier and may differ from it by 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops import packed as packed_weights
from netsuke.ops import packed_f32
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.conv_2d import float_finish, packed
from netsuke.ops.conv_geometry import (
    FLOAT_PARAMS,
    WEIGHTS,
    accumulates_64_bits,
    bias_of,
    folded_bias,
    scale_step,
)
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.conv_rules import (
    accumulators_fit,
    activations_quantized,
    bias_length,
    constant_weights,
    element_types,
    weights_quantized,
)
from netsuke.ops.conv_s16_mve import FULLY_CONNECTED_S16_MVE
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.fully_connected_mve import FULLY_CONNECTED_S8_MVE
from netsuke.ops.fully_connected_pairs import FULLY_CONNECTED_S8_FOURS, FULLY_CONNECTED_S8_PAIRS
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.matrix_f32 import MATRIX_F32
from netsuke.ops.matrix_s16_dsp import MATRIX_S16_DSP
from netsuke.ops.operator import Operator, Site
from netsuke.ops.packed_bits import UNITS, bits_of, by_bits, paired_units
from netsuke.ops.requantize import WideMultiplier, real_multipliers, relative_clamp, scaled_double, stored
from netsuke.ops.row_dsp import ROW_S8_DSP
from netsuke.ops.row_duo import ROW_S8_DUO
from netsuke.ops.row_s16_dsp import FULLY_CONNECTED_S16_DSP
from netsuke.ops.row_skips import FULLY_CONNECTED_S8_SKIPS
from netsuke.ops.threes import FULLY_CONNECTED_S8_THREES
from netsuke.ops.twos import FULLY_CONNECTED_S8_TWOS
from netsuke.ops.weights_w8 import MATRIX_W8_F32


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnected(Args):
    """Operands: x of any rank, cut into rows of `depth` elements; weights [O, depth]; bias [O] or absent.

    The output is [rows, O]; with keep_num_dims it is x's shape with the last size replaced by O.
    """

    keep_num_dims: bool = False
    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedArgs(KernelArgs):
    """low, high: the clamp before y_zero is added; scale_step: 1 for a multiplier per channel, else 0."""

    c_name: ClassVar[str] = "nk_fully_connected_args"
    rows: int
    depth: int
    channels: int
    y_zero: int
    low: int
    high: int
    scale_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedF32Args(KernelArgs):
    """Sizes, and the clamp low..high."""

    c_name: ClassVar[str] = "nk_fully_connected_f32_args"
    rows: int
    depth: int
    channels: int
    low: float
    high: float


def rows_of_depth(site: Site[FullyConnected]) -> str | None:
    """Weights are [channels, depth] and cut the input into rows; with keep_num_dims its last size is depth."""
    x, w = site.x().shape, site.x(WEIGHTS).shape
    whole = len(w) == 2 and min(w) > 0 and site.x().elements > 0 and site.x().elements % w[1] == 0
    if whole and (not site.args.keep_num_dims or x[-1] == w[1]):
        return None
    return f"input {list(x)}, weights {list(w)}, keep_num_dims {site.args.keep_num_dims}"


def results_in_range(site: Site[FullyConnected]) -> str | None:
    """Accumulators times input scale x weights scale / output scale stay in 32 bits, the factor in 30."""
    if site.x().dtype is DType.FLOAT32:
        return None
    w, bias = (
        shifted_weights(site).astype(np.int64),
        bias_of(site, site.x(WEIGHTS).shape[0]).astype(np.float64),
    )
    largest = np.abs(w).sum(axis=1) * (255.0 if site.x().dtype is DType.INT8 else 32768.0) + np.abs(
        bias
    ).reshape(-1)
    reals = np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y()))
    if site.x().dtype is DType.INT8:
        largest = np.minimum(largest, 2.0**31)
    worst = float((largest * reals).max())
    return (
        None
        if worst < 2.0**31 - 2**16 and reals.max() < 2**30
        else f"{worst:g} at most, factor {reals.max():g}"
    )


def infer(site: Site[FullyConnected]) -> tuple[tuple[int, ...]]:
    """x and [O, depth] → [rows, O], or x's shape with O last."""
    channels, depth = site.x(WEIGHTS).shape
    if site.args.keep_num_dims:
        return ((*site.x().shape[:-1], channels),)
    return ((site.x().elements // depth, channels),)


def macs(site: Site[FullyConnected]) -> int:
    """Output elements times depth."""
    return site.y().elements * site.x(WEIGHTS).shape[1]


def shifted_weights(site: Site[FullyConnected]) -> Array:
    """Weights with their zero point taken off, still in their own type."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    if w.dtype == np.float32 or quantization is None or not any(quantization.zero_point):
        return w
    return (w.astype(np.int16) - quantization.zero_point[0]).astype(w.dtype)


def reference(site: Site[FullyConnected], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::FullyConnected and the overloads of reference_integer_ops that scale in double."""
    x = values[0]
    assert x is not None
    w = shifted_weights(site)
    rows = x.reshape(-1, w.shape[1])
    if x.dtype == np.float32:
        total = np.zeros((len(rows), len(w)), np.float32)
        for d in range(w.shape[1]):
            total += rows[:, d, None] * w[:, d]
        return (float_finish(site, total).reshape(site.y().shape),)
    sums = (rows.astype(np.float64) - site.x().zero_point) @ w.astype(np.float64).T
    acc = sums.astype(np.int64) + bias_of(site, len(w)).reshape(-1)
    acc = acc if accumulates_64_bits(site) else wrap_int32(acc)
    scaled = scaled_double(acc, real_multipliers(site.x(), site.x(WEIGHTS), site.y()))
    return (stored(scaled, site.y(), site.args.clamp).reshape(site.y().shape),)


def integer_args(site: Site[FullyConnected]) -> FullyConnectedArgs:
    """The argument struct of the int8 and int16 kernels."""
    channels, depth = site.x(WEIGHTS).shape
    low, high = relative_clamp(site.args.clamp, site.y())
    return FullyConnectedArgs(
        rows=site.x().elements // depth, depth=depth, channels=channels,
        y_zero=site.y().zero_point, low=low, high=high, scale_step=scale_step(site),
    )  # fmt: skip


def largest_sums(site: Site[FullyConnected]) -> list[int]:
    """A bound on each channel's accumulator, bias included; sums beyond 32 bits wrap, so that it is not above 2^31."""
    low, high = site.x().dtype.range
    reach = max(high - site.x().zero_point, site.x().zero_point - low)
    products = np.abs(shifted_weights(site).astype(np.int64)).sum(axis=1) * reach
    bias = np.abs(bias_of(site, len(products)).astype(np.int64)).reshape(-1)
    return [min(int(bound), 1 << 31) for bound in products + bias]


def wide_multipliers(site: Site[FullyConnected]) -> list[WideMultiplier] | None:
    """Multipliers that round as the doubles do at every accumulator there can be; None where one cannot be had."""
    low, high = relative_clamp(site.args.clamp, site.y())
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    bounds = largest_sums(site)
    limits = bounds if len(reals) > 1 else [max(bounds)]
    found = [
        WideMultiplier.like_double(real, low, high, bound) for real, bound in zip(reals, limits, strict=True)
    ]
    wide = [multiplier for multiplier in found if multiplier is not None]
    return wide if len(wide) == len(found) else None


def takes_wide(site: Site[FullyConnected]) -> bool:
    """int8 with scales whose rounding in double can be had in integers: all but a few contrived ones."""
    return site.x().dtype is DType.INT8 and wide_multipliers(site) is not None


def wide_constants(site: Site[FullyConnected]) -> tuple[Constant, ...]:
    """Folded biases, multipliers of two parts, their shifts."""
    wide = wide_multipliers(site)
    assert wide is not None
    halves = np.array([(m.high, m.low) for m in wide], dtype=np.int32)
    return (
        folded_bias(site, shifted_weights(site)),
        Constant(label="multiplier", data=halves, shape_note="channels or 1 x high and low 31 bits"),
        Constant(label="shift", data=np.array([m.shift for m in wide], dtype=np.int8)),
    )


def bind_s8(site: Site[FullyConnected]) -> tuple[Call]:
    """One call over all rows."""
    constants = (packed(site, shifted_weights(site), 1), *wide_constants(site))
    return (FULLY_CONNECTED_S8.call(Input(index=0), *constants, Output(index=0), args=integer_args(site)),)


def takes_packed(site: Site[FullyConnected], bits: int) -> bool:
    """The same with weights of four or two bits."""
    return takes_wide(site) and bits_of(site) == bits


def bind_packed(site: Site[FullyConnected], bits: int) -> tuple[Call]:
    """One call over all rows."""
    constants = (paired_units(site.constant(WEIGHTS), bits), *wide_constants(site))
    kernel = FULLY_CONNECTED_PACKED[bits]
    return (kernel.call(Input(index=0), *constants, Output(index=0), args=integer_args(site)),)


def scale_bits(site: Site[FullyConnected]) -> Constant:
    """The multipliers as doubles, handed over as their 64 bits."""
    reals = np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y()), dtype=np.float64)
    return Constant(label="scale", data=reals.view(np.int64), shape_note="doubles, as their bits")


def bind_s8_double(site: Site[FullyConnected]) -> tuple[Call]:
    """One call over all rows, scaling in double."""
    w = shifted_weights(site)
    weights = Constant(label="weights", data=w, shape_note="channels x depth")
    constants = (weights, folded_bias(site, w), scale_bits(site))
    return (
        FULLY_CONNECTED_S8_DOUBLE.call(Input(index=0), *constants, Output(index=0), args=integer_args(site)),
    )


def bind_s16(site: Site[FullyConnected]) -> tuple[Call]:
    """One call over all rows, scaling in double."""
    w = shifted_weights(site)
    constants = (
        Constant(label="weights", data=w, shape_note="channels x depth"),
        Constant(label="bias", data=bias_of(site, len(w)).reshape(-1).astype(np.int64)),
        scale_bits(site),
    )
    return (FULLY_CONNECTED_S16.call(Input(index=0), *constants, Output(index=0), args=integer_args(site)),)


def bind_f32(site: Site[FullyConnected]) -> tuple[Call]:
    """One call over all rows."""
    channels, depth = site.x(WEIGHTS).shape
    low, high = full_clamp(site.args.clamp, site.y())
    args = FullyConnectedF32Args(
        rows=site.x().elements // depth, depth=depth, channels=channels, low=low, high=high
    )
    bias = Constant(label="bias", data=bias_of(site, channels).reshape(-1))
    weights = packed(site, site.constant(WEIGHTS), 1)
    return (FULLY_CONNECTED_F32.call(Input(index=0), weights, bias, Output(index=0), args=args),)


FULLY_CONNECTED_S8 = Kernel(
    name="nk_fully_connected_s8",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="bias", ctype="const int32_t"),
        Param(name="multiplier", ctype="const int32_t"),
        Param(name="shift", ctype="const int8_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=FullyConnectedArgs,
    bind=bind_s8,
    accepts=takes_wide,
    overlap=pixels_during,
)
FULLY_CONNECTED_PACKED = by_bits(
    lambda bits: Kernel(
        name=f"nk_fully_connected_w{bits}",
        params=(
            FULLY_CONNECTED_S8.params[0],
            Param(name="w", ctype=f"const {UNITS[bits]}"),
            *FULLY_CONNECTED_S8.params[2:],
        ),
        args=FullyConnectedArgs,
        bind=lambda site: bind_packed(site, bits),
        accepts=lambda site: takes_packed(site, bits),
        overlap=pixels_during,
        packs=True,
    )
)
FULLY_CONNECTED_S8_DOUBLE = Kernel(
    name="nk_fully_connected_s8_double",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="bias", ctype="const int32_t"),
        Param(name="scale", ctype="const int64_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=FullyConnectedArgs,
    bind=bind_s8_double,
    accepts=lambda site: site.x().dtype is DType.INT8,
    overlap=pixels_during,
)
FULLY_CONNECTED_S16 = Kernel(
    name="nk_fully_connected_s16",
    params=(
        Param(name="x", ctype="const int16_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="bias", ctype="const int64_t"),
        Param(name="scale", ctype="const int64_t"),
        Param(name="y", ctype="int16_t"),
    ),
    args=FullyConnectedArgs,
    bind=bind_s16,
    accepts=lambda site: site.x().dtype is DType.INT16,
    overlap=pixels_during,
)
FULLY_CONNECTED_F32 = Kernel(
    name="nk_fully_connected_f32",
    params=FLOAT_PARAMS,
    args=FullyConnectedF32Args,
    bind=bind_f32,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
    overlap=pixels_during,
)

FULLY_CONNECTED = Operator(
    name="fully_connected",
    tflite=("FULLY_CONNECTED",),
    summary="matrix product with constant weights",
    args=FullyConnected,
    infer=infer,
    reference=reference,
    constraints=(
        element_types,
        rows_of_depth,
        constant_weights,
        bias_length,
        activations_quantized,
        weights_quantized(axis=0, shifted=True),
        accumulators_fit(axis=0),
        results_in_range,
    ),
    macs=macs,
    kernels=(
        *packed_weights.ROWS,
        *FULLY_CONNECTED_PACKED.values(),
        FULLY_CONNECTED_S8_MVE,
        ROW_S8_DUO,
        ROW_S8_DSP,
        FULLY_CONNECTED_S8_SKIPS,
        FULLY_CONNECTED_S8_THREES,
        FULLY_CONNECTED_S8_TWOS,
        FULLY_CONNECTED_S8_PAIRS,
        FULLY_CONNECTED_S8_FOURS,
        FULLY_CONNECTED_S8,
        FULLY_CONNECTED_S8_DOUBLE,
        FULLY_CONNECTED_S16_MVE,
        MATRIX_S16_DSP,
        *FULLY_CONNECTED_S16_DSP,
        FULLY_CONNECTED_S16,
        MATRIX_F32,
        FULLY_CONNECTED_F32,
        *packed_f32.CONNECTED,
        MATRIX_W8_F32,
    ),
)

OPERATORS: tuple[Operator[FullyConnected], ...] = (FULLY_CONNECTED,)
