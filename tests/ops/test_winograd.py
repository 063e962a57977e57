"""The identities behind Winograd's kernels, in whole numbers, and the bounds on which they rest."""

from __future__ import annotations

import numpy as np

from netsuke.ir import Array
from netsuke.ops.fixed_point import INT32_MAX
from netsuke.ops.winograd_1x4 import FACTOR as ROW_FACTOR
from netsuke.ops.winograd_4x4 import FACTOR, FILTER

INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
OUTPUT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 8]])
"""As in the kernel: the last entry makes up for the filter's last row."""
RECIPROCAL = 7456540
"""What the kernel multiplies a sum by to divide it by FACTOR, in 2^32nds."""
ROW_RECIPROCAL = 178956971
"""The same for rows."""


def correlated(d: Array, g: Array) -> Array:
    """The 4 x 4 outputs of a 3 x 3 filter over 6 x 6 inputs."""
    return np.array([[(d[i : i + 3, j : j + 3] * g).sum() for j in range(4)] for i in range(4)])


def test_a_tile_is_its_convolution_times_the_factor() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        d, g = random.integers(0, 256, (6, 6)), random.integers(-128, 128, (3, 3))
        products = (FILTER @ g @ FILTER.T) * (INPUT @ d @ INPUT.T)
        assert (OUTPUT @ products @ OUTPUT.T == FACTOR * correlated(d, g)).all()


def test_what_is_multiplied_fits_halfwords() -> None:
    """Inputs are 0 to 255 there, weights -128 to 127."""
    inputs, filters = np.kron(INPUT, INPUT), np.kron(FILTER, FILTER)
    assert 255 * np.maximum(inputs, 0).sum(axis=1).max() < 1 << 15
    assert 255 * np.maximum(-inputs, 0).sum(axis=1).max() <= 1 << 15
    assert 128 * np.abs(filters).sum(axis=1).max() < 1 << 15


def test_the_reciprocal_divides_exactly() -> None:
    """A sum is FACTOR times an accumulator: rounded, the product is that accumulator, as far as 32 bits go."""
    largest = INT32_MAX // FACTOR
    accumulators = np.concatenate([np.arange(largest - 5000, largest + 1), np.arange(5000)])
    accumulators = np.concatenate([accumulators, -accumulators])
    assert ((accumulators * FACTOR * RECIPROCAL + (1 << 31)) >> 32 == accumulators).all()


def test_a_tile_of_a_row_is_its_convolution_times_the_factor() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        d, g = random.integers(0, 256, 6), random.integers(-128, 128, 3)
        wanted = np.array([(d[i : i + 3] * g).sum() for i in range(4)])
        assert (OUTPUT @ ((FILTER @ g) * (INPUT @ d)) == ROW_FACTOR * wanted).all()


def test_the_reciprocal_of_rows_divides_exactly() -> None:
    largest = INT32_MAX // ROW_FACTOR
    accumulators = np.concatenate([np.arange(largest - 5000, largest + 1), np.arange(5000)])
    accumulators = np.concatenate([accumulators, -accumulators])
    assert ((accumulators * ROW_FACTOR * ROW_RECIPROCAL + (1 << 31)) >> 32 == accumulators).all()
