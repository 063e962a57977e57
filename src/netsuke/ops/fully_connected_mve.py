"""FULLY_CONNECTED for cores with Helium: rounded once in 32-bit lanes, where that provably gives LiteRT's double."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_2d_mve import CHANNELS, LANES, folded, scale_vectors
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.fixed_point import Int64Array
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_double

MOST_LEFT = 12
"""Bits that an accumulator gains at most before it is multiplied: more bring nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedMveArgs(KernelArgs):
    """`left`: bits that accumulators are shifted up by. narrow: the clamp low..high is narrower than int8."""

    c_name: ClassVar[str] = "nk_fully_connected_mve_args"
    rows: int
    depth: int
    channels: int
    left: int
    y_zero: int
    narrow: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneMultiplier:
    """round(x * value / 2^(31 - left + right)), halves up: what a lane does without a look at its sign.

    The product is cut off to 32 bits before it is rounded; that changes nothing, as the rounding adds a whole number.
    """

    value: int
    left: int
    right: int

    def scale(self, x: Int64Array) -> Int64Array:
        """Accumulators times the number."""
        high = ((x << self.left) * self.value) >> 31
        scaled: Int64Array = (high + (1 << (self.right - 1))) >> self.right
        return scaled

    @classmethod
    def like_double(
        cls, real: float, left: int, reach: tuple[int, int], clip: tuple[int, int]
    ) -> LaneMultiplier | None:
        """One that gives clip(round(x * real)), the product in double, for every x of `reach`; None if none is found.

        Both sides rise with x and step next to (q - 0.5) / real for each q of the clip, so looking at the neighbours of
        those points is looking everywhere.
        """
        fraction, exponent = math.frexp(real)
        right = left - exponent
        if not 1 <= right <= 31:
            return None
        steps = (np.arange(clip[0], clip[1] + 2) - 0.5) / real
        near = np.round(np.clip(steps, *reach)).astype(np.int64)
        x = np.clip(near[:, None] + np.arange(-3, 4), *reach)
        wanted = np.clip(scaled_double(x, (real,)), *clip)
        nearest = round(fraction * (1 << 31))
        for value in (nearest + hair for hair in (0, 1, -1, 2, -2, 3)):
            found = cls(value=value, left=left, right=right)
            if value < 1 << 31 and np.array_equal(np.clip(found.scale(x), *clip), wanted):
                return found
        return None


def weights_of(site: Site[Any]) -> Array:
    """[O, depth], int8, the weights' zero point taken off."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    zero = 0 if quantization is None or len(quantization.zero_point) > 1 else quantization.zero_point[0]
    return (w.astype(np.int16) - zero).astype(np.int8)


def lane_multipliers(site: Site[Any]) -> list[LaneMultiplier] | None:
    """One for every channel, all with one shift to the left; None where some channel has none."""
    rows = weights_of(site).astype(np.int64)
    bias = folded(site, rows).astype(np.int64)
    up, down = np.maximum(rows, 0).sum(axis=1), np.minimum(rows, 0).sum(axis=1)
    highest, lowest = bias + 127 * up - 128 * down, bias - 128 * up + 127 * down
    largest = int(max(np.abs(highest).max(), np.abs(lowest).max()))
    left = min(MOST_LEFT, 31 - largest.bit_length())
    if left < 0:
        return None
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    reach, clip = (int(lowest.min()), int(highest.max())), relative_clamp(site.args.clamp, site.y())
    found = [LaneMultiplier.like_double(real, left, reach, clip) for real in reals]
    kept = [m for m in found if m is not None]
    if len(kept) < len(found):
        return None
    return kept * len(rows) if len(kept) == 1 else kept


def accepts(site: Site[Any]) -> bool:
    """int8, and multipliers that are proved to give LiteRT's results."""
    return site.x().dtype is DType.INT8 and lane_multipliers(site) is not None


def packed_weights(w: Array) -> Constant:
    """[O, depth] → channels by four, 16 bytes of each in turn; zeros behind the end."""
    padded = np.zeros((-(-w.shape[0] // CHANNELS) * CHANNELS, -(-w.shape[1] // LANES) * LANES), dtype=np.int8)
    padded[: w.shape[0], : w.shape[1]] = w
    fours = padded.reshape(-1, CHANNELS, padded.shape[1] // LANES, LANES).transpose(0, 2, 1, 3)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(fours),
        shape_note="channel fours x steps x 4 channels x 16 inputs",
    )


def bind(site: Site[Any]) -> tuple[Call]:
    """One call over all rows."""
    found = lane_multipliers(site)
    assert found is not None
    w = weights_of(site)
    channels, depth = w.shape
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    args = FullyConnectedMveArgs(
        rows=site.x().elements // depth, depth=depth, channels=channels, left=found[0].left,
        y_zero=site.y().zero_point, narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip
    scales = scale_vectors(
        folded(site, w), np.array([m.value for m in found]), np.array([-m.right for m in found])
    )
    return (
        FULLY_CONNECTED_S8_MVE.call(Input(index=0), packed_weights(w), scales, Output(index=0), args=args),
    )


FULLY_CONNECTED_S8_MVE = Kernel(
    name="nk_fully_connected_s8_mve",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=FullyConnectedMveArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.MVE,
    overlap=pixels_during,
)
