"""The curve of RAM against cycles as SVG: for every number of bytes, the cycles of the fastest schedule that fits."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.report.axis import LEFT, PLOT_WIDTH, RIGHT, Scale, ticks
from netsuke.report.layer_chart import compact
from netsuke.report.markup import Markup, tag, text
from netsuke.report.schedules import Point, Survey
from netsuke.report.stream_words import all_streamed, budget_words
from netsuke.report.words import count

HEIGHT, TOP, BOTTOM = 260.0, 34.0, 46.0
"""Pixels of the plot, above it (labels) and below it (bytes)."""
AIR = 1.06
"""The axes end so far behind the largest values."""
CHARACTER = 6.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Both axes start at 0."""

    most_bytes: float
    scale: Scale

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return LEFT + PLOT_WIDTH

    def x(self, nbytes: float) -> float:
        """Where a number of bytes lies."""
        return LEFT + PLOT_WIDTH * nbytes / self.most_bytes


def curve_picture(survey: Survey) -> Markup:
    """The picture; nothing without points."""
    if not survey.points:
        return Markup("")
    most = max(*(p.ram_bytes for p in survey.points), survey.budget or 0, 1)
    slowest = max(*(p.cycles for p in survey.points), 1)
    scale = Scale(highest=slowest * AIR, height=HEIGHT, bottom=TOP + HEIGHT)
    plot = Plot(most_bytes=most * AIR, scale=scale)
    parts = [*_grid(plot), _steps(survey.points, plot), *_budget(survey, plot), *_points(survey, plot)]
    return tag(
        "svg",
        tag("title", text("RAM against cycles")),
        *parts,
        viewBox=f"0 0 {plot.right + RIGHT:.0f} {TOP + HEIGHT + BOTTOM:.0f}",
        style="min-width:560px",
        role="img",
        class_="curve",
    )


def _grid(plot: Plot) -> list[Markup]:
    scale = plot.scale
    drawn = []
    for value in ticks(scale.highest):
        y = scale.y(value)
        drawn.append(tag("line", x1=LEFT, x2=plot.right, y1=y, y2=y, class_="grid"))
        drawn.append(tag("text", text(compact(value)), x=LEFT - 8, y=y + 4, class_="tick", text_anchor="end"))
    for value in ticks(plot.most_bytes, wanted=6):
        x = plot.x(value)
        drawn.append(tag("line", x1=x, x2=x, y1=TOP, y2=scale.bottom, class_="grid"))
        words = text(f"{value:,.0f}")
        drawn.append(tag("text", words, x=x, y=scale.bottom + 18, class_="tick", text_anchor="middle"))
    low = scale.bottom + 38
    drawn.append(
        tag(
            "text",
            text("bytes of RAM (arena and state)"),
            x=plot.right,
            y=low,
            class_="tick",
            text_anchor="end",
        )
    )
    drawn.append(tag("text", text("cycles"), x=LEFT - 8, y=TOP - 14, class_="tick", text_anchor="end"))
    return drawn


def _steps(points: tuple[Point, ...], plot: Plot) -> Markup:
    """From the right edge over the points to the smallest, and up: nothing fits on its left."""
    path = f"M{plot.right:.1f} {plot.scale.y(points[0].cycles):.1f}"
    for point, after in zip(points, (*points[1:], None), strict=True):
        top = TOP if after is None else plot.scale.y(after.cycles)
        path += f"H{plot.x(point.ram_bytes):.1f}V{top:.1f}"
    return tag("path", d=path, class_="step")


def _budget(survey: Survey, plot: Plot) -> list[Markup]:
    if not survey.budget:
        return []
    x = plot.x(survey.budget)
    anchor = "end" if x > plot.right - 120 else "start"
    return [
        tag("line", x1=x, x2=x, y1=TOP, y2=plot.scale.bottom, class_="peak"),
        tag(
            "text",
            text(budget_words(survey)),
            x=x + (6 if anchor == "start" else -6),
            y=TOP - 8,
            class_="mark peak",
            text_anchor=anchor,
        ),
    ]


def _points(survey: Survey, plot: Plot) -> list[Markup]:
    """Dots with words to point at; labels below the curve, as far as there is room."""
    drawn: list[Markup] = []
    taken: list[tuple[float, float]] = []
    for number in sorted(range(len(survey.points)), key=lambda n: (n != survey.chosen, n)):
        point = survey.points[number]
        x, y = plot.x(point.ram_bytes), plot.scale.y(point.cycles)
        chosen = number == survey.chosen
        parts = [tag("title", text(_words(survey, point))), tag("circle", cx=x, cy=y, r=7 if chosen else 5)]
        label = f"{count(point.ram_bytes)} B, {survey.times(point):.2f}×"
        width = len(label) * CHARACTER
        right = max(x - 9, LEFT + width)
        if all(abs(right - r) > width + 6 or abs(y - h) > 15 for r, h in taken):
            taken.append((right, y))
            parts.append(tag("text", text(label), x=right, y=y + 19, class_="label", text_anchor="end"))
        drawn.append(tag("g", *parts, class_="point chosen" if chosen else "point"))
    return drawn


def _words(survey: Survey, point: Point) -> str:
    cycles = f"{'' if survey.measured else 'about '}{count(point.cycles)} cycles"
    return f"{count(point.ram_bytes)} bytes of RAM, {cycles}\nstreamed: {all_streamed(point.streams)}"
