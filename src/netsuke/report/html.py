"""report.html: one page that holds everything it shows and asks the network for nothing."""

from __future__ import annotations

from importlib import resources
from string import Template

from netsuke.report import sections
from netsuke.report.goals_html import candidates_section, goals_section
from netsuke.report.markup import Markup, text
from netsuke.report.memory_picture import memory_picture
from netsuke.report.regions_html import regions_section
from netsuke.report.result import BuildResult
from netsuke.report.schedules_html import schedules_section
from netsuke.report.verdict import exactness, fitting
from netsuke.report.words import count, plural


def to_html(result: BuildResult) -> str:
    """The text of report.html; the same result gives the same bytes."""
    parts = {
        "style": Markup(_file("style.css")),
        "script": Markup(_file("theme.js") + _file("script.js")),
        "model": text(result.model),
        "board": text(f"{result.board_title} · {result.core}"),
        "exact_class": Markup("good" if result.exact else "bad"),
        "exact_mark": Markup("✓" if result.exact else "✗"),
        "exactness": text(exactness(result)),
        "fits_class": Markup("good" if result.fits else "bad"),
        "fits_mark": Markup("✓" if result.fits else "✗"),
        "fitting": text(fitting(result)),
        "tiles": sections.tiles(result),
        "fit_bars": sections.fit_bars(result),
        "regions": regions_section(result.regions, result.clock_hz),
        "goals": goals_section(result.goals),
        "candidates": candidates_section(result.candidates, result.given_up),
        "schedules": schedules_section(result.schedules),
        "memory_words": text(_memory_words(result)),
        "memory": memory_picture(result),
        "charts": sections.charts(result),
        "layers_words": text(_layers_words(result)),
        "rows": sections.layer_table(result),
        "passes": sections.passes(result),
        "ports": sections.ports(result),
        "origins": sections.origins(result),
    }
    return Template(_file("page.html")).substitute(parts)


def _file(name: str) -> str:
    return resources.files("netsuke.report").joinpath("page", name).read_text(encoding="utf-8")


def _memory_words(result: BuildResult) -> str:
    words = f"{plural(len(result.buffers), 'buffer')} share an arena of {count(result.arena_bytes)} bytes."
    if result.arena_bytes <= result.arena_lower_bound:
        words += " No placement can do better in this order of layers."
    else:
        words += f" No placement needs fewer than {count(result.arena_lower_bound)} bytes."
    if len(result.arenas) > 1:
        parts = " and ".join(count(nbytes) for nbytes in result.arenas)
        words += (
            f" It is split into {parts} bytes, drawn one above the other: no memory holds it in one piece."
        )
    saved = result.naive_peak_bytes - result.arena_bytes
    if saved > 0:
        words += f" Views and layers that write over their inputs save {count(saved)} bytes."
    return words


def _layers_words(result: BuildResult) -> str:
    outside = result.cycles_outside_layers
    return f"{count(outside)} cycles belong to no layer: the calls themselves." if outside else ""
