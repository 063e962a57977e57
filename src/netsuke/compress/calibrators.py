"""From what was seen of a tensor to the range that its integers cover: five ways to trade clipping for resolution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np

from netsuke.compress.coding import STEPS
from netsuke.compress.histogram import Bins
from netsuke.compress.ranges import Range
from netsuke.compress.statistics import Statistics
from netsuke.errors import InputError
from netsuke.ir import Array

LEVELS = STEPS + 1
CANDIDATES = 128
SHARES = np.linspace(0.02, 1.0, CANDIDATES)
"""Of what was seen: the ends that searches look at."""


class Calibrator(Protocol):
    """A frozen dataclass; its fields are its options."""

    def range_of(self, seen: Statistics) -> Range:
        """The range that is kept; values outside it are clipped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MinMax:
    """All that was seen: nothing is clipped."""

    def range_of(self, seen: Statistics) -> Range:
        return Range(low=seen.low, high=seen.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingAverage:
    """Moving averages of each sample's ends: one strange sample moves them little."""

    def range_of(self, seen: Statistics) -> Range:
        return Range(low=seen.moving_low, high=seen.moving_high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """The middle: `percent` of all values are below the upper end, and as many above the lower end."""

    percent: float = 99.99

    def __post_init__(self) -> None:
        if not 50 < self.percent <= 100:
            raise InputError(f"got a percentile of {self.percent:g}; above 50, at most 100 is wanted")

    def range_of(self, seen: Statistics) -> Range:
        below = np.concatenate([[0], np.cumsum(seen.bins.counts)]) / max(seen.bins.counts.sum(), 1)
        share = self.percent / 100
        low = float(np.interp(1 - share, below, seen.bins.edges))
        high = float(np.interp(share, below, seen.bins.edges))
        return within(seen, low if seen.low < 0 else seen.low, high if seen.high > 0 else seen.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquare:
    """The range of the least mean squared error, rounding and clipping together, over the histogram."""

    def range_of(self, seen: Statistics) -> Range:
        low, high = min(seen.low, 0.0), max(seen.high, 0.0)
        for _ in range(2):
            if high > 0:
                high = best(seen.bins, np.full(CANDIDATES, low), SHARES * max(seen.high, 0.0))[1]
            if low < 0:
                low = best(seen.bins, SHARES * min(seen.low, 0.0), np.full(CANDIDATES, high))[0]
        return within(seen, low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropy:
    """The range whose 256 levels lose the least information (Kullback-Leibler divergence), as TensorRT calibrates
    (S. Migacz, 8-bit inference with TensorRT, 2017): what is larger than a threshold is clipped.

    The bin of 0, where relu leaves half of all values, counts no more than its neighbours: 0 is exact anyway.
    """

    def range_of(self, seen: Statistics) -> Range:
        bins, widest = without_zeros(seen.bins), max(-seen.low, seen.high, 0.0)
        ends = [(max(-end, min(seen.low, 0.0)), min(end, max(seen.high, 0.0))) for end in SHARES * widest]
        low, high = min(ends, key=lambda pair: divergence(bins, *pair))
        return within(seen, low, high)


def within(seen: Statistics, low: float, high: float) -> Range:
    """A range that is not wider than what was seen, and not upside down."""
    low, high = max(low, seen.low), min(high, seen.high)
    return Range(low=low, high=high) if low <= high else Range(low=seen.low, high=seen.high)


def best(bins: Bins, lows: Array, highs: Array) -> tuple[float, float]:
    """Among ranges (lows[i], highs[i]) around 0 the one of least squared error.

    The error of a bin counts as if its values lay in its middle, plus what rounding to steps adds at random.
    """
    centres, counts = bins.centres[bins.counts > 0], bins.counts[bins.counts > 0]
    step = np.maximum((highs - lows) / STEPS, 1e-30)[:, None]
    clipped = np.clip(centres, lows[:, None], highs[:, None])
    error = np.rint(clipped / step) * step - centres
    noise = np.where(step < 4 * bins.width, step**2 / 12, error**2)
    inside = clipped == centres
    total = (np.where(inside, noise, error**2) * counts).sum(axis=1)
    at = int(np.argmin(total))
    return float(lows[at]), float(highs[at])


def without_zeros(bins: Bins) -> Bins:
    """The histogram with the bin of 0 cut to the larger of its neighbours."""
    at = int(np.floor(-bins.low / bins.width))
    if not 0 <= at < len(bins.counts):
        return bins
    counts = bins.counts.copy()
    beside = [counts[i] for i in (at - 1, at + 1) if 0 <= i < len(counts)]
    counts[at] = min(counts[at], max(beside))
    return replace(bins, counts=counts)


def divergence(bins: Bins, low: float, high: float) -> float:
    """KL divergence of a histogram clipped to low..high from its form in 256 levels; infinite for an empty range."""
    if high <= low:
        return float("inf")
    first = int(np.clip((low - bins.low) / bins.width, 0, len(bins.counts) - 1))
    last = int(np.clip(np.ceil((high - bins.low) / bins.width), first + 1, len(bins.counts)))
    inside = bins.counts[first:last].astype(np.float64)
    exact = inside.copy()
    exact[0] += bins.counts[:first].sum()
    exact[-1] += bins.counts[last:].sum()
    levels = (np.arange(len(inside)) * LEVELS // max(len(inside), LEVELS)).astype(np.int64)
    used = inside > 0
    sums = np.bincount(levels, inside, minlength=LEVELS)
    many = np.bincount(levels, used, minlength=LEVELS)
    coarse = np.where(used, sums[levels] / np.maximum(many[levels], 1), 0.0)
    if not coarse.sum():
        return float("inf")
    p, q = exact / exact.sum(), coarse / coarse.sum()
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / np.maximum(q[seen], 1e-12))).sum())


CALIBRATORS: Mapping[str, Calibrator] = MappingProxyType(
    {
        "min-max": MinMax(),
        "moving-average": MovingAverage(),
        "percentile": Percentile(),
        "mse": MeanSquare(),
        "entropy": Entropy(),
    }
)
"""By the names of the command line, with their usual options."""


def calibrator(name: str) -> Calibrator:
    """A calibrator by name; 'percentile:99.9' gives the percentile.

    Raises:
        InputError: for another name.
    """
    kind, _, option = name.partition(":")
    if kind == "percentile" and option:
        try:
            return Percentile(percent=float(option))
        except ValueError:
            raise InputError(f"got {name!r}; percentile:99.9 or the like was wanted") from None
    if kind not in CALIBRATORS or option:
        raise InputError(f"got calibrator {name!r}; one of {', '.join(CALIBRATORS)} was wanted")
    return CALIBRATORS[kind]
