"""How long planning takes, phase by phase, and how near to the proved bounds its results are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from netsuke.bench.sheet import Sheet
from netsuke.boards import board as find_board
from netsuke.importers.loading import load
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.plan import Plan, make_plan
from netsuke.schedule import schedules
from netsuke.stream import Forms
from netsuke.tune import Tuner

T = TypeVar("T")
PHASES = ("load", "lower", "bind", "plan", "schedules")
MODEL_SECONDS = 10.0
"""Of the processor, at most, for a model in a file."""
LARGE_SECONDS = 60.0
"""The same for a network of two hundred nodes."""
TOO_LATE = 1
"""What the command exits with when a limit is exceeded. Seconds are noisy: tests hold counts of steps instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A model: seconds of the processor for each of PHASES, and at most in all; its plan, and the smallest of `count`
    schedules."""

    name: str
    nodes: int
    seconds: tuple[float, ...]
    limit: float
    plan: Plan
    smallest: Plan
    count: int

    @property
    def late(self) -> bool:
        """True when it took longer than it may."""
        return sum(self.seconds) > self.limit


def planned(name: str, source: Path | Callable[[], Graph], board: str) -> Planned:
    """All that `netsuke plan --no-measure` and `--ram min` do before any C is written.

    Raises:
        NetsukeError: when the model cannot be read or bound.
    """
    watch = Watch()
    graph = watch(lambda: load(source) if isinstance(source, Path) else source())
    lowered = watch(lambda: lower(graph).graph)
    core = find_board(board).core
    program = watch(lambda: Tuner(lowered, core).program("speed"))
    plan = watch(lambda: make_plan(program))
    found = watch(lambda: list(schedules(program, Forms(isa=core.isa))))
    return Planned(
        name=name,
        nodes=len(graph.nodes),
        seconds=tuple(watch.seconds),
        limit=MODEL_SECONDS if isinstance(source, Path) else LARGE_SECONDS,
        plan=plan,
        smallest=found[-1].plan,
        count=len(found),
    )


class Watch:
    """Takes the time of one thing after the other, the processor's, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, make: Callable[[], T]) -> T:
        """What `make` makes."""
        start = time.process_time()
        made = make()
        self.seconds.append(time.process_time() - start)
        return made


def plan_all(
    sources: Mapping[str, Path | Callable[[], Graph]], board: str, progress: Callable[[str, float], None]
) -> list[Planned]:
    """Every model, one after the other."""
    found = []
    for number, (name, source) in enumerate(sources.items()):
        progress(name, number / len(sources))
        found.append(planned(name, source, board))
    progress("done", 1.0)
    return found


def planning_sheet(rows: Sequence[Planned], board: str) -> Sheet:
    """A line a model."""
    return Sheet(
        title=f"planning for {board}: seconds of the processor, bytes of arena and what is proved of them",
        headings=(
            "model",
            "nodes",
            *PHASES,
            "all",
            "limit",
            "bytes",
            "bound",
            "any order",
            "proved",
            "schedules",
            "smallest",
        ),
        left=frozenset({"model", "proved"}),
        rows=tuple(line(row) for row in rows),
    )


def line(row: Planned) -> tuple[str, ...]:
    """The cells of a model."""
    plan = row.plan
    return (
        row.name,
        str(row.nodes),
        *(f"{s:.1f}" for s in row.seconds),
        f"{sum(row.seconds):.1f}",
        f"{row.limit:g}",
        f"{plan.arena_bytes:,}",
        f"{plan.lower_bound:,}",
        f"{plan.order_bound:,}" if plan.order_bound else "–",
        proved(plan),
        str(row.count),
        f"{row.smallest.arena_bytes:,}",
    )


def proved(plan: Plan) -> str:
    """What cannot be better: the offsets in this order, or those in any order."""
    if plan.best_order:
        return "order"
    return "offsets" if plan.optimal else "–"
