"""FULLY_CONNECTED of int16, and CONV_2D of a pixel or two, on cores with the DSP extension (nk_row_s16.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, accumulates_64_bits, bias_of
from netsuke.ops.conv_s16_dsp import PARAMS, Scales, is_pointwise, once_scales, plain
from netsuke.ops.fixed_point import INT32_MAX, INT32_MIN
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers
from netsuke.ops.scales_s16_dsp import (
    HIGHEST,
    LOWEST,
    DoubleScale,
    clamp_ends,
    double_saturates,
    double_scale,
    per_channel,
    reach_of,
)

CHANNELS = 4
GROUP = 4
PASS = 8
"""Groups of inputs in the unrolled loop: NK_ROW_S16_PASS."""
MOST_PIXELS = 2
"""A convolution of more pixels is better off in strips."""


Start = Callable[[int, int], tuple[int, ...]]
"""Two channels' biases → the words that their sums start from."""
Weights = Callable[[Array], Array | None]
"""Weights [O, depth] → what is packed; None where they do not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowS16Args(KernelArgs):
    """`rows` of `depth` inputs, in `groups` of four, `first` of them in the first pass of the loop.

    words: of scales for four channels. narrow: the clamp low..high is narrower than int16.
    """

    c_name: ClassVar[str] = "nk_row_s16_args"
    rows: int
    depth: int
    groups: int
    first: int
    channels: int
    words: int
    narrow: int
    low: int
    high: int


def matrix(site: Site[Any]) -> Array:
    """Weights [O, depth] in int16, their zero point taken off."""
    w, quantization = site.constant(WEIGHTS).astype(np.int16), site.x(WEIGHTS).quantization
    assert quantization is not None
    shift = quantization.zero_point[0] if any(quantization.zero_point) else 0
    return (w - shift).reshape(len(w), -1)


def double_scales(site: Site[Any], *, wide: bool = False) -> Scales | None:
    """The constants of every channel of a fully connected layer whose sums fit 32 bits, or (wide) may be saturated."""
    if site.x().dtype is not DType.INT16:
        return None
    w = matrix(site)
    reach = reach_of(w, bias_of(site, len(w)))
    if reach.fits == wide or (wide and not accumulates_64_bits(site)):
        return None
    reals = per_channel(real_multipliers(site.x(), site.x(WEIGHTS), site.y()), len(w))
    every = list(zip(reals, reach.least, reach.most, strict=True))
    if len(set(reals)) == 1:
        every = [(reals[0], min(reach.least), max(reach.most))] * len(w)
    found = [s for s in (channel_scale(site, *one) for one in every) if s is not None]
    return [(s.low, s.high) for s in found] if len(found) == len(w) else None


def channel_scale(site: Site[Any], real: float, least: int, most: int) -> DoubleScale | None:
    """One channel's constants, for sums that are saturated to 32 bits where they may need more."""
    low, high = clamp_ends(site)
    if not double_saturates(real, least, most, (low, high)):
        return None
    return double_scale(real, low, high, max(least, INT32_MIN), min(most, INT32_MAX))


def shared_halfwords(w: Array) -> Array | None:
    """[O, depth] with every second channel less its neighbour's sign: what 256 B + A needs; None where -128 is in the
    way."""
    shared = w.copy()
    shared[1::2] -= w[0::2][: len(w) // 2] < 0
    return shared if int(shared.min(initial=0)) >= -128 else None


def packed_rows(w: Array) -> Constant:
    """[O, depth] → four channels in turn, four inputs of each, as nk_row_s16.h has them; padded with zeros."""
    padded = padded_matrix(w)
    # channels: fours, pairs, of a pair; inputs: groups, pairs, of a pair
    split = padded.reshape(-1, 2, 2, padded.shape[1] // GROUP, 2, 2)
    data = split.transpose(0, 3, 4, 1, 5, 2).astype(np.int8)
    note = "channels by four x groups x 2 input pairs x 2 channel pairs x 2 inputs x 2 channels"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)


def padded_matrix(w: Array) -> Array:
    """[O, depth] with zeros to whole fours of both."""
    padded = np.zeros((-(-len(w) // CHANNELS) * CHANNELS, -(-w.shape[1] // GROUP) * GROUP), dtype=np.int16)
    padded[: w.shape[0], : w.shape[1]] = w
    return padded


def row_stream(biases: Sequence[int], scales: Scales, start: Start) -> Constant:
    """For every four channels the starts of their sums, then the constants of each."""
    missing = -len(biases) % CHANNELS
    starts, constants = [*biases, *[0] * missing], [*scales, *[scales[-1]] * missing]
    words: list[int] = []
    for first in range(0, len(starts), CHANNELS):
        for i in (first, first + 2):
            words += start(starts[i], starts[i + 1])
        for i in range(first, first + CHANNELS):
            words += constants[i]
    data = np.array(words, dtype=np.int64).astype(np.int32)
    return Constant(label="scales", data=data, shape_note="4 starts of sums, constants of each")


def shared_start(a: int, b: int) -> tuple[int, ...]:
    """A, then 256 B + A in two words."""
    return a, *two_words(256 * b + a)


def plain_start(a: int, b: int) -> tuple[int, ...]:
    """A, B, and a word that nobody reads."""
    return a, b, 0


def wide_start(a: int, b: int) -> tuple[int, ...]:
    """A, then 256 B + A, in two words each."""
    return *two_words(a), *two_words(256 * b + a)


def two_words(value: int) -> tuple[int, int]:
    """64 bits as two signed words, the low one first."""
    low = value & 0xFFFFFFFF
    return low - (low >> 31 << 32), value >> 32


def row_call(site: Site[Any], kernel: Kernel, scales: Scales, w: Array, start: Start) -> tuple[Call]:
    """The call for weights [O, depth], ready to be packed."""
    low, high = clamp_ends(site)
    groups = -(-w.shape[1] // GROUP)
    args = RowS16Args(
        rows=site.x().elements // w.shape[1], depth=w.shape[1], groups=groups, first=(groups - 1) % PASS + 1,
        channels=len(w), words=2 * len(start(0, 0)) + CHANNELS * len(scales[0]),
        narrow=int((low, high) != (LOWEST, HIGHEST)), low=low, high=high,
    )  # fmt: skip
    stream = row_stream([int(b) for b in bias_of(site, len(w)).reshape(-1)], scales, start)
    scratch = Scratch(nbytes=2 * GROUP * groups if w.shape[1] % GROUP else 4)
    return (kernel.call(Input(index=0), packed_rows(w), stream, Output(index=0), scratch, args=args),)


def accepts_single(site: Site[Any]) -> bool:
    """A pointwise convolution of very few pixels."""
    if not plain(site) or not is_pointwise(site) or site.x().elements > MOST_PIXELS * site.x().shape[3]:
        return False
    return once_scales(site) is not None and shared_halfwords(matrix(site)) is not None


def bind_single(site: Site[Any]) -> tuple[Call]:
    """One call for the few pixels."""
    scales, w = once_scales(site), shared_halfwords(matrix(site))
    assert scales is not None
    assert w is not None
    return row_call(site, SINGLE_S16_DSP, scales, w, shared_start)


def row_kernel(name: str, start: Start, weights: Weights, *, wide: bool = False) -> Kernel:
    """A kernel for fully connected layers: `start` and `weights` are how it sums up a pair of channels."""

    def accepts(site: Site[Any]) -> bool:
        return double_scales(site, wide=wide) is not None and weights(matrix(site)) is not None

    def bind(site: Site[Any]) -> tuple[Call]:
        scales, w = double_scales(site, wide=wide), weights(matrix(site))
        assert scales is not None
        assert w is not None
        return row_call(site, kernel, scales, w, start)

    kernel = made(name, accepts, bind)
    return kernel


def made(
    name: str, accepts: Callable[[Site[Any]], bool], bind: Callable[[Site[Any]], tuple[Call, ...]]
) -> Kernel:
    """A kernel of this file."""
    return Kernel(name=name, params=PARAMS, args=RowS16Args, bind=bind, accepts=accepts, needs=Isa.DSP)


SINGLE_S16_DSP = made("nk_single_s16_dsp", accepts_single, bind_single)
FULLY_CONNECTED_S16_DSP = (
    row_kernel("nk_fully_connected_s16_dsp", shared_start, shared_halfwords),
    row_kernel("nk_fully_connected_plain_s16_dsp", plain_start, lambda w: w),
    row_kernel("nk_fully_connected_wide_s16_dsp", wide_start, shared_halfwords, wide=True),
)
"""Best first."""
