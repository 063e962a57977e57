"""FULLY_CONNECTED with two products a multiplication, for cores without SIMD (kernels/include/nk_dot_pairs_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_double
from netsuke.ops.staircase import Staircase, staircase
from netsuke.ops.triples import accumulators, folded_bias, quad_weights, scale_rows

LARGEST_SUM = 1 << 15
SHORTEST_CUT = 10
"""Taking sums out of the words more often than that would cost more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsArgs(KernelArgs):
    """`rows` of `depth` inputs (an even number), `channels` outputs each; cut: inputs between two partings.

    stride, shift: see nk_steps_s8.h.
    """

    c_name: ClassVar[str] = "nk_pairs_args"
    rows: int
    depth: int
    channels: int
    cut: int
    stride: int
    shift: int


def channel_rows(site: Site[Any]) -> Array:
    """Weights as int64 [channels, depth], their zero point taken off."""
    quantization = site.x(WEIGHTS).quantization
    zero = quantization.zero_point[0] if quantization is not None and len(quantization.scale) == 1 else 0
    return site.constant(WEIGHTS).astype(np.int64) - zero


def cut_of(rows: Array) -> int:
    """The most inputs, an even number, whose sums of products stay within 16 bits in every channel and every piece."""
    reach = np.abs(rows) * 128
    for cut in range(rows.shape[1], 0, -2):
        sums = [reach[:, k : k + cut].sum(axis=1).max() for k in range(0, rows.shape[1], cut)]
        if max(sums) < LARGEST_SUM:
            return cut
    return 0


def steps(site: Site[Any], rows: Array) -> Staircase | None:
    """The formula that gives what LiteRT's rounding in double gives."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    low, high = relative_clamp(site.args.clamp, site.y())
    return staircase(
        lambda acc: scaled_double(acc.T, reals.tolist()).T, reals, low, high, accumulators(site, rows)
    )


def accepts(site: Site[Any]) -> bool:
    """int8, an even depth, and a requantisation that can be proved."""
    whole = site.x().dtype is DType.INT8 and site.x(WEIGHTS).shape[1] % 2 == 0
    return whole and steps(site, channel_rows(site)) is not None


def accepts_pairs(site: Site[Any]) -> bool:
    """The same, and weights small enough for many products to be summed in half a word."""
    return accepts(site) and cut_of(channel_rows(site)) >= SHORTEST_CUT


def packed(rows: Array) -> Constant:
    """[channels, depth] → uint32 [channels / 4, depth], 128 + the weight of each of four channels in a byte."""
    padded = np.zeros((-(-len(rows) // 4) * 4, rows.shape[1]), dtype=np.int64)
    padded[: len(rows)] = rows
    fours = (padded + 128).astype(np.uint32).reshape(-1, 4, rows.shape[1])
    words = fours[:, 0] | fours[:, 1] << 8 | fours[:, 2] << 16 | fours[:, 3] << 24
    return Constant(
        label="weights", data=words, shape_note="channels by four x depth, 128 + weight in a byte"
    )


def pairs_args(site: Site[Any], rows: Array, found: Staircase) -> PairsArgs:
    """The struct of both kernels."""
    return PairsArgs(
        rows=site.x().elements // rows.shape[1], depth=rows.shape[1], channels=len(rows), cut=cut_of(rows),
        stride=7 if found.mirrored else 5, shift=found.shift,
    )  # fmt: skip


def bind_pairs(site: Site[Any]) -> tuple[Call]:
    """One call over all rows."""
    rows = channel_rows(site)
    found = steps(site, rows)
    assert found is not None
    args = pairs_args(site, rows, found)
    scratch = Scratch(nbytes=4 * -(-args.depth // args.cut))
    constants = packed(rows), scale_rows(site, found, folded_bias(site, rows))
    return (FULLY_CONNECTED_S8_PAIRS.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


def bind_fours(site: Site[Any]) -> tuple[Call]:
    """One call over all rows."""
    rows = channel_rows(site)
    found = steps(site, rows)
    assert found is not None
    constants = quad_weights(rows, rows.shape[1]), scale_rows(site, found, folded_bias(site, rows))
    args = pairs_args(site, rows, found)
    return (FULLY_CONNECTED_S8_FOURS.call(Input(index=0), *constants, Output(index=0), args=args),)


FULLY_CONNECTED_S8_PAIRS = Kernel(
    name="nk_fully_connected_s8_pairs",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const uint32_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
        Param(name="scratch", ctype="void"),
    ),
    args=PairsArgs,
    bind=bind_pairs,
    accepts=accepts_pairs,
    overlap=pixels_during,
)
FULLY_CONNECTED_S8_FOURS = Kernel(
    name="nk_fully_connected_s8_fours",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int32_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=PairsArgs,
    bind=bind_fours,
    accepts=accepts,
    overlap=pixels_during,
)
