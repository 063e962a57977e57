"""Two channels in a halfword (kernels/include/nk_duo_s8.h): what the packing needs, and its proof.

A halfword of weights is a + 256 b, a and b the weights of two channels for the same input. Its low byte is a. SMLAD
with the low bytes sums A, SMLAD with the halfwords as they are sums P = A + 256 B, modulo 2^32. So P - A is 256 B, to
the bit, as long as 256 B fits 32 bits; the requantisation is the one for sums that come multiplied by 256.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX, Int64Array, wrap_int32
from netsuke.ops.high_multiply import HighMultiply

FACTOR = 256
"""Sums of the second channel come multiplied by it."""
FACTOR_BITS = 8
GROUP = 4
"""Inputs by which weights stand together; within a group in the order 0 2, 1 3, as SXTB16 takes bytes apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Channels in tiles of `size`; the last tile ends with the last channel and may overlap the one before."""

    channels: int
    size: int

    @property
    def firsts(self) -> list[int]:
        """The first channel of every tile."""
        return [min(c, self.channels - self.size) for c in range(0, self.channels, self.size)]

    def order(self) -> Int64Array:
        """[tiles * size] the channel at every place."""
        return (np.array(self.firsts)[:, None] + np.arange(self.size)).reshape(-1)

    def factors(self) -> list[int]:
        """[tiles * size] what the sums at every place come multiplied by: 1 and FACTOR in turn."""
        return [1, FACTOR] * (len(self.firsts) * self.size // 2)


def packed(w: Array, tiles: Tiles) -> Array | None:
    """[O, K] int8 → [tiles, groups, 2, size / 2] words: for two inputs of a group every two channels of a tile.

    K is padded with zeros to whole groups. None when some pair of weights does not fit a halfword.
    """
    rows = np.zeros((len(w), -(-w.shape[1] // GROUP) * GROUP), dtype=np.int64)
    rows[:, : w.shape[1]] = w
    rows = rows[tiles.order()]
    halves = rows[0::2] + FACTOR * rows[1::2]
    if halves.size and int(halves.min()) < -(1 << 15):
        return None
    groups = halves.reshape(len(tiles.firsts), tiles.size // 2, -1, GROUP)[..., [0, 2, 1, 3]]
    inputs = groups.reshape(*groups.shape[:3], 2, 2).transpose(0, 2, 3, 1, 4)
    words: Array = np.ascontiguousarray(inputs).astype("<i2").view("<i4")[..., 0]
    return words


def starts(biases: Int64Array) -> Int64Array:
    """What the sums start from, for biases [places] as the sums come (times 256 for the second of two channels).

    int64 [places], modulo 2^32: A and P of every two channels.
    """
    first, second = biases[0::2], biases[1::2]
    return wrap_int32(np.stack([first, first + second], axis=1).reshape(-1))


def fits(lowest: Sequence[int], highest: Sequence[int]) -> bool:
    """True when all accumulators, 256 times as large, fit 32 bits."""
    return max(*(abs(v) for v in lowest), *(abs(v) for v in highest)) * FACTOR <= INT32_MAX


def blocks(start: Int64Array, words: Array, scales: Int64Array) -> Int64Array:
    """One stream: for every tile what the sums start from, its weights, its scale constants (flat arrays by tile)."""
    tiles = len(words)
    parts = [part.reshape(tiles, -1).astype(np.int64) for part in (start, words, scales)]
    return np.concatenate(parts, axis=1).reshape(-1)


def once_scales(found: Sequence[HighMultiply], zero_point: int, fraction: int) -> Int64Array:
    """[places * 2] {multiplier, addend with the zero point in it} of every place; the second of two has 8 bits more."""
    return np.array([word for pair in _once(found, zero_point, fraction) for word in pair], dtype=np.int64)


def _once(found: Sequence[HighMultiply], zero_point: int, fraction: int) -> Iterator[tuple[int, int]]:
    for place, h in enumerate(found):
        yield h.multiplier, h.addend + (zero_point << fraction_of(place, fraction))


def fraction_of(place: int, fraction: int) -> int:
    """Bits below the stored value at a place, when the first of two channels has `fraction`."""
    return fraction + FACTOR_BITS * (place % 2)
