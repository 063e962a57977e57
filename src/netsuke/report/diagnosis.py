"""What a diagnosis found, as values: what the terminal, JSON and the page show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netsuke.compress.actions import Advice
from netsuke.compress.fix import Fix
from netsuke.compress.study import Metric, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisResult:
    """A float model quantised in the way that was asked for, looked at layer by layer.

    `metric` is what effects are told in: 'accuracy' or 'sqnr'. `measured` is the integer model's, by its arithmetic to
    the bit; the study's figures are simulated. `advice` is ranked, most effect first. `held_out` is False where the
    samples were calibrated with too.
    """

    model: str
    steps: tuple[str, ...]
    study: Study
    measured: Metric
    metric: str
    advice: tuple[Advice, ...]
    ram_bytes: int
    flash_bytes: int
    calibration_samples: int
    held_out: bool
    fix: Fix | None = None
    out: Path | None = None
    """The model that was written."""
