"""The memories side by side on the page."""

from __future__ import annotations

from netsuke.report.markup import Markup, tag, text
from netsuke.report.regions import RegionResult
from netsuke.report.regions_words import METHOD, held_words
from netsuke.report.words import ABSENT, count, duration, percent

HEADINGS = ("memory", "used B", "of B", "free B", "read B", "written B", "waits", "holds")


def regions_section(regions: tuple[RegionResult, ...], clock_hz: int) -> Markup:
    """The table, and how the waits were found."""
    if not regions:
        return Markup("")
    head = tag(
        "tr",
        *(
            tag("th", text(h), class_="n" if 0 < i < len(HEADINGS) - 1 else None)
            for i, h in enumerate(HEADINGS)
        ),
    )
    rows = [region_row(one, clock_hz) for one in regions]
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    counted = any(one.wait_cycles is not None for one in regions)
    words = [tag("p", text(f"Waits are {METHOD}."), class_="words")] if counted else []
    return tag("section", tag("h2", text("Memory by memory")), *words, tag("div", table, class_="scroll"))


def region_row(one: RegionResult, clock_hz: int) -> Markup:
    """One memory."""
    where = f"{one.kind} at {one.origin:#010x}" + (", outside the chip" if one.external else "")
    share = percent(one.used, one.size)
    return tag(
        "tr",
        tag("td", tag("span", text(one.name), class_="name"), tag("small", text(where))),
        *(
            tag("td", text(words), class_="n")
            for words in (
                count(one.used),
                f"{count(one.size)} ({share})",
                count(one.free),
                count(one.read_bytes),
                count(one.written_bytes),
            )
        ),
        tag("td", text(wait(one, clock_hz)), class_="n", title=one.source or None),
        tag("td", text(held_words(one))),
    )


def wait(one: RegionResult, clock_hz: int) -> str:
    """Time and cycles, and whether they are a model's."""
    if one.wait_cycles is None:
        return ABSENT
    how = ", model" if one.model else ""
    return f"{duration(1e3 * one.wait_cycles / clock_hz)} ({count(one.wait_cycles)} cycles{how})"
