"""An inspection as data, as `netsuke inspect --json` prints it; docs/report.md lists its stable keys."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from netsuke.report.inspection import FitPrediction, Inspection, Prediction
from netsuke.report.json import SCHEMA_VERSION


def inspection_to_json(inspection: Inspection) -> str:
    """The text. The same inspection gives the same bytes."""
    return json.dumps(inspection_to_dict(inspection), indent=2, allow_nan=False) + "\n"


def inspection_to_dict(inspection: Inspection) -> dict[str, Any]:
    """The inspection as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "model": inspection.model,
        "supported": inspection.supported,
        "unsupported": [dataclasses.asdict(one) for one in inspection.unsupported],
        "inputs": [_listed(port) for port in inspection.inputs],
        "outputs": [_listed(port) for port in inspection.outputs],
        "macs": inspection.macs,
        "weight_bytes": inspection.weight_bytes,
        "peak_bytes": inspection.peak_bytes,
        "peak_layer": inspection.peak_layer,
        "state_bytes": inspection.state_bytes,
        "stack_allowance": inspection.stack_allowance,
        "prediction": None if inspection.prediction is None else _prediction(inspection.prediction),
        "fit": None if inspection.fit is None else _fit(inspection.fit),
        "operators": [dataclasses.asdict(one) for one in inspection.operators],
        "layers": [_listed(layer) for layer in inspection.layers],
    }


def _listed(value: Any) -> dict[str, Any]:
    """A dataclass with tuples as lists."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(value).items()}


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return dataclasses.asdict(prediction)


def _fit(fit: FitPrediction) -> dict[str, Any]:
    computed = {"ram_free": fit.ram_free, "flash_free": fit.flash_free, "fits": fit.fits}
    return {**dataclasses.asdict(fit), **computed}
