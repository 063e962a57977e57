"""The schedules of a model as frozen values: what each needs in RAM and flash, and how fast it is.

Sizes are bytes, times core cycles of one inference. RAM is arena and states: what a budget is held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """A line buffer: `held` of a tensor's `rows` rows are in memory at a time (0 of 0: sums over all rows)."""

    tensor: str
    held: int
    rows: int
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResult:
    """Layers, by name, that are computed together row by row, `band` rows at a time.

    Or tile by tile: `grid` is then (rows, columns) of tiles, `recompute` the MACs done for each MAC of the layers,
    band 0. Its rectangles lie over one another in `tile_bytes`, and so do the rows and the kernels' scratch of a stream
    without line buffers.
    """

    layers: tuple[str, ...]
    band: int
    lines: tuple[LineResult, ...]
    grid: tuple[int, int] | None = None
    recompute: float = 1.0
    tile_bytes: int = 0

    @property
    def line_bytes(self) -> int:
        """Of all its line buffers, or of its rectangles; lines that fill another's memory have none of their own."""
        return self.tile_bytes + sum(line.nbytes for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a build and a run of a schedule gave."""

    cycles: int
    instructions: int
    stack_bytes: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One schedule. `line_bytes` and `scratch_bytes` are the most that any one step needs, inside the arena."""

    arena_bytes: int
    state_bytes: int
    line_bytes: int
    scratch_bytes: int
    streams: tuple[StreamResult, ...]
    estimated_cycles: int
    counted: Counted | None = None
    """None for an estimate."""
    flash_bytes: int | None = None
    """Code and weights of the linked image; None where it was not built."""
    problem: str = ""
    """Why it is no choice: it does not fit the board, or is not exact."""

    @property
    def ram_bytes(self) -> int:
        """Arena and states."""
        return self.arena_bytes + self.state_bytes

    @property
    def cycles(self) -> int:
        """As counted, or else the estimate."""
        return self.estimated_cycles if self.counted is None else self.counted.cycles


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All worthwhile schedules of a model for a board."""

    model: str
    board: str
    board_title: str
    core: str
    clock_hz: int
    measured: bool
    """True when every point was built, run and compared; False when cycles are estimates, of which only the ratios
    matter."""
    points: tuple[Point, ...]
    """From the fastest to the smallest: each is smaller and slower than the one before it."""
    dropped: tuple[Point, ...] = ()
    """Those that another point beats in RAM and cycles, and those with a problem."""
    budget: int | None = None
    """Bytes of RAM that were allowed; 0 asks for the smallest; None when no budget was named."""
    chosen: int | None = None
    """Number of the point for the budget; None without one, or when nothing fits."""
    wall: str = ""
    """The layer of the smallest schedule at which most bytes are in use, and by what."""
    compiler: str = ""
    timing_source: str = ""

    @property
    def fits(self) -> bool:
        """False when there is a budget that no schedule meets, or none fits the board."""
        return bool(self.points) and (self.budget is None or self.chosen is not None)

    @property
    def exact(self) -> bool:
        """False when a run gave other bytes than the reference."""
        return all(p.counted is None or p.counted.exact for p in (*self.points, *self.dropped))

    def times(self, point: Point) -> float:
        """How many times the cycles of the fastest."""
        return point.cycles / max(1, self.points[0].cycles)


def curve(points: Sequence[Point]) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """(the points worth having, the others); the first from the fastest to the smallest.

    Worth having: without a problem, and no other is at most as large and at most as slow.
    """
    found: list[Point] = []
    for point in sorted(points, key=lambda p: (p.cycles, p.ram_bytes)):
        if not point.problem and (not found or point.ram_bytes < found[-1].ram_bytes):
            found.append(point)
    return tuple(found), tuple(p for p in points if p not in found)


def choose(points: Sequence[Point], budget: int | None) -> int | None:
    """Number of the first, that is the fastest, of at most `budget` bytes; of the last for 0; else None."""
    if budget is None or not points:
        return None
    if budget == 0:
        return len(points) - 1
    return next((number for number, point in enumerate(points) if point.ram_bytes <= budget), None)
