"""The curve of RAM against cycles in a terminal: for every number of bytes, the cycles of the fastest that fits."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.text import Text

from netsuke.report.layer_chart import compact
from netsuke.report.schedules import Survey

WIDTH, HEIGHT = 62, 10
"""Cells of the plot."""
MARGIN = 9
"""Cells of the labels on its left."""
STYLES = {"●": "bold", "◆": "bold red", "─": "bright_black", "│": "bright_black", "┐": "bright_black"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Characters by (column, row); row 0 is the lowest."""

    cells: dict[tuple[int, int], str] = field(default_factory=dict)

    def line(self, row: int) -> Text:
        """One row, in color."""
        text = Text()
        for column in range(WIDTH):
            mark = self.cells.get((column, row), " ")
            text.append(mark, style=STYLES.get(mark, ""))
        return text


def curve_text(survey: Survey) -> Text:
    """The picture, a line a row; RAM starts at 0, cycles at those of the fastest."""
    places = positions(survey)
    canvas = Canvas(cells=steps(places))
    for number, place in enumerate(places):
        canvas.cells[place] = "◆" if number == survey.chosen else "●"
    labels = {row: survey.points[number] for number, (_, row) in reversed(list(enumerate(places)))}
    lines = [Text(f"{'cycles':>{MARGIN}}", style="dim")]
    for row in reversed(range(HEIGHT)):
        shown = compact(labels[row].cycles) if row in labels else ""
        lines.append(
            Text(f"{shown:>{MARGIN}} ", style="dim") + Text("│", style="bright_black") + canvas.line(row)
        )
    lines.append(Text(" " * (MARGIN + 1)) + Text("└" + "─" * WIDTH, style="bright_black"))
    lines.append(Text(" " * (MARGIN + 2) + ram_labels(survey, places), style="dim"))
    return Text("\n").join(lines)


def positions(survey: Survey) -> list[tuple[int, int]]:
    """(column, row) of each point."""
    most = max(point.ram_bytes for point in survey.points) * 1.08
    least, slowest = survey.points[0].cycles, survey.points[-1].cycles
    span = max(1, slowest - least)
    return [
        (
            min(WIDTH - 1, int(point.ram_bytes / max(1.0, most) * WIDTH)),
            round((point.cycles - least) / span * (HEIGHT - 1)),
        )
        for point in survey.points
    ]


def steps(places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Horizontal from a point to the next larger one, then down to it."""
    cells: dict[tuple[int, int], str] = {}
    right = WIDTH
    low = 0
    for at, (column, row) in enumerate(places):
        cells.update({(x, row): "─" for x in range(column, right)})
        if at:
            cells.update({(right, y): "│" for y in range(low, row)})
            cells[right, row] = "┐"
        right, low = column, row
    return cells


def ram_labels(survey: Survey, places: list[tuple[int, int]]) -> str:
    """Bytes under the points, as far as there is room; the smallest and the chosen one first."""
    order = sorted(range(len(places)), key=lambda n: (n != survey.chosen, n != len(places) - 1, n))
    line = [" "] * (WIDTH + 12)
    for number in order:
        words = f"{survey.points[number].ram_bytes:,}"
        start = max(0, places[number][0] - len(words) // 2)
        if all(cell == " " for cell in line[max(0, start - 1) : start + len(words) + 1]):
            line[start : start + len(words)] = words
    used = "".join(line).rstrip()
    return used if len(used) > WIDTH - 6 else f"{used:<{WIDTH - 6}} bytes"
