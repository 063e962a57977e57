"""The schedules of a model in a terminal: a table, the curve, the wall."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from netsuke.report.curve_text import curve_text
from netsuke.report.schedules import Point, Survey
from netsuke.report.stream_words import all_streamed, dropped_words, how, problems, verdict
from netsuke.report.terminal import verdict_line
from netsuke.report.words import count, duration, frequency, printable


def print_survey(console: Console, survey: Survey) -> None:
    """Prints it. Names from the model are shown as plain text: no markup, no terminal codes."""
    console.print(survey_summary(survey))


def survey_summary(survey: Survey) -> Group:
    """The survey as one renderable."""
    title = Text(f" {printable(survey.model)}", style="bold")
    title += Text(f"  on {survey.board_title} ({survey.core}, {frequency(survey.clock_hz)})", style="dim")
    parts: list[RenderableType] = [Text(), title, Text()]
    if survey.points:
        parts += [_table(survey), Text()]
    if len(survey.points) > 1:
        parts += [curve_text(survey), Text()]
    parts += [verdict_line(survey.fits, printable(verdict(survey)))]
    if survey.points:
        parts += [verdict_line(False, printable(words)) for words in problems(survey)]
    return Group(*parts, _notes(survey), Text())


def _table(survey: Survey) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    measured = survey.measured
    headings = ["   RAM", "lines", "scratch", "cycles" if measured else "≈ cycles", "×"]
    headings += ["time", "flash", "stack"] if measured else []
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("streamed", ratio=1)
    for number, point in enumerate(survey.points):
        chosen = number == survey.chosen
        table.add_row(*_row(survey, point, chosen=chosen), style="bold" if chosen else None)
    return table


def _row(survey: Survey, point: Point, *, chosen: bool) -> list[Text]:
    mark = Text(" ◆ " if chosen else "   ", style="red")
    cells = [
        mark + Text(count(point.ram_bytes)),
        Text(count(point.line_bytes), style="dim"),
        Text(count(point.scratch_bytes), style="dim"),
        Text(count(point.cycles)),
        Text(f"{survey.times(point):.2f}"),
    ]
    if survey.measured:
        stack = None if point.counted is None else point.counted.stack_bytes
        cells += [
            Text(duration(point.cycles / survey.clock_hz * 1e3)),
            Text(count(point.flash_bytes)),
            Text(count(stack), style="dim"),
        ]
    return [*cells, Text(printable(all_streamed(point.streams, 20)))]


def _notes(survey: Survey) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row(" wall", Text(printable(survey.wall)))
    for words in dropped_words(survey):
        table.add_row(" not shown", Text(printable(words)))
    table.add_row(
        " RAM", Text("arena and state; of it, line buffers and scratch at the step that needs most")
    )
    table.add_row(" measured" if survey.measured else " estimated", Text(printable(how(survey))))
    return table
