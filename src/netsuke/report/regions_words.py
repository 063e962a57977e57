"""Memories in words: what is in them, and how long the core waits for them."""

from __future__ import annotations

from netsuke.report.regions import RegionResult
from netsuke.report.words import count, duration, listed, size

METHOD = (
    "not in the cycles above: data accesses of one inference as counted on the emulated core, priced with the board's "
    "figures for line, cache and wait states; caches empty at first, code taken not to wait, nothing overlapping a wait"
)


def held_words(region: RegionResult) -> str:
    """'arena 9.34 KiB, stack 276 B'."""
    return ", ".join(f"{what} {size(nbytes)}" for what, nbytes in region.held)


def waiting(regions: tuple[RegionResult, ...]) -> list[RegionResult]:
    """The memories that make the core wait, the worst first."""
    found = [one for one in regions if one.wait_cycles]
    return sorted(found, key=lambda one: -(one.wait_cycles or 0))


def wait_words(regions: tuple[RegionResult, ...], clock_hz: int) -> str:
    """'QSPI 5,858,160 cycles (27.1 ms, model: weights)', one after the other; '' where nothing waits."""
    return listed(tuple(region_wait(one, clock_hz) for one in waiting(regions)))


def region_wait(region: RegionResult, clock_hz: int) -> str:
    """The wait for one memory."""
    cycles = region.wait_cycles or 0
    how = "model: " if region.model else ""
    what = [WAITED_FOR[name] for name, _ in region.held if name in WAITED_FOR]
    words = listed(tuple(dict.fromkeys(what))) or "data"
    return f"{words} in {region.name} +{duration(1e3 * cycles / clock_hz)} ({how}{count(cycles)} cycles)"


WAITED_FOR = {"weights": "weights", "constants": "weights", "arena": "arena", "state": "state"}
"""What data accesses mostly go to, and how it is called; constants are weights but for a few tables."""
