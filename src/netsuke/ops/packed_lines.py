"""Requantisation of sums with packed weights by one 32-bit product, proved at build time.

Weights of few bits make small sums and large multipliers: few accumulators lie between the lowest stored value and the
highest. The staircase that TFLite's rounding is over them (see staircase.py) then is a line

    stored = lowest + ((clamp(acc - base, 0, top) * slope + addend) >> 24)

in unsigned words, for any multiplier below one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.fixed_point import Int64Array, Multiplier
from netsuke.ops.kernel import Constant
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp
from netsuke.ops.skips import scale_table
from netsuke.ops.staircase import (
    FRACTION,
    MOST_BITS,
    SLOPES,
    WORD,
    Accumulators,
    Scaling,
    Staircase,
    agrees,
    fits_not,
    narrow,
    rises,
)
from netsuke.ops.triples import accumulators, fixed_scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """The table of scales, and what a kernel's struct says of it."""

    table: Constant
    stride: int
    shift: int


def line_scales(found: Staircase, bias: Int64Array, lowest: int) -> Scales:
    """Rows as nk_line_s8.h reads them; `lowest` is the lowest stored value."""
    columns = [bias - found.base, found.top, found.high, found.addend + (lowest << FRACTION)]
    note = "bias less base, top, slope, addend"
    if found.mirrored:
        columns += [found.zero, found.addend_up + (lowest << FRACTION)]
        note += ", place of zero, addend above"
    return Scales(table=scale_table(columns, note), stride=len(columns), shift=0)


def conv_lines(site: Site[Any], rows: Array) -> Staircase | None:
    """For a convolution whose channels have weights `rows`; None where a channel has no line."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    scaling = fixed_scaling([Multiplier.of(real) for real in reals.tolist()])
    return found_lines(scaling, reals, relative_clamp(site.args.clamp, site.y()), accumulators(site, rows))


def found_lines(
    scaling: Scaling, reals: Array, clamp: tuple[int, int], bounds: Accumulators
) -> Staircase | None:
    """A Staircase whose `low` is 0, for real multipliers [channels] and scaled values within `clamp`, or None."""
    low, high = clamp
    if high <= low or (reals <= 0).any() or (1 / reals > 1 << 20).any() or (reals >= 1).any():
        return None
    at = np.clip(rises(scaling, reals, low, high), bounds.least[:, None], bounds.most[:, None] + 1)
    base = np.maximum(at[:, 0] - 1, bounds.least)
    top = np.maximum(np.minimum(at[:, -1], bounds.most) - base, 1)
    if int(top.max()).bit_length() > MOST_BITS or fits_not(bounds, base):
        return None
    found = [
        line(real * (1 << FRACTION), at[i] - base[i], int(-base[i]), int(top[i]))
        for i, real in enumerate(reals.tolist())
    ]
    fitted = [one for one in found if one is not None]
    if len(fitted) < len(found):
        return None
    slope, down, up = np.array(fitted, dtype=np.int64).T
    result = Staircase(
        base=base, top=top, high=slope, low=np.zeros_like(slope), addend=down, addend_up=up, shift=0,
        mirrored=bool((down != up).any()),
    )  # fmt: skip
    return result if agrees(result, scaling, at, low, high, bounds) else None


def line(real: float, at: Int64Array, zero: int, top: int) -> tuple[int, int, int] | None:
    """(slope, addend below zero, addend above) that takes a place of at[n] or more, and no other, to level n + 1."""
    levels = np.arange(1, len(at) + 1, dtype=np.int64) << FRACTION
    for nudge in SLOPES:
        slope = round(real) + int(nudge)
        # A step at 0 or below is behind every accumulator there can be; one above `top` is never reached.
        needed = np.where(at <= top, levels - at * slope, 0)
        allowed = np.where(at > 0, levels - 1 - (at - 1) * slope, WORD)
        sides = [narrow(needed, allowed, side) for side in (at <= zero, at > zero)]
        if slope < 0 or sides[0] is None or sides[1] is None:
            continue
        together = narrow(needed, allowed, np.ones(len(at), dtype=bool))
        down, up = (together, together) if together is not None else (sides[0], sides[1])
        if max(down, up) + top * slope < WORD:
            return slope, down, up
    return None
