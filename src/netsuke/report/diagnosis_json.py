"""A diagnosis as data."""

from __future__ import annotations

import json
from typing import Any

from netsuke.compress.actions import Advice
from netsuke.compress.study import LayerStudy, Metric
from netsuke.report.diagnosis import DiagnosisResult

SCHEMA_VERSION = 1


def diagnosis_to_json(result: DiagnosisResult) -> str:
    """Everything; decibels without end are null."""
    study = result.study
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "model": result.model,
        "steps": list(result.steps),
        "metric": result.metric,
        "samples": study.samples,
        "calibration_samples": result.calibration_samples,
        "held_out": result.held_out,
        "float": metric(study.real),
        "simulated": metric(study.rounded),
        "integers": metric(result.measured),
        "ram_bytes": result.ram_bytes,
        "flash_bytes": result.flash_bytes,
        "layers": [layer(one) for one in study.layers],
        "advice": [advice(one) for one in result.advice],
        "fix": fix(result),
        "out": None if result.out is None else str(result.out),
    }
    return json.dumps(found, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def layer(one: LayerStudy) -> dict[str, Any]:
    """A layer as plain values."""
    return {
        "name": one.name,
        "op": one.op,
        "tensor": one.tensor,
        "bits": one.bits,
        "weights_db": number(one.weights_db),
        "isolated_db": number(one.isolated_db),
        "accumulated_db": number(one.accumulated_db),
        "seen": [one.low, one.high],
        "covered": list(one.covered),
        "used": number(one.used),
        "clipped": number(one.clipped),
        "channel_ratio": number(one.channel_ratio),
        "in_float": metric(one.in_float),
        "in_16_bits": None if one.in_16_bits is None else metric(one.in_16_bits),
    }


def advice(one: Advice) -> dict[str, Any]:
    """An action, its effect and cost."""
    return {
        "kind": one.action.kind,
        "subject": one.action.subject,
        "option": one.action.option,
        "metric": metric(one.metric),
        "ram_bytes": one.ram_bytes,
        "flash_bytes": one.flash_bytes,
    }


def fix(result: DiagnosisResult) -> dict[str, Any] | None:
    """What was done to reach an aim."""
    done = result.fix
    if done is None:
        return None
    return {
        "aim": {"metric": done.aim.metric, "least": done.aim.least},
        "reached": done.reached,
        "before": metric(done.before),
        "after": metric(done.after),
        "steps": [advice(one) for one in done.steps],
    }


def metric(one: Metric) -> dict[str, float | None]:
    """A metric as plain values."""
    return {"sqnr_db": number(one.sqnr_db), "accuracy": one.accuracy}


def number(value: float) -> float | None:
    """JSON has no infinity."""
    return round(float(value), 6) if abs(value) != float("inf") else None
