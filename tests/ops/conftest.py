"""The counter of conformance checks, and its line at the end of the run."""

from __future__ import annotations

import pytest

from tests.ops.summary import Counter, counter, summary_lines


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Counter:
    return counter(request)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for line in summary_lines(reports):
        terminalreporter.write_line(line)
