"""How far a compressed model is from the one it came from, and how well it does its task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.errors import InputError
from netsuke.ir import Array


def sqnr_db(exact: Array, approximate: Array) -> float:
    """Signal to quantisation noise in decibels: 10 log10(sum exact^2 / sum (exact - approximate)^2).

    Infinite when both are equal, minus infinite when the exact signal is all zero and the other is not.

    Raises:
        InputError: for different shapes.
    """
    if exact.shape != approximate.shape:
        raise InputError(
            f"got shapes {list(exact.shape)} and {list(approximate.shape)}; equal ones were wanted"
        )
    signal = float(np.square(exact, dtype=np.float64).sum())
    noise = float(np.square(exact.astype(np.float64) - approximate.astype(np.float64)).sum())
    if noise == 0.0:
        return float("inf")
    return float("-inf") if signal == 0.0 else float(10 * np.log10(signal / noise))


def accuracy(outputs: Sequence[Array], labels: Array) -> float:
    """Share of outputs, each of any shape, whose largest element's index is the label; ties go to the first.

    Raises:
        InputError: without outputs, or with another number of labels.
    """
    if not outputs or len(outputs) != len(labels):
        raise InputError(
            f"got {len(outputs)} outputs and {len(labels)} labels; one each, and at least one, were wanted"
        )
    right = sum(int(np.argmax(output)) == int(label) for output, label in zip(outputs, labels, strict=True))
    return right / len(outputs)
