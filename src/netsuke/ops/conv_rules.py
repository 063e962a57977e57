"""Constraints on the operands (x, weights, bias) of convolutions and fully connected layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.ir import DType, Quantization
from netsuke.ops.conv_geometry import BIAS, WEIGHTS, accumulates_64_bits
from netsuke.ops.operator import Constraint, Site
from netsuke.ops.requantize import real_multipliers

BIASES = {
    DType.INT8: (DType.INT32,),
    DType.INT16: (DType.INT32, DType.INT64),
    DType.FLOAT32: (DType.FLOAT32,),
}


def images_of_rank_4(site: Site[Any]) -> str | None:
    """The input is an NHWC image and the weights have rank 4."""
    shapes = [list(site.x().shape), list(site.x(WEIGHTS).shape)]
    return None if all(len(s) == 4 and min(s) > 0 for s in shapes) else f"{shapes[0]} and {shapes[1]}"


def element_types(site: Site[Any]) -> str | None:
    """Activations are int8 or int16 with int8 weights, or all is float32; the bias is int32 (int8), int32 or
    int64 (int16), or float32."""
    x, w, y = site.x().dtype, site.x(WEIGHTS).dtype, site.y().dtype
    weights = DType.FLOAT32 if x is DType.FLOAT32 else DType.INT8
    bias = site.x(BIAS).dtype if site.has(BIAS) else None
    if x in BIASES and x is y and w is weights and (bias is None or bias in BIASES[x]):
        return None
    return f"input {x.value}, weights {w.value}, bias {bias.value if bias else 'absent'}, output {y.value}"


def constant_weights(site: Site[Any]) -> str | None:
    """Weights and bias are known at build time."""
    changing = [site.x(i).name for i in (WEIGHTS, BIAS) if site.has(i) and not site.x(i).is_constant]
    return f"{', '.join(changing)} computed at run time" if changing else None


def bias_length(site: Site[Any]) -> str | None:
    """The bias has one element for every output channel."""
    if not site.has(BIAS) or site.x(BIAS).elements == site.y().shape[-1]:
        return None
    return f"a bias of {site.x(BIAS).elements} for {site.y().shape[-1]} channels"


def activations_quantized(site: Site[Any]) -> str | None:
    """Integer inputs and outputs have one scale and zero point, and int16 has zero point 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for tensor in (site.x(), site.y()):
        q = tensor.quantization
        if q is None or len(q.scale) != 1:
            return f"{tensor.name} has {len(q.scale) if q else 'no'} scales"
        if tensor.dtype is DType.INT16 and q.zero_point[0] != 0:
            return f"{tensor.name} has zero point {q.zero_point[0]}"
    return None


def weights_quantized(axis: int, *, shifted: bool = False) -> Constraint[Any]:
    """The rule for integer weights with channels along `axis`; `shifted` allows a zero point per tensor."""

    def constraint(site: Site[Any]) -> str | None:
        w = site.x(WEIGHTS)
        if w.dtype is DType.FLOAT32:
            return None
        q = w.quantization
        if q is None:
            return "no scale"
        if len(q.scale) not in (1, w.shape[axis]) or (len(q.scale) > 1 and q.axis != axis):
            return f"{len(q.scale)} scales along axis {q.axis} for shape {list(w.shape)}"
        if any(q.zero_point) and not (shifted and fits_when_shifted(site, q)):
            return f"zero points {sorted(set(q.zero_point))}"
        return None

    zero = "and the zero point taken off leaves int8 (per channel: is 0)" if shifted else "and zero point 0"
    constraint.__doc__ = f"Integer weights have one scale, or one for each channel along axis {axis}, {zero}."
    return constraint


def fits_when_shifted(site: Site[Any], q: Quantization) -> bool:
    """True when weights of one scale are still int8 after their zero point is taken off."""
    w = site.constant(WEIGHTS).astype(np.int32) - q.zero_point[0]
    return len(q.scale) == 1 and int(w.min()) >= -128 and int(w.max()) <= 127


def multipliers_in_range(site: Site[Any]) -> str | None:
    """input scale x weights scale / output scale is below 2^30 (64-bit accumulators: below 2^7)."""
    if site.x().dtype is DType.FLOAT32:
        return None
    highest = max(real_multipliers(site.x(), site.x(WEIGHTS), site.y()))
    return f"{highest:g}" if highest >= (1 << 7 if accumulates_64_bits(site) else 1 << 30) else None


def accumulators_fit(axis: int) -> Constraint[Any]:
    """The rule that no accumulator can overflow, for weights whose channels run along `axis`."""

    def constraint(site: Site[Any]) -> str | None:
        x, w = site.x(), site.x(WEIGHTS)
        if x.dtype is DType.FLOAT32:
            return None
        assert w.quantization is not None
        shifted = site.constant(WEIGHTS).astype(np.int64) - (
            0 if len(w.quantization.scale) > 1 else w.quantization.zero_point[0]
        )
        others = tuple(i for i in range(len(w.shape)) if i != axis)
        largest = np.abs(shifted).sum(axis=others) * (255 if x.dtype is DType.INT8 else 32768)
        if x.dtype is DType.INT16 and site.has(BIAS):
            largest = largest.astype(np.float64) + np.abs(site.constant(BIAS).astype(np.float64)).reshape(-1)
        worst = float(largest.max(initial=0))
        return f"{worst:.0f}" if worst >= (2.0**47 if accumulates_64_bits(site) else 2.0**31) else None

    constraint.__doc__ = (
        "No sum of products leaves 32 bits (int16 with its bias: 48 bits, or 32 where the bias is int32)."
    )
    return constraint
