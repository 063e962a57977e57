"""Columns of one quantity per layer as SVG, above the same steps as the memory picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netsuke.report.axis import Scale, Steps, grid, round_size, ticks
from netsuke.report.markup import Markup, tag, text
from netsuke.report.result import BuildResult, LayerResult
from netsuke.report.words import count, percent, ratio, shape, shortened, size

HEIGHT, TOP = 190.0, 22.0
WIDEST = 88.0
"""Pixels of a column at most: two layers are not two walls."""
UPRIGHT = 96.0
"""Pixels of a step from which the layers' names are written upright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A quantity of a layer; `value` is None where it has none, `total` says whether a share makes sense."""

    key: str
    title: str
    value: Callable[[LayerResult], float | None]
    words: Callable[[float], str]
    total: bool = True
    binary: bool = False
    """True for bytes, whose round numbers are powers of two."""


METRICS = (
    Metric(key="cycles", title="Cycles", value=lambda layer: layer.cycles, words=lambda v: count(int(v))),
    Metric(key="macs", title="MACs", value=lambda layer: layer.macs, words=lambda v: count(int(v))),
    Metric(
        key="bytes",
        title="Weight bytes",
        value=lambda layer: layer.weight_bytes,
        words=lambda v: size(int(v)),
        binary=True,
    ),
    Metric(
        key="cpm", title="Cycles per MAC", value=lambda layer: layer.cycles_per_mac, words=ratio, total=False
    ),
)


def compact(value: float) -> str:
    """A number in a narrow place: '12.3M', '870k', '42'."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def layer_chart(result: BuildResult, metric: Metric) -> Markup:
    """The chart; layers without the quantity have no column."""
    steps = Steps(layers=len(result.layers))
    values = [metric.value(layer) for layer in result.layers]
    highest = max((v for v in values if v is not None), default=0.0)
    scale = Scale(highest=highest, height=HEIGHT, bottom=TOP + HEIGHT)
    below = 40.0 if steps.column >= UPRIGHT else 112.0
    label = round_size if metric.binary else compact
    parts = grid(steps, scale, [(v, label(v)) for v in ticks(highest, binary=metric.binary)])
    total = sum(v for v in values if v is not None)
    for layer, value in zip(result.layers, values, strict=True):
        parts.append(_column(layer, value, metric, total, steps, scale))
        parts.append(_name(layer, steps, scale.bottom))
    return tag(
        "svg",
        tag("title", text(f"{metric.title} of each layer")),
        *parts,
        viewBox=f"0 0 {steps.width:.0f} {TOP + HEIGHT + below:.0f}",
        style=f"min-width:{max(steps.width * 0.62, 560):.0f}px",
        role="img",
        class_="columns",
    )


def _column(
    layer: LayerResult, value: float | None, metric: Metric, total: float, steps: Steps, scale: Scale
) -> Markup:
    left, width = steps.x(layer.index), min(steps.column * 0.72, WIDEST)
    x = left + (steps.column - width) / 2
    parts = [tag("title", text(_words(layer, value, metric, total)))]
    parts.append(
        tag("rect", x=left, y=TOP, width=steps.column, height=HEIGHT, class_="hit"),
    )
    if value:
        y = scale.y(value)
        parts.append(
            tag("rect", x=x, y=y, width=width, height=max(scale.bottom - y, 1), rx=2, class_="column")
        )
        if steps.column >= 34:
            middle = left + steps.column / 2
            parts.append(
                tag("text", text(compact(value)), x=middle, y=y - 5, class_="tick", text_anchor="middle")
            )
    return tag("g", *parts, class_="layer")


def _words(layer: LayerResult, value: float | None, metric: Metric, total: float) -> str:
    number = "none" if value is None else metric.words(value)
    share = f", {percent(value, total)} of the model" if value and metric.total else ""
    what = f"{layer.op} → {shape(layer.output_shape)}"
    return f"step {layer.index}: {layer.name}\n{what}\n{metric.title}: {number}{share}"


def _name(layer: LayerResult, steps: Steps, bottom: float) -> Markup:
    x, y = steps.x(layer.index) + steps.column / 2, bottom + 16
    if steps.column >= UPRIGHT:
        letters = int(steps.column / 6.6)
        return tag("text", text(shortened(layer.op, letters)), x=x, y=y, class_="tick", text_anchor="middle")
    if steps.column < 13:
        return Markup("")
    turned = f"rotate(-55 {x:.2f} {y - 4:.2f})"
    words = text(shortened(layer.op, 18))
    return tag("text", words, x=x, y=y, class_="tick", text_anchor="end", transform=turned)


def has_values(result: BuildResult, metric: Metric) -> bool:
    """True when at least one layer has the quantity."""
    return any(metric.value(layer) for layer in result.layers)
