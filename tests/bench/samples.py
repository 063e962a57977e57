"""Measurements made up for the bench's tests, on real boards."""

from __future__ import annotations

from dataclasses import replace

from netsuke.bench.measure import Measurement, Session, Skipped
from netsuke.boards import board as find_board
from tests.report.samples import small


def measurement(model: str, board: str, compiler: str, cycles: int, *, exact: bool = True) -> Measurement:
    """A build of 640 MACs with so many cycles and 4/5 as many instructions."""
    found = find_board(board)
    result = replace(
        small(),
        board=board,
        core=found.core.name,
        cycles=cycles,
        instructions=cycles * 4 // 5,
        exact=exact,
        first_difference=None if exact else "emulated cortex-m4, invocation 0",
    )
    return Measurement(model=model, board=found, compiler=compiler, result=result)


def session(*measurements: Measurement, skipped: tuple[Skipped, ...] = ()) -> Session:
    return Session(measurements=measurements, skipped=skipped)
