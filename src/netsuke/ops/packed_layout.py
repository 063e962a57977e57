"""How packed weights lie in a stream for cores with the DSP extension, and the proof that sums stay apart.

Four channels are a tile. Four bits: a halfword is a + 16 b + 256 c + 4096 d, with 8 more in the first three fields, so
that masks leave numbers that are never negative. Two bits: fields a and b, one or two more in a, 14 bits apart once the
word has been rotated and masked. See kernels/include/nk_strip_packed_s8.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.duo import GROUP, Tiles
from netsuke.ops.fixed_point import Int64Array, wrap_int32
from netsuke.ops.operator import Site

CHANNELS = 4
LIFT = 8
"""What is added to weights of four bits."""
LOW_BITS = 14
"""Bits of the first of two sums with weights of two bits."""


def strip_tiles(site: Site[Any]) -> Tiles:
    """Four channels a tile, the last one perhaps over the one before; fewer than four are filled up."""
    return Tiles(channels=max(site.y().shape[-1], CHANNELS), size=CHANNELS)


def row_tiles(site: Site[Any]) -> Tiles:
    """Four channels a tile, the last one filled up."""
    return Tiles(channels=-(-site.x(WEIGHTS).shape[0] // CHANNELS) * CHANNELS, size=CHANNELS)


def filled(values: Array, tiles: Tiles) -> Array:
    """[O, ...] → [tiles * 4, ...]; what a tile is filled up with is zero."""
    missing = tiles.channels - len(values)
    whole: Array = np.concatenate([values, np.zeros((missing, *values.shape[1:]), values.dtype)])
    return whole[tiles.order()]


def in_pairs(w: Array, tiles: Tiles) -> Array:
    """[O, ...] → [tiles, 4, groups, 2, 2]: inputs 0 2, 1 3 of every group, zeros behind the last."""
    rows = w.reshape(len(w), -1).astype(np.int64)
    whole = np.pad(rows, ((0, 0), (0, -rows.shape[1] % GROUP)))
    groups = filled(whole, tiles).reshape(len(tiles.firsts), CHANNELS, -1, GROUP)
    return groups[..., [0, 2, 1, 3]].reshape(*groups.shape[:3], 2, 2)


def words_4(w: Array, tiles: Tiles, steps: int) -> Array:
    """[tiles, steps]: a word for two inputs of four channels."""
    pairs = in_pairs(w, tiles)
    lifted = (
        pairs[:, 0] + LIFT | (pairs[:, 1] + LIFT) << 4 | (pairs[:, 2] + LIFT) << 8 | (pairs[:, 3] & 15) << 12
    )
    words: Array = (lifted[..., 0] | lifted[..., 1] << 16).reshape(len(lifted), -1)
    return words[:, :steps]


def lift_2(w: Array) -> int:
    """What makes weights of two bits non-negative."""
    return max(1, -int(w.min()))


def words_2(w: Array, tiles: Tiles) -> Array:
    """[tiles, groups]: a word for four inputs of four channels."""
    pairs, lift = in_pairs(w, tiles), lift_2(w)
    words = np.zeros((len(pairs), pairs.shape[2]), np.int64)
    for i in range(2):
        for q in range(2):
            at = 8 * i + 4 * q
            for k in range(2):
                first, second = pairs[:, 2 * q, :, i, k], pairs[:, 2 * q + 1, :, i, k]
                words |= (first + lift & 3) << at + 16 * k
                words |= (second & 3) << (at + LOW_BITS + 16 * k) % 32
    return words


def segment_of(w: Array, tiles: Tiles, lift: int) -> int:
    """Groups whose products with the first of two channels fit 14 bits in every segment; `lift` is in the weights."""
    pairs = in_pairs(w, tiles)[:, ::2] + lift
    low = np.minimum(pairs * -128, pairs * 127).sum(axis=(3, 4))
    high = np.maximum(pairs * -128, pairs * 127).sum(axis=(3, 4))
    groups: int = pairs.shape[2]
    sizes = [groups, *(size for size in range(groups - groups % 4, 0, -4)), 4]
    return next(size for size in sizes if apart(low, high, size))


def apart(low: Array, high: Array, size: int) -> bool:
    """Whether sums of `size` groups fit; [tiles, 2, groups]."""
    at = np.arange(0, low.shape[2], size)
    least, most = np.add.reduceat(low, at, axis=2).min(), np.add.reduceat(high, at, axis=2).max()
    return bool(least >= -(1 << (LOW_BITS - 1)) and most < 1 << (LOW_BITS - 1))


def first_sums(starts: Int64Array, bits: int) -> Int64Array:
    """[tiles, 4]: what a tile's sums start from, as a kernel adds them up."""
    a, b, c, d = starts.reshape(-1, CHANNELS).T
    parts = (a, a + b, c, a + b + c + d) if bits == 4 else (a, c, b, d)
    return wrap_int32(np.stack(parts, axis=1))
