"""The parts of the page that are words, bars and tables."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.report.footprint import Footprint
from netsuke.report.layer_chart import METRICS, has_values, layer_chart
from netsuke.report.markup import Markup, joined, tag, text
from netsuke.report.regions_words import METHOD, wait_words
from netsuke.report.result import BuildResult, LayerResult, PassResult, PortResult
from netsuke.report.stream_words import stream_line
from netsuke.report.words import (
    ABSENT,
    count,
    duration,
    energy,
    frequency,
    listed,
    percent,
    plural,
    ratio,
    shape,
    size,
    three_digits,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a bar."""

    name: str
    nbytes: int
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """The largest value of a column over all layers."""

    macs: int
    cycles: int
    weight_bytes: int


def tiles(result: BuildResult) -> Markup:
    """The six numbers that people ask for first."""
    shown = (
        ("Latency", duration(result.milliseconds), f"at {frequency(result.clock_hz)}"),
        ("Cycles", count(result.cycles), f"{ratio(result.cycles_per_mac)} a MAC"),
        ("RAM", size(result.ram_bytes), f"{percent(result.ram_bytes, result.ram_available)} of the board"),
        (
            "Flash",
            size(result.flash_bytes),
            f"{percent(result.flash_bytes, result.flash_available)} of the board",
        ),
        (
            "MACs",
            count(result.macs),
            plural(sum(1 for layer in result.layers if layer.stream is None), "layer"),
        ),
        ("Energy", energy(result.energy_microjoules), "by the datasheet's current"),
    )
    return joined(*(_tile(*one) for one in shown if one[1] != ABSENT))


def _tile(name: str, value: str, note: str) -> Markup:
    number, _, unit = value.partition(" ")
    words = (text(number), tag("small", text(f" {unit}"))) if unit else (text(number),)
    return tag(
        "div",
        tag("dt", text(name)),
        tag("dd", *words),
        tag("p", text(note)),
        class_="tile",
    )


def fit_bars(result: Footprint) -> Markup:
    """RAM and flash against the board."""
    ram = (
        Part(name="arena", nbytes=result.arena_bytes, color="a"),
        Part(name="state", nbytes=result.state_bytes, color="b"),
        Part(name="static", nbytes=result.static_bytes, color="d"),
        Part(name="stack", nbytes=result.stack_bytes or 0, color="c"),
    )
    flash = (
        Part(name="weights", nbytes=result.flash_weights_bytes, color="a"),
        Part(name="code", nbytes=result.flash_code_bytes, color="b"),
    )
    return joined(_fit("RAM", ram, result.ram_available), _fit("Flash", flash, result.flash_available))


def _fit(name: str, parts: tuple[Part, ...], available: int) -> Markup:
    used = sum(part.nbytes for part in parts)
    full = max(used, available, 1)
    free = available - used
    verdict = f"{count(free)} bytes free" if free >= 0 else f"{count(-free)} bytes too many"
    shown = [part for part in parts if part.nbytes]
    head = tag(
        "div",
        tag("h3", text(name)),
        tag("span", text(f"{count(used)} of {count(available)} bytes ({percent(used, available)})")),
        tag("strong", text(verdict), class_="good" if free >= 0 else "bad"),
        class_="fit-head",
    )
    limit = [tag("i", class_="limit", style=f"left:{100 * available / full:.3f}%")] if free < 0 else []
    return tag(
        "div",
        head,
        tag("div", *(_segment(part, full) for part in shown), *limit, class_="bar"),
        tag("div", *(_segment(part, used) for part in shown), class_="bar split", aria_hidden="true"),
        tag("ul", *(_key(part, used) for part in shown), class_="keys"),
        class_="fit",
    )


def _segment(part: Part, whole: int) -> Markup:
    width = f"width:{100 * part.nbytes / whole:.3f}%"
    return tag("b", class_=f"seg {part.color}", style=width, title=f"{part.name}: {count(part.nbytes)} bytes")


def _key(part: Part, used: int) -> Markup:
    number = tag("span", text(f"{count(part.nbytes)} B"))
    share = tag("em", text(percent(part.nbytes, used)))
    return tag("li", tag("i", class_=f"dot {part.color}"), text(part.name), number, share)


def charts(result: BuildResult) -> Markup:
    """One chart a metric; radio buttons, not a script, choose which is seen."""
    shown = [metric for metric in METRICS if has_values(result, metric)]
    parts: list[Markup] = []
    for number, metric in enumerate(shown):
        checked = "checked" if number == 0 else None
        parts.append(tag("input", type="radio", name="metric", id=f"m-{metric.key}", checked=checked))
        parts.append(tag("label", text(metric.title), for_=f"m-{metric.key}"))
    drawn = (tag("div", layer_chart(result, m), class_=f"scroll chart c-{m.key}") for m in shown)
    return joined(*parts, *drawn)


def layer_table(result: BuildResult) -> Markup:
    """The rows of the per-layer table: each cell carries its sort key, some a bar against the largest."""
    most = Most(
        macs=max((layer.macs for layer in result.layers), default=0),
        cycles=max((layer.cycles or 0 for layer in result.layers), default=0),
        weight_bytes=max((layer.weight_bytes for layer in result.layers), default=0),
    )
    return joined(*(_row(layer, most) for layer in result.layers))


def _row(layer: LayerResult, most: Most) -> Markup:
    what = layer.op if layer.stream is None else stream_line(layer.stream)
    name = tag(
        "td", tag("span", text(layer.name), class_="name"), tag("small", text(what)), data_v=layer.name
    )
    return tag(
        "tr",
        _number(layer.index, str(layer.index)),
        name,
        tag("td", tag("code", text(layer.kernel)), data_v=layer.kernel),
        _number(_elements(layer.output_shape), shape(layer.output_shape)),
        _number(layer.macs, count(layer.macs), most.macs),
        _number(layer.cycles, count(layer.cycles), most.cycles),
        _number(layer.cycles_per_mac, ratio(layer.cycles_per_mac)),
        _number(layer.wait_cycles, count(layer.wait_cycles)),
        _number(layer.instructions, count(layer.instructions)),
        _number(layer.weight_bytes, count(layer.weight_bytes), most.weight_bytes),
        _number(layer.scratch_bytes, count(layer.scratch_bytes)),
        class_="stream" if layer.stream is not None else "inside" if layer.inside is not None else None,
    )


def _elements(dimensions: tuple[int, ...]) -> int:
    product = 1
    for dimension in dimensions:
        product *= dimension
    return product


def _number(value: float | None, words: str, most: float | None = None) -> Markup:
    share = f"--share:{100 * value / most:.1f}%" if value and most else None
    key = -1 if value is None else value
    return tag("td", text(words), data_v=repr(key), class_="n" if share is None else "n share", style=share)


def ports(result: BuildResult) -> Markup:
    """Rows of the table of inputs and outputs."""
    rows = [("input", port) for port in result.inputs] + [("output", port) for port in result.outputs]
    return joined(*(_port(kind, port) for kind, port in rows))


def _port(kind: str, port: PortResult) -> Markup:
    scale = ABSENT if port.scale is None else f"{port.scale:.8g}"
    zero = ABSENT if port.zero_point is None else str(port.zero_point)
    cells = (kind, port.name, shape(port.shape), port.dtype, scale, zero)
    return tag("tr", *(tag("td", text(cell)) for cell in cells))


def passes(result: BuildResult) -> Markup:
    """What each pass did; those that found nothing are faint, many changes are folded."""
    return joined(*(_pass(one) for one in result.passes))


def _pass(one: PassResult) -> Markup:
    name = tag("code", text(one.name))
    if len(one.lines) <= 1:
        words = one.lines[0] if one.lines else "nothing to do"
        return tag("li", name, tag("span", text(words)), class_=None if one.lines else "faint")
    changes = tag("ul", *(tag("li", text(line)) for line in one.lines))
    return tag("li", name, tag("details", tag("summary", text(f"{count(len(one.lines))} changes")), changes))


def origins(result: BuildResult) -> Markup:
    """How each number was obtained."""
    where = listed(result.ran_on) or "nothing"
    compared = (
        f"{plural(result.inputs_compared, 'input')}, outputs compared with the integer reference on {where}"
    )
    stack = (
        "the highest mark over all runs"
        if result.stack_bytes is not None
        else "not measured: the image was not run"
    )
    cycles = three_digits(result.clock_hz / 1000)
    clock = f"cycles at {frequency(result.clock_hz)}: {cycles} to the millisecond"
    facts = [("Exactness", compared)]
    facts += [("Tolerance", words) for words in result.tolerances]
    facts += [
        ("Cycles", result.timing_source),
        ("Latency", clock),
        ("Waits", f"{wait_words(result.regions, result.clock_hz)}; {METHOD}" if result.wait_cycles else ""),
        ("Energy", result.energy_source),
        ("RAM", "arena and state as planned and as linked, static data from the linked image"),
        ("Stack", stack),
        ("Flash", "from the linked image: code with its start-up, constants with the weights"),
        ("Compiler", f"{result.compiler}, optimised for {result.optimize}"),
        ("Model file", f"SHA-256 {result.model_sha256}" if result.model_sha256 else ""),
    ]
    return joined(*(joined(tag("dt", text(k)), tag("dd", text(v))) for k, v in facts if v))
