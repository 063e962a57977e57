"""A histogram that widens as values come: bounded memory, whatever the number of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array

BINS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """A finished histogram: int64 counts [BINS] of values from `low`, each bin `width` wide."""

    counts: Array
    low: float
    width: float

    @property
    def centres(self) -> Array:
        """float64 [BINS]: the middle of every bin."""
        return self.low + (np.arange(len(self.counts)) + 0.5) * self.width

    @property
    def edges(self) -> Array:
        """float64 [BINS + 1]: where bins begin and end."""
        return self.low + np.arange(len(self.counts) + 1) * self.width


class Histogram:
    """Counts values in BINS bins. When a value lies outside, neighbouring bins are joined, two to one, which is exact;
    the range then reaches twice as far, to the side where the value is."""

    def __init__(self) -> None:
        self.counts = np.zeros(BINS, np.int64)
        self.low = 0.0
        self.width = 0.0

    def add(self, values: Array) -> None:
        """Counts all elements of an array of finite numbers."""
        low, high = float(values.min()), float(values.max())
        if self.width == 0.0:
            self._start(low, high)
        while high > self._high or low < self.low:
            self._double(upwards=high > self._high)
        places = ((values.reshape(-1) - np.float32(self.low)) * np.float32(1 / self.width)).astype(np.int64)
        self.counts += np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)

    @property
    def bins(self) -> Bins:
        """The counts so far."""
        return Bins(counts=self.counts.copy(), low=self.low, width=self.width or 1.0)

    @property
    def _high(self) -> float:
        return self.low + BINS * self.width

    def _start(self, low: float, high: float) -> None:
        """Bins over the first values; values that are all the same get bins around them."""
        spread = max(high - low, abs(high) * 1e-3, abs(low) * 1e-3, 1e-30)
        self.width = spread * (1 + 1e-6) / BINS
        self.low = low

    def _double(self, *, upwards: bool) -> None:
        joined = self.counts.reshape(-1, 2).sum(axis=1)
        empty = np.zeros(BINS // 2, np.int64)
        if not upwards:
            self.low -= BINS * self.width
        self.counts = np.concatenate([joined, empty] if upwards else [empty, joined])
        self.width *= 2
