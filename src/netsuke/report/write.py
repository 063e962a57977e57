"""Puts the files of a report into the folder of its project."""

from __future__ import annotations

from pathlib import Path

from netsuke.report.html import to_html
from netsuke.report.json import to_json
from netsuke.report.result import BuildResult

JSON_NAME = "report.json"
HTML_NAME = "report.html"


def write_reports(result: BuildResult, directory: Path) -> None:
    """Writes report.json and report.html into `directory`, which exists (a stage, not yet result.project)."""
    (directory / JSON_NAME).write_text(to_json(result), encoding="utf-8", newline="\n")
    (directory / HTML_NAME).write_text(to_html(result), encoding="utf-8", newline="\n")
