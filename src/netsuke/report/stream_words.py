"""Streams in words: the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.report.schedules import LineResult, Point, StreamResult, Survey
from netsuke.report.words import count, plural, shortened

NAME = 30
"""Characters of a layer's name."""


def rows_at_a_time(stream: StreamResult) -> str:
    """'2 rows at a time', or 'patches 3x3, 1.18x MACs'."""
    if stream.grid is not None:
        return f"patches {stream.grid[0]}x{stream.grid[1]}, {stream.recompute:.2f}x MACs"
    return f"{plural(stream.band, 'row')} at a time"


def stream_line(stream: StreamResult) -> str:
    """The row of a stream, or of patches, over its layers: '10 layers, 2 rows at a time; line buffers 5,210 bytes'."""
    layers = plural(len(stream.layers), "layer")
    what = "line buffers" if stream.grid is None else "tile buffers"
    return f"{layers}, {rows_at_a_time(stream)}; {what} {count(stream.line_bytes)} bytes"


def streamed(stream: StreamResult, length: int = NAME) -> str:
    """'10 layers, conv2d to mean, 2 rows at a time'."""
    first, last = (shortened(stream.layers[at], length) for at in (0, -1))
    layers = plural(len(stream.layers), "layer")
    return f"{layers}, {first} to {last}, {rows_at_a_time(stream)}"


def all_streamed(streams: Sequence[StreamResult], length: int = NAME) -> str:
    """What is streamed, in words."""
    return "; ".join(streamed(stream, length) for stream in streams) or "nothing: every layer whole"


def line_words(line: LineResult) -> str:
    """'5 of 49 rows'."""
    return f"{line.held} of {plural(line.rows, 'row')}" if line.rows else "sums over all rows"


def budget_words(survey: Survey) -> str:
    """'--ram 8,192', or '--ram min'."""
    return f"--ram {count(survey.budget)}" if survey.budget else "--ram min"


def verdict(survey: Survey) -> str:
    """One line: which point is taken for the budget, or by how much none fits."""
    if not survey.points:
        why = survey.dropped[-1].problem if survey.dropped else "there is none"
        return f"no schedule can be used on {survey.board_title}: {why}"
    smallest = survey.points[-1]
    if survey.chosen is not None:
        chosen = survey.points[survey.chosen]
        slower = f"{survey.times(chosen):.2f} times the cycles of the fastest"
        speed = slower if survey.chosen else "the fastest schedule"
        return f"{budget_words(survey)}: {count(chosen.ram_bytes)} bytes, {speed}{hint(survey, chosen)}"
    if survey.budget is not None:
        short = smallest.ram_bytes - survey.budget
        return (
            f"nothing fits {budget_words(survey)}: the smallest needs {count(smallest.ram_bytes)} bytes, "
            f"{count(short)} more"
        )
    return f"from {count(survey.points[0].ram_bytes)} bytes of RAM down to {count(smallest.ram_bytes)}"


def hint(survey: Survey, chosen: Point) -> str:
    """How to build the chosen point, where the budget itself leads to another: a build goes by the estimates."""
    usable = [p.ram_bytes for p in (*survey.points, *survey.dropped) if not p.problem]
    by_estimate = max((n for n in usable if n <= (survey.budget or 0)), default=chosen.ram_bytes)
    same = not survey.budget or by_estimate == chosen.ram_bytes
    return "" if same else f"; `netsuke build --ram {chosen.ram_bytes}` builds it"


def how(survey: Survey) -> str:
    """Where the numbers come from."""
    if not survey.measured:
        return (
            "Cycles are estimates by which schedules are chosen: only their ratios mean something, and those roughly. "
            "RAM is exact, as planned."
        )
    runs = [p for p in (*survey.points, *survey.dropped) if p.counted is not None]
    return (
        f"{plural(len(runs), 'schedule')} built with {survey.compiler or 'a compiler'}, run on an emulated "
        f"{survey.core} and compared with the reference, byte for byte."
    )


def dropped_words(survey: Survey) -> list[str]:
    """How many schedules are not on the curve because others are better."""
    beaten = sum(1 for point in survey.dropped if not point.problem)
    return [f"{plural(beaten, 'schedule')} left out: another is no slower and no larger."] if beaten else []


def problems(survey: Survey) -> list[str]:
    """Which schedules cannot be used, and why."""
    return [f"{count(p.ram_bytes)} bytes: {p.problem}" for p in survey.dropped if p.problem]
