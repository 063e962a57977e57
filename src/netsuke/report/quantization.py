"""What a quantisation did, as values: what the terminal and JSON show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How near an integer model is to its float model on `samples` samples.

    `sqnr_db` is over all outputs of all samples; accuracies are shares of labels that are hit, None without labels;
    `agreement` is the share of samples with the same largest output, None where outputs are no classes.
    """

    samples: int
    sqnr_db: float
    float_accuracy: float | None = None
    integer_accuracy: float | None = None
    agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationResult:
    """A float model and the integer model that was written."""

    model: str
    out: Path
    steps: tuple[str, ...]
    """What was done, in words."""
    calibration_samples: int
    layers: int
    int16_tensors: int
    few_bits: int
    """Layers with weights of 4 or 2 bits."""
    float_bytes: int
    """Of all constants, before."""
    integer_bytes: int
    """And after."""
    file_bytes: int
    quality: Quality | None
    """None when there were no samples to measure with."""
    on_calibration: bool
    """True when the quality was measured on the calibration samples themselves, for want of others."""
    seconds: float
