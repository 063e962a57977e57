"""What stands at the end of a test run: the count of conformance checks (also under pytest-xdist)."""

from __future__ import annotations

import pytest

from tests.ops.summary import summary_lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for line in summary_lines(reports):
        terminalreporter.write_line(line)
