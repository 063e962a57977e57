"""The summary of a build in a terminal: verdict, fit, speed, slowest layers, where the files are."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from netsuke.report.goals_text import given_up_line, goals_table, unmeasured_line
from netsuke.report.regions_text import regions_table
from netsuke.report.regions_words import region_wait, waiting
from netsuke.report.result import BuildResult, LayerResult
from netsuke.report.stream_words import budget_words, stream_line
from netsuke.report.verdict import exactness, fitting
from netsuke.report.words import (
    count,
    duration,
    energy,
    frequency,
    percent,
    printable,
    ratio,
    shape,
    shortened,
    size,
)
from netsuke.report.write import HTML_NAME, JSON_NAME

BAR = 28
"""Cells of a fit bar."""
SLOWEST = 6
"""Layers that are listed."""


def print_build(console: Console, result: BuildResult) -> None:
    """Prints the summary. Names from the model are shown as plain text: no markup, no terminal codes."""
    console.print(build_summary(result))


def build_summary(result: BuildResult) -> Group:
    """The summary as one renderable."""
    parts: list[RenderableType] = [
        Text(),
        _title(result),
        Text(),
        *_verdicts(result),
        Text(),
        _numbers(result),
    ]
    if result.spread:
        parts += [Text(), regions_table(result.regions, result.clock_hz)]
    if any(layer.stream for layer in result.layers):
        parts += [Text(), _streams(result)]
    if any(layer.cycles for layer in result.layers):
        parts += [Text(), _slowest(result)]
    parts += [Text(), goals_table(result.goals)] if len(result.goals) > 1 else []
    note = unmeasured_line(result.candidates)
    parts += [Text(), Text(f" {note}", style="dim")] if note else []
    return Group(*parts, Text(), _paths(result))


def fit_bar(used: int, available: int, cells: int = BAR) -> Text:
    """A bar of `cells` characters, filled as far as `used` of `available`; red when it overflows."""
    share = used / available if available else 1.0
    filled = min(cells, max(1 if used else 0, round(share * cells)))
    color = "red" if share > 1 else "yellow" if share > 0.9 else "green"
    return Text.assemble(("━" * filled, color), ("━" * (cells - filled), "bright_black"))


def verdict_line(good: bool, words: str) -> Text:
    """A green tick or a red cross, and the verdict."""
    return Text(" ✓ " if good else " ✗ ", style="bold green" if good else "bold red") + Text(
        words, style="green" if good else "red"
    )


def _title(result: BuildResult) -> Text:
    model = Text(f" {printable(result.model)}", style="bold")
    return model + Text(
        f"  on {result.board_title} ({result.core}, {frequency(result.clock_hz)})", style="dim"
    )


def _verdicts(result: BuildResult) -> list[Text]:
    lines = [verdict_line(result.exact, exactness(result)), verdict_line(result.fits, fitting(result))]
    if result.schedules is not None:
        taken = count(result.arena_bytes + result.state_bytes)
        words = f"{budget_words(result.schedules)}: arena and state take {taken} bytes"
        lines.append(verdict_line(True, words))
    given_up = given_up_line(result.given_up)
    if given_up:
        lines.append(Text(f" ! {given_up}", style="yellow"))
    return lines


def _streams(result: BuildResult) -> Table:
    """Each stream and patches as a heading, their layers indented below."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", title_justify="left")
    table.add_column(" computed together", overflow="ellipsis")
    table.add_column("output", no_wrap=True)
    table.add_column("cycles", justify="right", no_wrap=True)
    for layer in result.layers:
        if layer.stream is not None:
            table.add_row(Text(f" {stream_line(layer.stream)}", style="bold"))
        elif layer.inside is not None:
            name, output = shortened(printable(layer.name), 44), shape(layer.output_shape)
            table.add_row(Text(f"   {name}"), Text(output, style="dim"), Text(count(layer.cycles)))
    return table


def _numbers(result: BuildResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(" RAM", *_fit(result.ram_bytes, result.ram_available))
    table.add_row("", "", Text(_ram_words(result), style="dim"))
    table.add_row(" flash", *_fit(result.flash_bytes, result.flash_available))
    table.add_row("", "", Text(_flash_words(result), style="dim"))
    if result.cycles is not None:
        table.add_row(" time", *_speed(result))
    if result.wait_cycles:
        table.add_row(" waits", *_waits(result))
    return table


def _fit(used: int, available: int) -> tuple[Text, Text]:
    words = Text(size(used), style="bold") + Text(f" of {size(available)}, {percent(used, available)}")
    return fit_bar(used, available), words


def _ram_words(result: BuildResult) -> str:
    parts = [f"arena {size(result.arena_bytes)}"]
    parts += [f"state {size(result.state_bytes)}"] if result.state_bytes else []
    parts += [f"static {size(result.static_bytes)}"] if result.static_bytes else []
    parts += [f"stack {size(result.stack_bytes)}" if result.stack_bytes is not None else "stack not measured"]
    return ", ".join(parts)


def _flash_words(result: BuildResult) -> str:
    return f"weights {size(result.flash_weights_bytes)}, code {size(result.flash_code_bytes)}"


def _speed(result: BuildResult) -> tuple[Text, Text]:
    spent = f", {energy(result.energy_microjoules)}" if result.energy_microjoules is not None else ""
    time = Text(f"{duration(result.milliseconds)}{spent}", style="bold")
    macs = (
        f" for {count(result.macs)} MACs ({ratio(result.cycles_per_mac)} cycles each)" if result.macs else ""
    )
    return time, Text(f"{count(result.cycles)} cycles{macs}")


def _waits(result: BuildResult) -> tuple[Text, Text]:
    """What slow memory adds to the time above: an estimate."""
    added = duration(1e3 * (result.wait_cycles or 0) / result.clock_hz)
    worst = region_wait(waiting(result.regions)[0], result.clock_hz)
    return Text(f"+{added}", style="bold"), Text(worst, style="dim")


def _slowest(result: BuildResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", title_justify="left")
    table.add_column(
        " slowest layers", overflow="ellipsis"
    )  # names give way on a narrow terminal, numbers do not
    table.add_column("operator", overflow="ellipsis")
    table.add_column("output", no_wrap=True)
    for heading in ("cycles", "share", "a MAC"):
        table.add_column(heading, justify="right", no_wrap=True)
    ordered = sorted(
        (layer for layer in result.layers if layer.stream is None), key=lambda layer: -(layer.cycles or 0)
    )
    for layer in ordered[:SLOWEST]:
        table.add_row(*_layer(layer, result.cycles or 0))
    return table


def _layer(layer: LayerResult, cycles: int) -> tuple[Text, ...]:
    return (
        Text(f" {shortened(printable(layer.name), 28)}"),
        Text(layer.op, style="dim"),
        Text(shape(layer.output_shape), style="dim"),
        Text(count(layer.cycles)),
        Text(percent(layer.cycles or 0, cycles)),
        Text(ratio(layer.cycles_per_mac), style="dim"),
    )


def _paths(result: BuildResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(" C project", Text(str(result.project)))
    table.add_row(" report", Text(str(result.project / HTML_NAME)))
    table.add_row(" as data", Text(str(result.project / JSON_NAME)))
    return table
