"""The page of a diagnosis: one file that holds everything it shows and asks the network for nothing."""

from __future__ import annotations

from importlib import resources
from string import Template

from netsuke.compress.study import LayerStudy
from netsuke.report.diagnosis import DiagnosisResult
from netsuke.report.diagnosis_picture import noise_picture, spared_picture
from netsuke.report.diagnosis_text import POOR_DB, WIDE_RATIO
from netsuke.report.diagnosis_words import (
    advice_words,
    decibels,
    effect,
    fix_words,
    layer_title,
    origin,
    range_words,
    ratio_words,
    share_words,
    verdict,
)
from netsuke.report.markup import Markup, joined, tag, text


def diagnosis_to_html(result: DiagnosisResult) -> str:
    """The text of the page; the same result gives the same bytes."""
    page = resources.files("netsuke.report").joinpath("page")

    def file(name: str) -> str:
        return page.joinpath(name).read_text(encoding="utf-8")

    advice = [tag("li", text(advice_words(one, result))) for one in result.advice]
    parts = {
        "style": Markup(file("style.css")),
        "script": Markup(file("theme.js")),
        "model": text(result.model),
        "verdict": text(verdict(result)),
        "origin": text(origin(result)),
        "todo": joined(*advice) if advice else tag("li", text("Nothing that is known here helps.")),
        "fix": fix_section(result),
        "noise": noise_picture(result.study),
        "spared": spared_picture(result),
        "rows": joined(*(row(layer, result) for layer in result.study.layers)),
    }
    return Template(file("diagnosis.html")).substitute(parts)


def fix_section(result: DiagnosisResult) -> Markup:
    """What --fix did; nothing where it was not asked for."""
    lines = fix_words(result)
    if not lines:
        return Markup("")
    return tag(
        "section", tag("h2", text("Fix")), tag("ul", *(tag("li", text(one)) for one in lines), class_="todo")
    )


def row(layer: LayerStudy, result: DiagnosisResult) -> Markup:
    """A layer; what is bad stands out."""
    rounded = result.study.rounded
    cells = (
        (str(layer.bits), False),
        (decibels(layer.weights_db), layer.weights_db < POOR_DB),
        (decibels(layer.isolated_db), layer.isolated_db < POOR_DB),
        (decibels(layer.accumulated_db), False),
        (range_words(layer), False),
        (f"{100 * layer.used:.0f} %", False),
        (share_words(layer.clipped), layer.clipped > 0.01),
        (ratio_words(layer.channel_ratio), layer.channel_ratio > WIDE_RATIO),
        (effect(layer.in_float, rounded, result.metric), False),
        (effect(layer.in_16_bits, rounded, result.metric), False),
    )
    name = tag("span", text(layer_title(layer)), class_="name")
    return tag(
        "tr",
        tag("td", name, tag("small", text(layer.op))),
        *(tag("td", text(words), class_="n poor" if bad else "n") for words, bad in cells),
    )
