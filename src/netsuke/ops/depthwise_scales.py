"""What the depthwise kernels for cores with the DSP extension share: biases, two forms of requantisation, lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of
from netsuke.ops.fixed_point import Int64Array, Multiplier, wrap_int32
from netsuke.ops.high_multiply import FRACTION, high_multiply
from netsuke.ops.kernel import Param
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import bits_of
from netsuke.ops.packed_scales import Channel, Place, rising
from netsuke.ops.requantize import real_multipliers
from netsuke.ops.strip import multipliers

LANES = 4
"""Channels that are taken apart at once."""
FEW_BITS_FACTORS = (16, 256)
"""Tried in turn with weights of four bits or fewer: for multipliers below 1/2 and below 8."""
PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="blocks", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="scratch", ctype="void"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """Two constants of each channel's requantisation, and what is added to its bias; int64 [C].

    They are for biases and weights that come multiplied by `factor`.
    """

    first: Int64Array
    second: Int64Array
    offset: Int64Array
    factor: int = 1


def scales_of(site: Site[Any], *, once: bool) -> Scales | None:
    """NK_PLANES_ONCE or NK_PLANES_TWICE of nk_planes_s8.h; None where a channel has no such constants."""
    return once_scales(site) if once else twice_scales(site)


def twice_scales(site: Site[Any]) -> Scales | None:
    """{2 * multiplier - 2^32, 2^(32 - shift)}; needs shifts of 2 or more to the right."""
    found = multipliers(site)
    if any(m.value != 0 and m.shift > -2 for m in found):
        return None
    pairs = np.array([twice_scale(m) for m in found], dtype=np.int64)
    return Scales(first=pairs[:, 0], second=pairs[:, 1], offset=np.zeros(len(found), dtype=np.int64))


def twice_scale(m: Multiplier) -> tuple[int, int]:
    """One channel's; a multiplier of zero leaves the zero point alone."""
    return (0, 0) if m.value == 0 else (2 * m.value - (1 << 32), 1 << (32 + m.shift))


def once_scales(site: Site[Any]) -> Scales | None:
    """{multiplier, addend} of high_multiply.py, when negative sums are clamped away and all channels have one.

    Weights of few bits come with large multipliers: they are multiplied by a factor, for which a halfword has room.
    """
    low, _ = full_clamp(site.args.clamp, site.y())
    if low < site.y().zero_point:
        return None
    factors = (1, *FEW_BITS_FACTORS) if bits_of(site) is not None else (1,)
    return next((scales for factor in factors if (scales := once_scales_for(site, factor)) is not None), None)


def once_scales_for(site: Site[Any], factor: int) -> Scales | None:
    """The same for one factor."""
    zero = site.y().zero_point
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    ranges = bounds(site)
    reals = reals * len(ranges) if len(reals) == 1 else reals
    place = Place(factor=factor, unit=1, fraction=FRACTION)
    found = []
    for real, (least, most) in zip(reals, ranges, strict=True):
        if factor == 1:
            h = high_multiply(Multiplier.of(real), 127 - zero, least, most)
        else:
            h = rising(Channel(real=real, lowest=least, highest=most), 127 - zero, place)
        if h is None:
            return None
        found.append((h.multiplier, h.addend + (zero << FRACTION), h.offset))
    columns = np.array(found, dtype=np.int64).T
    return Scales(first=columns[0], second=columns[1], offset=columns[2], factor=factor)


def taps_by_channel(site: Site[Any]) -> Int64Array:
    """Weights as int64 [C, taps]."""
    w = site.constant(WEIGHTS)
    taps: Int64Array = w.reshape(-1, w.shape[3]).T.astype(np.int64)
    return taps


def start_of(site: Site[Any]) -> Int64Array:
    """bias - zero_point * sum of weights, modulo 2^32, int64 [C]: the planes hold stored values."""
    taps = taps_by_channel(site)
    return wrap_int32(bias_of(site, len(taps)).reshape(-1) - site.x().zero_point * taps.sum(axis=1))


def starts_with(site: Site[Any], scales: Scales) -> Int64Array:
    """What sums start from, int64 [C]."""
    return start_of(site) * scales.factor + scales.offset


def bounds(site: Site[Any]) -> list[tuple[int, int]]:
    """The least and the most that each channel's sum can be, bias included."""
    taps, start = taps_by_channel(site), start_of(site)
    above, below = np.maximum(taps, 0).sum(axis=1), np.minimum(taps, 0).sum(axis=1)
    least, most = start + below * 127 - above * 128, start + above * 127 - below * 128
    return list(zip(least.tolist(), most.tolist(), strict=True))


def halfwords(low: Array, high: Array) -> Array:
    """Two taps side by side in a word."""
    return (high << 16) | (low & 0xFFFF)
