"""Counts what conformance checked and prints it at the end of the run, workers of pytest-xdist included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import pytest

KEY = "operator conformance"


class Count(Protocol):
    """Notes how many cases a test checked, in how many forms, and how many failed."""

    def __call__(self, *, cases: int, jobs: int, failures: int) -> None: ...


Counter = Callable[[str, str], Count]


def counter(request: pytest.FixtureRequest) -> Counter:
    """(leg, operator) → what the test reports to; the numbers travel with the test's report."""

    def of(leg: str, op: str) -> Count:
        def record(*, cases: int, jobs: int, failures: int) -> None:
            request.node.user_properties.append((KEY, (leg, op, cases, jobs, failures)))

        return record

    return of


def summary_lines(reports: list[Any]) -> list[str]:
    """The terminal's lines, from the reports of all tests."""
    cases: dict[str, int] = defaultdict(int)
    forms: dict[str, int] = defaultdict(int)
    failures: dict[str, int] = defaultdict(int)
    for report in reports:
        for key, value in getattr(report, "user_properties", ()):
            if key == KEY and report.when == "call":
                leg, _, some, jobs, bad = value
                cases[leg] += some
                forms[leg] += jobs
                failures[leg] += bad
    if not cases:
        return []
    total, wrong = sum(forms.values()), sum(failures.values())
    verdict = (
        f"operator conformance: {max(cases.values()):,} cases x ({', '.join(cases)}): {wrong:,} mismatches"
    )
    legs = ", ".join(f"{leg} {cases[leg]:,} cases in {forms[leg]:,} runs" for leg in cases)
    return [verdict, f"{total:,} checks ({legs})"]
