"""How little RAM the models need: at full speed, at the smallest, and with the input pushed in row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.bench.models import BenchModel
from netsuke.bench.peers import engines
from netsuke.bench.sheet import Sheet
from netsuke.errors import UnsupportedModel
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from netsuke.report.result import BuildResult
from netsuke.survey import SurveyOptions, survey

NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How a model is built."""

    title: str
    ram: str | None = None
    push_rows: bool = False
    limits: bool = False
    """Within the limit of the model, where it has one."""
    slower: float | None = None
    """The smallest schedule that takes at most so many times the cycles of the fastest."""

    def of(self, model: str) -> Mode:
        """The mode for one model, where it has limits."""
        limit = LIMITS.get(model)
        if not self.limits or limit is None:
            return self
        return Mode(title=self.title, ram=str(limit.bytes), push_rows=limit.push_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Bytes of arena and states that a model is to run in at nearly full speed."""

    bytes: int
    push_rows: bool = False


LIMITS = {
    "kws": Limit(bytes=5800),
    "vww": Limit(bytes=12000, push_rows=True),
    "ic": Limit(bytes=14000),
    "ad": Limit(bytes=768),
    "sww": Limit(bytes=3600),
}
MODES = (
    Mode(title="netsuke"),
    Mode(title="netsuke, at most 3 % slower", slower=1.03),
    Mode(
        title="netsuke --ram "
        + "/".join(f"{one.bytes}{' pushed' * one.push_rows}" for one in LIMITS.values()),
        limits=True,
    ),
    Mode(title="netsuke --ram min", ram="min"),
    Mode(title="netsuke --ram min --push-rows", ram="min", push_rows=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One model: builds for each of MODES; None where its input cannot be pushed."""

    model: str
    builds: tuple[BuildResult | None, ...]

    @property
    def exact(self) -> bool:
        """True when every build gave the reference's bytes."""
        return all(one is None or one.exact for one in self.builds)


def needs(models: Sequence[BenchModel], board: str, progress: Callable[[str, float], None]) -> list[Need]:
    """Builds and runs each model in each mode.

    Raises:
        NetsukeError: when one cannot be built or run.
    """
    found = []
    for number, model in enumerate(models):
        builds: list[BuildResult | None] = []
        for at, mode in enumerate(MODES):
            progress(model.key, (number + at / len(MODES)) / len(models))
            if mode.slower is None or builds[0] is None:
                builds.append(built(model, board, mode.of(model.key)))
            else:
                builds.append(at_speed(model, board, mode, mode.slower, builds[0]))
        found.append(Need(model=model.key, builds=tuple(builds)))
    progress("done", 1.0)
    return found


def at_speed(model: BenchModel, board: str, mode: Mode, slower: float, fastest: BuildResult) -> BuildResult:
    """The smallest build that takes at most `slower` times the cycles of the fastest, as counted."""
    found = survey(model.path, board=board, options=SurveyOptions(measure=False))
    for point in reversed([one for one in found.points if found.times(one) <= slower]):
        one = built(model, board, replace(mode, ram=str(point.ram_bytes)))
        if one is not None and (one.cycles or 0) <= slower * (fastest.cycles or 0):
            return one
    return fastest


def built(model: BenchModel, board: str, mode: Mode) -> BuildResult | None:
    """One build, run on the emulated core; None where rows cannot be pushed."""
    options = BuildOptions(ram=mode.ram, push_rows=mode.push_rows, targets=(Target.EMULATOR,), runs=1)
    with tempfile.TemporaryDirectory(prefix="netsuke-memory-") as folder:
        try:
            return build(model.path, board=board, out=Path(folder) / "out", options=options)
        except UnsupportedModel:
            if mode.push_rows:
                return None
            raise


def memory_sheet(rows: Sequence[Need], board: str) -> Sheet:
    """Bytes of arena (with states), a column a model; behind a smaller one the times of the fastest build's cycles."""
    whole = [row.builds[0] for row in rows]
    lines = [
        (one.name, *(number(one.memory.get(row.model)) for row in rows)) for one in engines() if one.memory
    ]
    lines.append(
        ("live tensors, none shared", *(number(None if b is None else b.naive_peak_bytes) for b in whole))
    )
    ours = len(lines)
    lines += [(mode.title, *(cell(row, at) for row in rows)) for at, mode in enumerate(MODES)]
    return Sheet(
        title=f"bytes of arena, scratch and input included, on {board}",
        headings=("engine", *(row.model for row in rows)),
        left=frozenset({"engine"}),
        rows=tuple(lines),
        strong=frozenset(range(ours, len(lines))),
    )


def number(value: int | None) -> str:
    """Bytes as printed."""
    return NONE if value is None else f"{value:,}"


def cell(row: Need, at: int) -> str:
    """Bytes, and how much slower than the fastest."""
    first, one = row.builds[0], row.builds[at]
    if one is None or first is None:
        return NONE
    text = number(one.arena_bytes + one.state_bytes) + ("" if one.exact else " ✗")
    if at == 0 or one.cycles is None or not first.cycles:
        return text
    return f"{text} ({one.cycles / first.cycles:.2f}x)"
