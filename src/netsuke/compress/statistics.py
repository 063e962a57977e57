"""What calibration remembers of every tensor: ends, moving ends, channels, a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.compress.histogram import Bins, Histogram
from netsuke.ir import Array

MOMENTUM = 0.99
"""Of the moving average: how much of the past a sample leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """One tensor over all samples. Channels run along the last axis: float32 [channels]."""

    low: float
    high: float
    moving_low: float
    moving_high: float
    channel_low: Array
    channel_high: Array
    channel_mean: Array
    bins: Bins


class Collector:
    """Collects one tensor's statistics, a batch at a time."""

    def __init__(self, *, histogram: bool) -> None:
        self.low, self.high = np.inf, -np.inf
        self.moving: tuple[float, float] | None = None
        self.channel_low: Array | None = None
        self.channel_high: Array | None = None
        self.sums: Array | None = None
        self.count = 0
        self.histogram = Histogram() if histogram else None

    def add(self, values: Array) -> None:
        """A batch: float32 [samples, ...], finite."""
        rows = values.reshape(len(values), -1)
        lows, highs = rows.min(axis=1), rows.max(axis=1)
        self.low, self.high = min(self.low, float(lows.min())), max(self.high, float(highs.max()))
        for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
            self._move(low, high)
        self._channels(values.reshape(-1, values.shape[-1]) if values.ndim > 1 else rows)
        if self.histogram is not None:
            self.histogram.add(values)

    def done(self) -> Statistics:
        """What was collected, from at least one batch."""
        assert self.moving is not None
        assert self.channel_low is not None
        assert self.channel_high is not None
        assert self.sums is not None
        bins = Histogram().bins if self.histogram is None else self.histogram.bins
        return Statistics(
            low=self.low,
            high=self.high,
            moving_low=self.moving[0],
            moving_high=self.moving[1],
            channel_low=self.channel_low,
            channel_high=self.channel_high,
            channel_mean=(self.sums / self.count).astype(np.float32),
            bins=bins,
        )

    def _move(self, low: float, high: float) -> None:
        if self.moving is None:
            self.moving = low, high
        old_low, old_high = self.moving
        self.moving = (
            old_low + (1 - MOMENTUM) * (low - old_low),
            old_high + (1 - MOMENTUM) * (high - old_high),
        )

    def _channels(self, rows: Array) -> None:
        low, high = rows.min(axis=0), rows.max(axis=0)
        if self.channel_low is None or self.channel_high is None or self.sums is None:
            self.channel_low, self.channel_high = low, high
            self.sums = np.zeros(low.shape, np.float64)
        self.channel_low = np.minimum(self.channel_low, low)
        self.channel_high = np.maximum(self.channel_high, high)
        self.sums += rows.sum(axis=0, dtype=np.float64)
        self.count += len(rows)
