"""The schedules of a model as one page that asks the network for nothing, and as a part of a build's page."""

from __future__ import annotations

from importlib import resources
from string import Template

from netsuke.report.curve import curve_picture
from netsuke.report.markup import Markup, joined, tag, text
from netsuke.report.schedules import Point, Survey
from netsuke.report.stream_words import all_streamed, dropped_words, how, line_words, problems, verdict
from netsuke.report.words import ABSENT, count, duration, frequency


def survey_to_html(survey: Survey) -> str:
    """The text of the page; the same survey gives the same bytes."""
    parts = {
        "style": Markup(_file("style.css")),
        "script": Markup(_file("theme.js")),
        "model": text(survey.model),
        "board": text(f"{survey.board_title} · {survey.core} at {frequency(survey.clock_hz)}"),
        "fits_class": Markup("good" if survey.fits else "bad"),
        "fits_mark": Markup("✓" if survey.fits else "✗"),
        "fitting": text(verdict(survey)),
        "curve": curve_picture(survey),
        "how": text(how(survey)),
        "table": schedule_table(survey),
        "wall": text(survey.wall),
        "dropped": joined(*(tag("p", text(w)) for w in (*dropped_words(survey), *problems(survey)))),
        "timing": text(survey.timing_source if survey.measured else "estimates, not counts"),
    }
    return Template(_file("plan.html")).substitute(parts)


def schedules_section(survey: Survey | None) -> Markup:
    """The curve and its table as a section of a build's page; nothing without a budget."""
    if survey is None:
        return Markup("")
    return tag(
        "section",
        tag("h2", text("RAM against cycles")),
        tag("p", text(f"{verdict(survey)}. {how(survey)}"), class_="words"),
        tag("div", curve_picture(survey), class_="scroll"),
        tag("div", schedule_table(survey), class_="scroll"),
    )


def schedule_table(survey: Survey) -> Markup:
    """A row a schedule; what is streamed unfolds into its line buffers."""
    cells = ["RAM B", "lines B", "scratch B", "cycles" if survey.measured else "≈ cycles", "× the fastest"]
    cells += ["time", "flash B", "stack B"] if survey.measured else []
    head = [tag("th", text(words), class_="n") for words in cells]
    rows = [_row(survey, point, chosen=n == survey.chosen) for n, point in enumerate(survey.points)]
    return tag(
        "table",
        tag("thead", tag("tr", *head, tag("th", text("streamed")))),
        tag("tbody", *rows),
        class_="schedules",
    )


def _row(survey: Survey, point: Point, *, chosen: bool) -> Markup:
    cells = [
        f"{'◆ ' if chosen else ''}{count(point.ram_bytes)}",
        count(point.line_bytes),
        count(point.scratch_bytes),
        count(point.cycles),
        f"{survey.times(point):.2f}",
    ]
    if survey.measured:
        counted = point.counted
        cells += [
            duration(point.cycles / survey.clock_hz * 1e3),
            count(point.flash_bytes),
            ABSENT if counted is None else count(counted.stack_bytes),
        ]
    numbers = (tag("td", text(words), class_="n") for words in cells)
    return tag("tr", *numbers, tag("td", streams(point)), class_="chosen" if chosen else None)


def streams(point: Point) -> Markup:
    """What is streamed in words, and folded away the line buffers."""
    if not point.streams:
        return text(all_streamed(point.streams))
    parts = []
    for stream in point.streams:
        lines = [f"{line.tensor}: {line_words(line)}, {count(line.nbytes)} bytes" for line in stream.lines]
        parts.append(
            tag(
                "details",
                tag("summary", text(all_streamed((stream,)))),
                tag("p", text(", ".join(stream.layers))),
                tag("ul", *(tag("li", text(words)) for words in lines)),
            )
        )
    return joined(*parts)


def _file(name: str) -> str:
    return resources.files("netsuke.report").joinpath("page", name).read_text(encoding="utf-8")
