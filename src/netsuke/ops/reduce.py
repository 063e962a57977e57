"""MEAN, SUM and REDUCE_MAX over any dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops.block_copy import MAX_RANK, dense_steps
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of
from netsuke.ops.pool import larger

LEVELS = 3
"""Runs of kept and of reduced dimensions alternate, so that six dimensions make at most three of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Args):
    """The dimensions that are reduced (0..rank-1, increasing), and whether they stay with a size of 1."""

    axes: tuple[int, ...]
    keep_dims: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceArgs(KernelArgs):
    """Loops over kept and over reduced dimensions, outermost first; steps through the input in elements."""

    c_name: ClassVar[str] = "nk_reduce_args"
    kept: tuple[int, ...] = field(metadata={"length": LEVELS})
    kept_step: tuple[int, ...] = field(metadata={"length": LEVELS})
    reduced: tuple[int, ...] = field(metadata={"length": LEVELS})
    reduced_step: tuple[int, ...] = field(metadata={"length": LEVELS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceSumArgs(ReduceArgs):
    """y = (sum - offset) * multiplier + y_zero_point; offset = input's zero point * elements reduced."""

    c_name: ClassVar[str] = "nk_reduce_sum_args"
    offset: int
    multiplier: int
    shift: int
    y_zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceSumF32Args(ReduceArgs):
    """y = (start + sum) / divisor."""

    c_name: ClassVar[str] = "nk_reduce_sum_f32_args"
    start: float
    divisor: float


def axes_fit(site: Site[Reduce]) -> str | None:
    """The axes are dimensions of the input, in increasing order and each once; at most 6 dimensions."""
    axes, rank = site.args.axes, len(site.x().shape)
    fine = list(axes) == sorted(set(axes)) and all(0 <= axis < rank for axis in axes) and rank <= MAX_RANK
    return None if fine else f"axes {list(axes)} of rank {rank}"


def sum_fits(site: Site[Reduce]) -> str | None:
    """Integer sums stay within 32 bits: at most 65535 elements of int16, 8388607 of int8, make one."""
    limit = {DType.INT16: (1 << 16) - 1, DType.INT8: (1 << 23) - 1}.get(site.x().dtype)
    return None if limit is None or elements_reduced(site) <= limit else f"{elements_reduced(site)} elements"


def scaled_sum_fits(site: Site[Reduce]) -> str | None:
    """Integer sums stay below 2^30 when they are brought to the output's scale."""
    if site.x().dtype is DType.FLOAT32:
        return None
    low, high = site.x().dtype.range
    largest = max(site.x().zero_point - low, high - site.x().zero_point) * elements_reduced(site)
    m = multiplier_of(site)
    if largest << max(m.shift, 0) < 1 << 30:
        return None
    return f"{elements_reduced(site)} elements of scale {site.x().scale}, output of scale {site.y().scale}"


def symmetric_int16(site: Site[Reduce]) -> str | None:
    """int16 tensors have a zero point of 0."""
    if site.x().dtype is not DType.INT16 or site.x().zero_point == site.y().zero_point == 0:
        return None
    return f"{site.x().zero_point} and {site.y().zero_point}"


def same_quantization(site: Site[Reduce]) -> str | None:
    """Input and output have the same scale and zero point: a maximum does not requantise."""
    x, y = site.x().quantization, site.y().quantization
    return None if x == y else f"{x} and {y}"


def elements_reduced(site: Site[Reduce]) -> int:
    """How many elements make one element of the output."""
    return math.prod(site.x().shape[axis] for axis in site.args.axes)


def infer(site: Site[Reduce]) -> tuple[Shape]:
    """Reduced dimensions become 1, or go."""
    a = site.args
    sizes = ((axis, 1 if axis in a.axes else size) for axis, size in enumerate(site.x().shape))
    return (tuple(size for axis, size in sizes if a.keep_dims or axis not in a.axes),)


def rows(site: Site[Reduce], x: Array) -> Array:
    """[outputs, elements reduced]: each output's elements in the order in which TFLite visits them."""
    kept = [axis for axis in range(x.ndim) if axis not in site.args.axes]
    outputs = math.prod(x.shape[axis] for axis in kept)
    return x.transpose(*kept, *site.args.axes).reshape(outputs, -1)


def mean_multiplier(site: Site[Reduce]) -> Multiplier:
    """The scales' quotient over the number of elements: QuantizedMeanOrSum divides the fixed-point value."""
    scale, count = sum_multiplier(site), elements_reduced(site)
    shift = min(count.bit_length() - 1, 32, 31 + scale.shift)
    return Multiplier(value=(scale.value << shift) // count, shift=scale.shift - shift)


def sum_multiplier(site: Site[Reduce]) -> Multiplier:
    """The scales' quotient (PrepareMeanOrSum)."""
    return Multiplier.of(site.x().scale / site.y().scale)


def multiplier_of(site: Site[Reduce]) -> Multiplier:
    """What takes an integer sum to the output's scale."""
    return mean_multiplier(site) if site.node.op == "mean" else sum_multiplier(site)


def divisor_f32(site: Site[Reduce]) -> float:
    """What a float sum is divided by."""
    return float(np.float32(elements_reduced(site))) if site.node.op == "mean" else 1.0


def sum_reference(site: Site[Reduce], values: Sequence[Array | None]) -> tuple[Array]:
    """int8, int16: reference_ops::QuantizedMeanOrSum. float32: added up in order, divided once."""
    x = values[0]
    assert x is not None
    if x.dtype == np.float32:
        average = sum_f32(rows(site, x), start_f32(site)) / np.float32(divisor_f32(site))
        return (average.reshape(site.y().shape),)
    total = rows(site, x).sum(axis=1, dtype=np.int64) - site.x().zero_point * elements_reduced(site)
    m = multiplier_of(site)
    scaled = multiply_by_quantized_multiplier(total, m.value, m.shift) + site.y().zero_point
    low, high = site.y().dtype.range
    return (np.clip(scaled, low, high).astype(x.dtype).reshape(site.y().shape),)


def sum_f32(elements: Array, start: float) -> Array:
    """Row sums of [outputs, elements] in float32, added up from left to right."""
    total = np.full(elements.shape[0], start, dtype=np.float32)
    for column in elements.T:
        total += column
    return total


def start_f32(site: Site[Reduce]) -> float:
    """0, but -0 for a SUM over all dimensions: TFLite starts it from the first element, so -0 stays -0."""
    whole = len(site.args.axes) == len(site.x().shape)
    return -0.0 if whole and site.node.op == "sum" else 0.0


def max_reference(site: Site[Reduce], values: Sequence[Array | None]) -> tuple[Array]:
    """The largest element (reference_ops::ReduceGeneric).

    For float32 from minus infinity up, as ONNX and numpy have it; TFLite starts from the lowest finite number,
    which shows where all elements are minus infinity.
    """
    x = values[0]
    assert x is not None
    elements = rows(site, x)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    best = np.full(elements.shape[0], lowest, dtype=x.dtype)
    for column in elements.T:
        best = larger(column, best)
    return (best.reshape(site.y().shape),)


def loops(site: Site[Reduce]) -> ReduceArgs:
    """The loops of a kernel."""
    return loops_over(site.x().shape, site.args.axes)


def loops_over(shape: Shape, over: Sequence[int]) -> ReduceArgs:
    """Loops over the dimensions that are kept, and `over` those that are not: neighbours of one kind are one."""
    steps = dense_steps(shape)
    kept, reduced = [(1, 0)] * LEVELS, [(1, 0)] * LEVELS
    large = [axis for axis, size in enumerate(shape) if size != 1]
    for is_reduced, run in groupby(large, key=lambda axis: axis in over):
        axes = list(run)
        (reduced if is_reduced else kept).append((math.prod(shape[axis] for axis in axes), steps[axes[-1]]))
    kept, reduced = kept[-LEVELS:], reduced[-LEVELS:]
    return ReduceArgs(
        kept=tuple(count for count, _ in kept),
        kept_step=tuple(step for _, step in kept),
        reduced=tuple(count for count, _ in reduced),
        reduced_step=tuple(step for _, step in reduced),
    )


def integer_args(site: Site[Reduce]) -> ReduceSumArgs:
    """The argument struct of the integer sums."""
    walk = loops(site)
    m = multiplier_of(site)
    return ReduceSumArgs(
        kept=walk.kept, kept_step=walk.kept_step, reduced=walk.reduced, reduced_step=walk.reduced_step,
        offset=site.x().zero_point * elements_reduced(site),
        multiplier=m.value, shift=m.shift, y_zero_point=site.y().zero_point,
    )  # fmt: skip


def float_args(site: Site[Reduce]) -> ReduceSumF32Args:
    """The argument struct of the float sum."""
    walk = loops(site)
    return ReduceSumF32Args(
        kept=walk.kept, kept_step=walk.kept_step, reduced=walk.reduced, reduced_step=walk.reduced_step,
        start=start_f32(site),
        divisor=divisor_f32(site),
    )  # fmt: skip


def kernel_for(
    dtype: DType,
    name: str,
    args: type[KernelArgs],
    make: Callable[[Site[Reduce]], KernelArgs],
    accepts: Callable[[Site[Reduce]], bool] = lambda site: True,
    needs: Isa = Isa.NONE,
) -> Kernel:
    """A reduction's kernel of one element type: one call over the whole tensor."""

    def bind(site: Site[Reduce]) -> tuple[Call]:
        return (kernel.call(Input(index=0), Output(index=0), args=make(site)),)

    params = (Param(name="x", ctype=f"const {dtype.c}"), Param(name="y", ctype=dtype.c))
    kernel = Kernel(
        name=name,
        params=params,
        args=args,
        bind=bind,
        accepts=lambda site: site.x().dtype is dtype and accepts(site),
        needs=needs,
    )
    return kernel


def before_channels(site: Site[Reduce]) -> bool:
    """Four or more neighbours are kept, and what is reduced is one loop."""
    walk = loops(site)
    return walk.kept[2] >= 4 and walk.kept_step[2] == 1 and walk.reduced[:2] == (1, 1)


REDUCE_SUM_S8_MVE = kernel_for(
    DType.INT8, "nk_reduce_sum_s8_mve", ReduceSumArgs, integer_args, before_channels, Isa.MVE
)
REDUCE_SUM_S8_DSP = kernel_for(
    DType.INT8, "nk_reduce_sum_s8_dsp", ReduceSumArgs, integer_args, before_channels, Isa.DSP
)
REDUCE_SUM_S8 = kernel_for(DType.INT8, "nk_reduce_sum_s8", ReduceSumArgs, integer_args)
REDUCE_SUM_S16 = kernel_for(DType.INT16, "nk_reduce_sum_s16", ReduceSumArgs, integer_args)
REDUCE_SUM_F32 = kernel_for(DType.FLOAT32, "nk_reduce_sum_f32", ReduceSumF32Args, float_args)
REDUCE_MAX_S8 = kernel_for(DType.INT8, "nk_reduce_max_s8", ReduceArgs, loops)
REDUCE_MAX_S16 = kernel_for(DType.INT16, "nk_reduce_max_s16", ReduceArgs, loops)
REDUCE_MAX_F32 = kernel_for(DType.FLOAT32, "nk_reduce_max_f32", ReduceArgs, loops)

SUM_CONSTRAINTS = (
    dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32),
    axes_fit,
    symmetric_int16,
    sum_fits,
    scaled_sum_fits,
)

MEAN = Operator(
    name="mean",
    tflite=("MEAN",),
    summary="average over dimensions",
    args=Reduce,
    infer=infer,
    reference=sum_reference,
    constraints=SUM_CONSTRAINTS,
    kernels=(REDUCE_SUM_S8_MVE, REDUCE_SUM_S8_DSP, REDUCE_SUM_S8, REDUCE_SUM_S16, REDUCE_SUM_F32),
)
SUM = Operator(
    name="sum",
    tflite=("SUM",),
    summary="sum over dimensions",
    args=Reduce,
    infer=infer,
    reference=sum_reference,
    constraints=SUM_CONSTRAINTS,
    kernels=(REDUCE_SUM_S8_MVE, REDUCE_SUM_S8_DSP, REDUCE_SUM_S8, REDUCE_SUM_S16, REDUCE_SUM_F32),
)
REDUCE_MAX = Operator(
    name="reduce_max",
    tflite=("REDUCE_MAX",),
    summary="maximum over dimensions",
    args=Reduce,
    infer=infer,
    reference=max_reference,
    constraints=(dtypes_of(DType.INT8, DType.INT16, DType.FLOAT32), axes_fit, same_quantization),
    kernels=(REDUCE_MAX_S8, REDUCE_MAX_S16, REDUCE_MAX_F32),
)

OPERATORS: tuple[Operator[Reduce], ...] = (MEAN, SUM, REDUCE_MAX)
