"""The demo: handwritten digits, from a float ONNX file to a proved image for a microcontroller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.errors import InputError
from netsuke.ir import Array

CALIBRATION_FROM, TEST_FROM = 1197, 1497


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Part of a data set: float32 images [N, 8, 8, 1] from 0 (paper) to 1 (ink), int64 labels [N]."""

    images: Array
    labels: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """scikit-learn's 1797 digits: 1197 to train on, 300 to calibrate with, 300 to test with."""

    train: Split
    calibration: Split
    test: Split


def load_digits() -> Digits:
    """The digits, split by their place in the file.

    The file keeps the order in which 13 people wrote, so that the last parts hold the hands of people whom the
    training part has not seen: harder, and nearer to use, than a shuffled split.

    Raises:
        InputError: without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits as load
    except ImportError:
        raise InputError("the digits come with scikit-learn, which is not installed: pip install 'netsuke[demo]'") from None
    found = load()
    images = (found.images / 16.0).astype(np.float32)[..., np.newaxis]
    labels = found.target.astype(np.int64)

    def part(start: int, stop: int | None) -> Split:
        return Split(images=images[start:stop], labels=labels[start:stop])

    return Digits(
        train=part(0, CALIBRATION_FROM), calibration=part(CALIBRATION_FROM, TEST_FROM), test=part(TEST_FROM, None)
    )
