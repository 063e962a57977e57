"""Float weights that are int8 numbers times a scale for each output channel: found, and proved to the bit.

Dynamic-range and weight-only quantised models compute in float32 with such weights. A kernel that reads the int8
numbers and multiplies by the scale then works with the very same weights in a quarter of the flash. Nothing has to say
so in the graph: the form is looked for, and only taken where float32(integer) * float32(scale) is every weight, bit for
bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array, DType, Quantization, Tensor

LARGEST = 127
OTHERS = tuple(range(1, LARGEST))
"""What the largest weight of a channel may be as an integer, where it is not 127."""
FEW = tuple(range(1, 9))
"""What it may be where four bits hold all of them."""
LOOKED_AT = 16
"""Elements of a channel that must fit first: real float weights fail there."""
NEAR = 1e-4
"""How far a quotient may be from a whole number: rounding to float32 moves it by 2^-17 at most."""
TRIES = 16
"""Neighbouring float32 numbers that are tried as the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Form:
    """int8 `values` of the weights' shape, float32 `scales` [channels] along `axis`."""

    values: Array
    scales: Array
    axis: int

    @property
    def quantization(self) -> Quantization:
        """Of the values: one scale where all channels have the same, else one a channel."""
        if np.all(self.scales == self.scales[0]):
            return Quantization.per_tensor(float(self.scales[0]))
        return Quantization(
            scale=tuple(float(s) for s in self.scales), zero_point=(0,) * len(self.scales), axis=self.axis
        )


def int8_form_of(weights: Tensor, axis: int) -> Int8Form | None:
    """The form of a layer's weights; None for computed ones, other types, and those without one."""
    if weights.data is None or weights.dtype is not DType.FLOAT32:
        return None
    return int8_form(weights.data, axis)


def int8_form(weights: Array, axis: int) -> Int8Form | None:
    """The form of float32 weights whose output channels run along `axis`; None when they have none."""
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    if (
        weights.dtype != np.float32
        or not np.isfinite(rows).all()
        or bool((np.signbit(rows) & (rows == 0)).any())
    ):
        return None
    if not rows.any():
        return None  # nothing to gain
    whole = row_form(rows.reshape(-1), (LARGEST,))
    if whole is not None:
        scales = np.full(len(rows), whole[1], np.float32)
        return formed(weights, axis, whole[0].reshape(rows.shape), scales)
    return row_by_row(weights, axis, ((LARGEST,), OTHERS))


def small_form(weights: Tensor, axis: int) -> Int8Form | None:
    """The form with the smallest integers in every channel, where none is beyond -8..8; else None."""
    if int8_form_of(weights, axis) is None:
        return None
    assert weights.data is not None
    return row_by_row(weights.data, axis, (FEW,))


def row_by_row(weights: Array, axis: int, tries: tuple[tuple[int, ...], ...]) -> Int8Form | None:
    """The form of finite weights, each channel by itself: `tries` are what its largest integer may be."""
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    values = np.zeros(rows.shape, np.int8)
    scales = np.ones(len(rows), np.float32)
    for channel, row in enumerate(rows):
        found = next((form for largest in tries if (form := row_form(row, largest)) is not None), None)
        if found is None:
            return None
        values[channel], scales[channel] = found
    return formed(weights, axis, values, scales)


def formed(weights: Array, axis: int, rows: Array, scales: Array) -> Int8Form:
    """The form from integers [channels, weights of one]."""
    moved = rows.reshape(weights.shape[axis], *np.delete(weights.shape, axis))
    return Int8Form(values=np.ascontiguousarray(np.moveaxis(moved, 0, axis)), scales=scales, axis=axis)


def row_form(row: Array, largest_values: tuple[int, ...]) -> tuple[Array, np.float32] | None:
    """(int8 values, scale) of some weights, exact; None when there are none whose largest is one of these."""
    wide = row.astype(np.float64)
    sizes = np.abs(wide)
    largest = float(sizes.max(initial=0.0))
    if largest == 0.0:
        return np.zeros(row.shape, np.int8), np.float32(1.0)
    shares = wide / largest
    some = sizes[:: max(1, len(sizes) // LOOKED_AT)][:LOOKED_AT] / largest
    quotients = some * np.array(largest_values, np.float64)[:, None]
    for at in np.flatnonzero((np.abs(quotients - np.rint(quotients)) < NEAR).all(axis=1)):
        values = np.rint(shares * largest_values[at])
        scale = exact_scale(row, values)
        if scale is not None:
            return values.astype(np.int8), scale
    return None


def exact_scale(row: Array, values: Array) -> np.float32 | None:
    """A float32 number that gives every weight times its integer; None when none does."""
    there = values != 0
    if np.any(row[~there]):
        return None
    exact, half = row[there].astype(np.float64), np.spacing(np.abs(row[there])).astype(np.float64) / 2
    ends = np.stack([(exact - half) / values[there], (exact + half) / values[there]])
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    scale = np.nextafter(np.float32(low), np.float32(-np.inf))
    whole = values.astype(np.float32)
    for _ in range(TRIES):
        if scale > high * (1 + 1e-7):
            break
        if scale > 0 and np.array_equal(whole * scale, row):
            return np.float32(scale)
        scale = np.nextafter(scale, np.float32(np.inf))
    return None
