"""Which weights can be kept packed: those of four and of two bits; and how they lie for any core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.kernel import Constant, Kernel
from netsuke.ops.operator import Site

BITS = (4, 2)
UNITS = {4: "int32_t", 2: "int16_t"}
"""What holds four inputs' weights of two channels (kernels/include/nk_dot_packed_s8.h)."""


def bits_of(site: Site[Any]) -> int | None:
    """The fewest bits, 2 or 4, that hold all weights; None when they need more, or have a zero point."""
    w, quantization = site.constant(WEIGHTS), site.x(WEIGHTS).quantization
    if w.dtype != np.int8 or quantization is None or any(quantization.zero_point):
        return None
    return fewest_bits(w)


def fewest_bits(values: Array) -> int | None:
    """The fewest bits, 2 or 4, that hold all of these integers; None when they need more."""
    least, most = int(values.min()), int(values.max())
    return next((b for b in (2, 4) if least >= -(1 << (b - 1)) and most < 1 << (b - 1)), None)


def by_bits(make: Callable[[int], Kernel]) -> dict[int, Kernel]:
    """One kernel for each number of bits."""
    return {bits: make(bits) for bits in BITS}


def paired_units(rows: Array, bits: int) -> Constant:
    """Weights [O, depth] → [O / 2, depth / 4] units, zeros up to whole ones; the first input in the highest bits."""
    whole = np.pad(rows, ((0, len(rows) % 2), (0, -rows.shape[1] % 4))).astype(np.int64)
    pairs = whole.reshape(-1, 2, whole.shape[1] // 4, 4).transpose(0, 2, 3, 1)
    fields = pairs.reshape(*pairs.shape[:2], 8) & ((1 << bits) - 1)
    units = (fields << bits * np.arange(7, -1, -1)).sum(axis=2)
    data = units.astype(f"<u{bits}").view(f"<i{bits}")
    note = f"channels by two x inputs by four, {bits} bits a weight"
    return Constant(label="weights", data=np.ascontiguousarray(data), shape_note=note)
