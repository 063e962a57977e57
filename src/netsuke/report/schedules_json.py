"""Schedules as data, as `netsuke plan --json` prints them; docs/report.md lists their stable keys."""

from __future__ import annotations

import json
from typing import Any

from netsuke.report.schedules import Point, StreamResult, Survey

SCHEMA_VERSION = 1


def survey_to_json(survey: Survey) -> str:
    """The text. The same survey gives the same bytes."""
    return json.dumps(survey_to_dict(survey), indent=2, allow_nan=False) + "\n"


def survey_to_dict(survey: Survey) -> dict[str, Any]:
    """The survey as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "model": survey.model,
        "board": survey.board,
        "core": survey.core,
        "measured": survey.measured,
        "exact": survey.exact if survey.measured else None,
        "fits": survey.fits,
        "budget": "min" if survey.budget == 0 else survey.budget,
        "chosen": survey.chosen,
        "wall": survey.wall,
        "points": [point_to_dict(point, survey) for point in survey.points],
        "dropped": [point_to_dict(point, survey) for point in survey.dropped],
        "compiler": survey.compiler,
        "timing_source": survey.timing_source,
    }


def point_to_dict(point: Point, survey: Survey) -> dict[str, Any]:
    """One schedule."""
    counted = point.counted
    return {
        "ram_bytes": point.ram_bytes,
        "arena_bytes": point.arena_bytes,
        "state_bytes": point.state_bytes,
        "line_bytes": point.line_bytes,
        "scratch_bytes": point.scratch_bytes,
        "times_the_fastest": survey.times(point) if survey.points else None,
        "estimated_cycles": point.estimated_cycles,
        "cycles": None if counted is None else counted.cycles,
        "instructions": None if counted is None else counted.instructions,
        "stack_bytes": None if counted is None else counted.stack_bytes,
        "flash_bytes": point.flash_bytes,
        "exact": None if counted is None else counted.exact,
        "problem": point.problem,
        "streams": [stream_to_dict(stream) for stream in point.streams],
    }


def stream_to_dict(stream: StreamResult) -> dict[str, Any]:
    """One stream."""
    return {
        "layers": list(stream.layers),
        "band": stream.band,
        "grid": None if stream.grid is None else list(stream.grid),
        "recompute": stream.recompute,
        "line_bytes": stream.line_bytes,
        "lines": [
            {"tensor": line.tensor, "held": line.held, "rows": line.rows, "bytes": line.nbytes}
            for line in stream.lines
        ],
    }
