"""FULLY_CONNECTED, and pointwise CONV_2D of a pixel or two, on cores with the DSP extension (nk_row_s8.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.fixed_point import INT32_MAX
from netsuke.ops.high_multiply import COARSE_FRACTION, FRACTION, HighMultiply, high_multiply_double
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers
from netsuke.ops.strip import accepts_pointwise, folded_biases, relu_scales

CHANNELS = 4
GROUP = 4
MOST_PIXELS = 1
"""A convolution of more pixels is better off in strips, where there is RAM for their columns."""
FEW_PIXELS = 2
"""Of more even the portable kernels are as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowArgs(KernelArgs):
    """`rows` of `depth` inputs (a multiple of four), `channels` outputs each; narrow, low, high as in StripArgs."""

    c_name: ClassVar[str] = "nk_row_args"
    rows: int
    depth: int
    channels: int
    coarse: int
    """The scales keep COARSE_FRACTION bits below the stored value, not FRACTION."""
    narrow: int
    low: int
    high: int


def fully_connected_scales(site: Site[Any]) -> list[HighMultiply] | None:
    """The two-instruction requantisation of every channel of a fully connected layer, when all have one."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    plain = site.x().dtype is DType.INT8 and quantization is not None and not any(quantization.zero_point)
    if not plain or w.shape[-1] % GROUP:
        return None
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    reals = reals * len(w) if len(reals) == 1 else reals
    lowest, highest = accumulator_range(site)
    if max(max(highest), -min(lowest)) > INT32_MAX:
        return None
    low, high = (int(end) - site.y().zero_point for end in full_clamp(site.args.clamp, site.y()))
    levels = low + 1, high
    found = []
    for real, least, most in zip(reals, lowest, highest, strict=True):
        h = high_multiply_double(real, levels, least, most, fraction_of(site))
        if h is None:
            return None
        found.append(h)
    return found


def fraction_of(site: Site[Any]) -> int:
    """The bits below the stored value that the layer's largest multiplier leaves room for."""
    largest = max(real_multipliers(site.x(), site.x(WEIGHTS), site.y()))
    return FRACTION if largest < 2.0 ** -(1 + FRACTION) else COARSE_FRACTION


def accumulator_range(site: Site[Any]) -> tuple[list[int], list[int]]:
    """The lowest and highest accumulator of every channel, bias included, for weights [O, depth]."""
    w, zero_point = site.constant(WEIGHTS).astype(np.int64), site.x().zero_point
    biases = bias_of(site, len(w)).reshape(-1).astype(np.int64)
    low, high = w * (-128 - zero_point), w * (127 - zero_point)
    lowest = biases + np.minimum(low, high).sum(axis=1)
    highest = biases + np.maximum(low, high).sum(axis=1)
    return lowest.tolist(), highest.tolist()


def row_args(site: Site[Any], rows: int, fraction: int) -> RowArgs:
    """The struct for weights [O, depth] (or [O, 1, 1, depth])."""
    w = site.x(WEIGHTS)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    return RowArgs(
        rows=rows, depth=w.shape[-1], channels=w.shape[0], coarse=int(fraction != FRACTION),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def row_call(site: Site[Any], scales: Sequence[HighMultiply], rows: int, fraction: int) -> tuple[Call]:
    """The call for weights [O, depth] (or [O, 1, 1, depth])."""
    w = site.constant(WEIGHTS)
    w = w.reshape(len(w), -1)
    call = ROW_S8_DSP.call(
        Input(index=0),
        packed_rows(w),
        stream(folded_biases(site), scales, site.y().zero_point << fraction),
        Output(index=0),
        args=row_args(site, rows, fraction),
    )
    return (call,)


def packed_rows(w: Array) -> Constant:
    """[O, depth] → four channels in turn, four bytes of each; padded with zero channels to whole fours."""
    padded = np.zeros((-(-len(w) // CHANNELS) * CHANNELS, w.shape[1]), dtype=np.int8)
    padded[: len(w)] = w
    data = padded.reshape(-1, CHANNELS, w.shape[1] // 4, 4).transpose(0, 2, 1, 3)
    note = "channels by four x groups x 4 channels x 4 inputs"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)


def stream(biases: Array, scales: Sequence[HighMultiply], zero: int, bias_shift: int = 0) -> Constant:
    """For every four channels their biases, offsets included, then {multiplier, addend} of each; `zero` is the zero
    point with the fraction's bits below it. `bias_shift`: the kernel shifts its sums back so far before it scales them.
    """
    filler = HighMultiply(multiplier=1, offset=0, addend=0)
    padded = [*scales, *[filler] * (-len(scales) % CHANNELS)]
    offset = biases + np.array([h.offset for h in scales])
    sums = [*(offset << bias_shift).tolist(), *[0] * (-len(scales) % CHANNELS)]
    words: list[int] = []
    for first in range(0, len(padded), CHANNELS):
        words += sums[first : first + CHANNELS]
        for h in padded[first : first + CHANNELS]:
            words += [h.multiplier, h.addend + zero]
    return Constant(
        label="scales", data=np.array(words, dtype=np.int32), shape_note="4 biases, 4 x {multiplier, addend}"
    )


def accepts_single(site: Site[Any]) -> bool:
    """A pointwise convolution of one pixel whose activation clamps negative sums away."""
    return site.x().elements <= MOST_PIXELS * site.x().shape[3] and accepts_few(site)


def accepts_few(site: Site[Any]) -> bool:
    """The same, of a pixel or two."""
    pixels = site.x().elements // site.x().shape[3]
    few = pixels <= FEW_PIXELS and site.x().shape[3] % GROUP == 0
    return few and accepts_pointwise(site) and relu_scales(site) is not None


def bind_single(site: Site[Any]) -> tuple[Call]:
    """One call for the few pixels."""
    scales = relu_scales(site)
    assert scales is not None
    return row_call(site, scales, site.x().elements // site.x().shape[3], FRACTION)


def bind_fully_connected(site: Site[Any]) -> tuple[Call]:
    """One call for all rows."""
    fraction = fraction_of(site)
    scales = fully_connected_scales(site)
    assert scales is not None
    return row_call(site, scales, site.x().elements // site.x(WEIGHTS).shape[1], fraction)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int8_t"),
    Param(name="scales", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
)
ROW_S8_DSP = Kernel(
    name="nk_row_s8_dsp",
    params=PARAMS,
    args=RowArgs,
    bind=bind_fully_connected,
    accepts=lambda site: fully_connected_scales(site) is not None,
    needs=Isa.DSP,
    overlap=pixels_during,
)
SINGLE_S8_DSP = Kernel(
    name="nk_row_s8_dsp",
    params=PARAMS,
    args=RowArgs,
    bind=bind_single,
    accepts=accepts_single,
    needs=Isa.DSP,
    overlap=pixels_during,
)
FEW_S8_DSP = replace(SINGLE_S8_DSP, accepts=accepts_few)
"""Without scratch, behind the strips."""
