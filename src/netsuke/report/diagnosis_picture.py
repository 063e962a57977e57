"""Pictures of a diagnosis as SVG: noise of every layer, and what sparing it wins."""

from __future__ import annotations

from netsuke.compress.study import LayerStudy, Study
from netsuke.report.axis import Scale, Steps, grid, ticks
from netsuke.report.diagnosis import DiagnosisResult
from netsuke.report.diagnosis_text import POOR_DB
from netsuke.report.diagnosis_words import decibels, effect, layer_title
from netsuke.report.markup import Markup, tag, text
from netsuke.report.words import shortened

HEIGHT, TOP, BELOW = 190.0, 18.0, 118.0
QUIETEST_DB = 60.0
"""Noise so far below the signal, and less, is drawn as none."""


def noise_picture(study: Study) -> Markup:
    """Columns of each layer's own noise, and the line of what has gathered so far."""
    steps = Steps(layers=len(study.layers))
    scale = Scale(highest=QUIETEST_DB, height=HEIGHT, bottom=TOP + HEIGHT)
    marks = [(v, f"{v - QUIETEST_DB:.0f} dB") for v in ticks(QUIETEST_DB, wanted=6)]
    parts = grid(steps, scale, marks)
    points = []
    for at, layer in enumerate(study.layers):
        parts.append(column(at, layer, steps, scale))
        x = steps.x(at) + steps.column / 2
        points.append(f"{x:.1f} {scale.y(loudness(layer.accumulated_db)):.1f}")
        parts.append(name(at, layer, steps, scale.bottom))
    parts.append(tag("path", d="M" + " L".join(points), class_="alone"))
    return picture("Noise of each layer", steps, parts)


def column(at: int, layer: LayerStudy, steps: Steps, scale: Scale) -> Markup:
    """One layer's own noise."""
    words = (
        f"{layer_title(layer)}\n{layer.op}\nweights alone {decibels(layer.weights_db)} dB\n"
        f"layer alone {decibels(layer.isolated_db)} dB\nso far {decibels(layer.accumulated_db)} dB"
    )
    y = scale.y(loudness(layer.isolated_db))
    poor = " poor" if layer.isolated_db < POOR_DB else ""
    return bar(at, words, steps, (y, scale.bottom), f"noise{poor}")


def spared_picture(result: DiagnosisResult) -> Markup:
    """Columns of the output's gain in decibels when a layer stays in float."""
    study = result.study
    steps = Steps(layers=len(study.layers))
    gains = [max(0.0, one.in_float.sqnr_db - study.rounded.sqnr_db) for one in study.layers]
    highest = max((g for g in gains if g != float("inf")), default=0.0) or 1.0
    scale = Scale(highest=highest, height=HEIGHT, bottom=TOP + HEIGHT)
    parts = grid(steps, scale, [(v, f"{v:+g} dB" if v else "0 dB") for v in ticks(highest)])
    for at, (layer, gain) in enumerate(zip(study.layers, gains, strict=True)):
        gained = effect(layer.in_float, study.rounded, result.metric)
        wide = effect(layer.in_16_bits, study.rounded, result.metric)
        words = f"{layer_title(layer)}\n{layer.op}\nin float {gained}\noutput in 16 bits {wide}"
        top = scale.y(min(gain, highest))
        parts.append(bar(at, words, steps, (top, scale.bottom), "spared"))
        parts.append(name(at, layer, steps, scale.bottom))
    return picture("What sparing each layer wins", steps, parts)


def loudness(db: float) -> float:
    """Height above the quietest line that is drawn."""
    return min(max(QUIETEST_DB - db, 0.0), QUIETEST_DB)


def bar(at: int, words: str, steps: Steps, ends: tuple[float, float], kind: str) -> Markup:
    """A column with what it says when pointed at."""
    width = min(steps.column * 0.72, 64.0)
    x = steps.x(at) + (steps.column - width) / 2
    return tag(
        "g",
        tag("title", text(words)),
        tag("rect", x=steps.x(at), y=TOP, width=steps.column, height=HEIGHT, class_="hit"),
        tag("rect", x=x, y=ends[0], width=width, height=max(ends[1] - ends[0], 0.5), rx=2, class_=kind),
        class_="layer",
    )


def name(at: int, layer: LayerStudy, steps: Steps, bottom: float) -> Markup:
    """A layer's name, slanted below its column."""
    if steps.column < 13:
        return Markup("")
    x, y = steps.x(at) + steps.column / 2, bottom + 16
    words, turned = text(shortened(layer_title(layer), 20)), f"rotate(-55 {x:.2f} {y - 4:.2f})"
    return tag("text", words, x=x, y=y, class_="tick", text_anchor="end", transform=turned)


def picture(title: str, steps: Steps, parts: list[Markup]) -> Markup:
    """The whole drawing."""
    return tag(
        "svg",
        tag("title", text(title)),
        *parts,
        viewBox=f"0 0 {steps.width:.0f} {TOP + HEIGHT + BELOW:.0f}",
        style=f"min-width:{max(steps.width * 0.62, 560):.0f}px",
        role="img",
        class_="columns",
    )
