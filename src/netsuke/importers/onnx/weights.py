"""Weights and biases of convolutions and dense layers, float or quantised, and what is folded into them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from netsuke.importers.onnx.builder import Builder, Known, Value
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Coding, Walk
from netsuke.importers.onnx.widths import as_wide, width_of
from netsuke.ir import Array, DType, Quantization, TensorType

LARGEST_WIDE_BIAS = 2.0**46
"""Of a layer with int16 inputs: its kernels' sums have 48 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Real weights (output channels first), real bias [O] or None, and the integers that the weights are
    stored as."""

    real: Array
    bias: Array | None
    stored: Array | None = None
    quantization: Quantization | None = None
    """Of `stored`, axis 0 or per tensor."""
    whole_bias: Known | None = None
    """The integers that the bias is stored as."""

    def affine(self, factor: Array, term: Array) -> Weights:
        """The same layer followed by y = factor * y + term, one of each a channel; computed in double
        precision."""
        column = factor.reshape([-1] + [1] * (self.real.ndim - 1)).astype(np.float64)
        bias = np.zeros(len(self.real)) if self.bias is None else self.bias.astype(np.float64)
        return Weights(
            real=(self.real.astype(np.float64) * column).astype(np.float32),
            bias=(bias * factor + term).astype(np.float32),
        )

    def plus(self, term: Array) -> Weights:
        """The same layer followed by y + term."""
        total = term if self.bias is None else self.bias.astype(np.float64) + term
        return replace(self, bias=total.astype(np.float32), whole_bias=None)


def weights_of(node: OnnxNode, weights: Known, bias: Known | None, transpose: bool = False) -> Weights:
    """From the constants of a node; `transpose` for weights with the output channels last.

    Raises:
        Refusal: for element types and zero points that our kernels do not have.
    """
    if weights.data.dtype != np.float32 or (bias is not None and bias.data.dtype != np.float32):
        raise Refusal(
            node, f"weights are {weights.data.dtype}; floating point or dequantised ones were wanted"
        )
    real = weights.data.T if transpose else weights.data
    offset = None if bias is None else bias.data.reshape(-1)
    if offset is not None and offset.size not in (1, real.shape[0]):
        raise Refusal(node, f"the bias has {offset.size} elements for {real.shape[0]} output channels")
    if offset is not None and offset.size == 1:
        offset = np.repeat(offset, real.shape[0])
    if weights.stored is None or weights.quantization is None:
        return Weights(real=real, bias=offset)
    q, ints = weights.quantization, weights.stored
    channel = (weights.stored.ndim - 1) if transpose else 0
    if q.axis is not None and q.axis != channel:
        raise Refusal(
            node, f"weights are quantised along axis {q.axis}; output channels run along axis {channel}"
        )
    ints, q = symmetric(node, ints, q)
    return Weights(
        real=real,
        bias=offset,
        stored=ints.T if transpose else ints,
        quantization=replace(q, axis=None if q.axis is None else 0),
        whole_bias=bias if bias is not None and bias.data.size == real.shape[0] else None,
    )


def fits(values: Array, bits: int) -> bool:
    """Whether signed integers of so many bits hold them."""
    return not values.size or bool(values.min() >= -(1 << (bits - 1)) and values.max() < 1 << (bits - 1))


def symmetric(node: OnnxNode, ints: Array, q: Quantization) -> tuple[Array, Quantization]:
    """Weights as int8 with zero point 0.

    Raises:
        Refusal: when they do not fit int8 then.
    """
    zero = np.asarray(q.zero_point, dtype=np.int64)
    if q.axis is not None:
        zero = zero.reshape([-1 if i == q.axis else 1 for i in range(ints.ndim)])
    moved = ints.astype(np.int64) - zero
    if moved.size and (moved.min() < -128 or moved.max() > 127):
        raise Refusal(
            node,
            f"weights are {ints.dtype} with zero points {sorted(set(q.zero_point))[:4]}; "
            "quantise weights symmetrically (int8, zero point 0: weight_symmetric in onnxruntime)",
        )
    bits = q.bits if q.bits is not None and fits(moved, q.bits) else None
    return moved.astype(np.int8), replace(q, zero_point=(0,) * len(q.zero_point), bits=bits)


def place(
    builder: Builder,
    label: str,
    x: Value,
    weights: Weights,
    coding: Coding | None,
    stored_axis: int,
    view: Array,
) -> tuple[str, str]:
    """Weight and bias tensors as our kernels keep them; the bias is '' where there is none.

    `view` holds, for each place of the stored weights, the index into the flattened ONNX weights;
    `stored_axis` is where the output channels then run. With `coding` the layer is an integer one and the
    bias int32 (beside int16 inputs int64) in input scale x weight scale.
    """
    if coding is None:
        name = builder.constant(f"{label}_weights", weights.real.reshape(-1)[view])
        return name, "" if weights.bias is None else builder.constant(f"{label}_bias", weights.bias)
    assert weights.stored is not None
    assert weights.quantization is not None
    q = weights.quantization
    axis = None if q.axis is None else stored_axis
    name = builder.constant(f"{label}_weights", weights.stored.reshape(-1)[view], replace(q, axis=axis))
    if weights.bias is None:
        return name, ""
    return name, builder.constant(f"{label}_bias", *bias_integers(weights, builder.type_of(x), q))


def products_of(scale: float, q: Quantization) -> Array:
    """float32: the scale of an operand times those of its weights."""
    scales = np.float32(scale) * np.asarray(q.scale, dtype=np.float32)
    bounded: Array = np.maximum(scales, np.finfo(np.float32).tiny)
    return bounded


def whole_numbers(bias: Known, scales: Array) -> Array:
    """A flat bias in these scales, unbounded: as the file has it where it is stored in them, else rounded."""
    q = bias.quantization
    if bias.stored is not None and q is not None and not any(q.zero_point):
        same = np.asarray(q.scale, np.float32) == scales
        if bool(same.all()):
            return bias.stored.reshape(-1)
    steps: Array = np.rint(bias.data.reshape(-1).astype(np.float64) / scales.astype(np.float64))
    return steps


def bias_integers(weights: Weights, x: TensorType, q: Quantization) -> tuple[Array, Quantization]:
    """The bias in input scale x weight scale, saturated: int32, beside int16 inputs int64."""
    assert weights.bias is not None
    scales = products_of(x.scale, q)
    quantization = Quantization(
        scale=tuple(float(s) for s in scales), zero_point=(0,) * len(scales),
        axis=0 if q.axis is not None else None,
    )  # fmt: skip
    steps = whole_numbers(weights.whole_bias or Known(data=weights.bias), scales)
    if x.dtype is DType.INT16:
        return np.clip(steps, -LARGEST_WIDE_BIAS, LARGEST_WIDE_BIAS).astype(np.int64), quantization
    return np.clip(steps, *DType.INT32.range).astype(np.int32), quantization


def layer_input(walk: Walk, x: Value, weights: Weights, end: str) -> tuple[Value, Coding | None]:
    """The input as the layer reads it, and how its output is stored: integers when input, weights and output are
    quantised, else real numbers and None."""
    target = walk.target(end)
    if target is None or weights.stored is None or not walk.is_integer(x):
        return walk.builder.real(x), None
    coding = width_of(walk, target, x)
    return as_wide(walk, x, coding), coding
