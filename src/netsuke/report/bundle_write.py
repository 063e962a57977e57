"""report.json and report.html of a build of several models; each model has its own page too."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from netsuke.report import sections
from netsuke.report.bundle import BundleResult
from netsuke.report.bundle_text import together_words
from netsuke.report.html import to_html
from netsuke.report.json import SCHEMA_VERSION, to_dict
from netsuke.report.markup import Markup, joined, tag, text
from netsuke.report.memory_picture import memory_picture
from netsuke.report.result import BuildResult
from netsuke.report.verdict import fitting
from netsuke.report.words import count, duration, plural
from netsuke.report.write import HTML_NAME, JSON_NAME


def write_bundle_reports(result: BundleResult, directory: Path) -> None:
    """Writes report.json, report.html and `<model>_report.html` of every model into a folder that exists."""
    (directory / JSON_NAME).write_text(bundle_to_json(result), encoding="utf-8", newline="\n")
    (directory / HTML_NAME).write_text(bundle_to_html(result), encoding="utf-8", newline="\n")
    for model in result.models:
        page = directory / page_name(model)
        page.write_text(to_html(model), encoding="utf-8", newline="\n")


def page_name(model: BuildResult) -> str:
    """The file of a model's own page."""
    return f"{model.model}_{HTML_NAME}"


def bundle_to_json(result: BundleResult) -> str:
    """The text of report.json: totals, and under "models" what a build of one model gives."""
    return json.dumps(bundle_to_dict(result), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def bundle_to_dict(result: BundleResult) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "board": result.board,
        "board_title": result.board_title,
        "core": result.core,
        "clock_hz": result.clock_hz,
        "exact": result.exact,
        "inputs_compared": result.inputs_compared,
        "turns_on": list(result.turns_on),
        "first_difference": result.first_difference,
        "fits": result.fits,
        "arena_bytes": result.arena_bytes,
        "state_bytes": result.state_bytes,
        "static_bytes": result.static_bytes,
        "stack_bytes": result.stack_bytes,
        "ram_bytes": result.ram_bytes,
        "ram_available": result.ram_available,
        "flash_code_bytes": result.flash_code_bytes,
        "flash_weights_bytes": result.flash_weights_bytes,
        "flash_bytes": result.flash_bytes,
        "flash_available": result.flash_available,
        "compiler": result.compiler,
        "optimize": result.optimize,
        "models": [to_dict(model) for model in result.models],
    }


def bundle_to_html(result: BundleResult) -> str:
    """The text of report.html: totals, then a section for each model."""
    page = resources.files("netsuke.report").joinpath("page")

    def file(name: str) -> str:
        return page.joinpath(name).read_text(encoding="utf-8")

    parts = {
        "style": Markup(file("style.css")),
        "script": Markup(file("theme.js")),
        "title": text(plural(len(result.models), "model")),
        "names": text(", ".join(model.model for model in result.models)),
        "board": text(f"{result.board_title} · {result.core}"),
        "exact_class": Markup("good" if result.exact else "bad"),
        "exact_mark": Markup("✓" if result.exact else "✗"),
        "exactness": text(together_words(result)),
        "fits_class": Markup("good" if result.fits else "bad"),
        "fits_mark": Markup("✓" if result.fits else "✗"),
        "fitting": text(fitting(result)),
        "fit_bars": sections.fit_bars(result),
        "rows": joined(*(_row(model) for model in result.models), _totals(result)),
        "models": joined(*(_section(model) for model in result.models)),
        "compiler": text(f"{result.compiler}, optimised for {result.optimize}"),
    }
    return Template(file("bundle.html")).substitute(parts)


def _row(model: BuildResult) -> Markup:
    name = tag("td", tag("a", text(model.model), href=f"#{model.model}"))
    numbers = (
        model.arena_bytes,
        model.state_bytes,
        model.stack_bytes,
        model.flash_weights_bytes,
        model.flash_code_bytes,
        model.cycles,
    )
    cells = [tag("td", text(count(n)), class_="n") for n in numbers]
    return tag("tr", name, *cells, tag("td", text(duration(model.milliseconds)), class_="n"))


def _totals(result: BundleResult) -> Markup:
    numbers = (
        result.arena_bytes,
        result.state_bytes,
        result.stack_bytes,
        result.flash_weights_bytes,
        result.flash_code_bytes,
    )
    cells = [tag("td", tag("strong", text(count(n))), class_="n") for n in numbers]
    return tag("tr", tag("td", tag("strong", text("together"))), *cells, tag("td"), tag("td"))


def _section(model: BuildResult) -> Markup:
    saved = f"{plural(len(model.buffers), 'buffer')} in {count(model.arena_bytes)} bytes of the common arena."
    return tag(
        "section",
        tag("h2", text(model.model)),
        tag("dl", sections.tiles(model), class_="tiles"),
        tag("p", text(f"{saved} "), tag("a", text("Layer by layer"), href=page_name(model)), class_="words"),
        tag("div", memory_picture(model), class_="scroll"),
        id=model.model,
    )
