"""The summary of a build of several models in a terminal."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from netsuke.report.bundle import BundleResult
from netsuke.report.goals import GivenUp
from netsuke.report.goals_text import given_up_line
from netsuke.report.result import BuildResult
from netsuke.report.terminal import fit_bar, verdict_line
from netsuke.report.verdict import fitting
from netsuke.report.words import count, duration, frequency, listed, percent, plural, printable, size
from netsuke.report.write import HTML_NAME, JSON_NAME


def print_bundle(console: Console, result: BundleResult) -> None:
    """Prints the summary."""
    console.print(bundle_summary(result))


def bundle_summary(result: BundleResult) -> Group:
    """The summary as one renderable."""
    title = Text(f" {plural(len(result.models), 'model')}", style="bold") + Text(
        f"  on {result.board_title} ({result.core}, {frequency(result.clock_hz)})", style="dim"
    )
    verdicts = (
        verdict_line(result.exact, together_words(result)),
        verdict_line(result.fits, fitting(result)),
        *([Text(f" ! {short}", style="yellow")] if (short := given_up_line(given_up(result))) else []),
    )
    return Group(
        Text(),
        title,
        Text(),
        *verdicts,
        Text(),
        _numbers(result),
        Text(),
        _models(result),
        Text(),
        _paths(result),
    )


def given_up(result: BundleResult) -> GivenUp | None:
    """What the layers of all models gave up for flash."""
    every = [(model.model, model.given_up) for model in result.models if model.given_up is not None]
    if not every:
        return None
    concessions = tuple(
        replace(layer, layer=f"{name}/{layer.layer}") for name, one in every for layer in one.concessions
    )
    return replace(every[0][1], concessions=concessions)


def together_words(result: BundleResult) -> str:
    """One line: are they exact, each by itself and in turn."""
    if not result.exact:
        return f"NOT exact: {printable(result.first_difference or 'the outputs differ')}"
    where = listed(result.models[0].ran_on) or "nothing"
    words = f"exact: {plural(result.inputs_compared, 'input')}, byte for byte the same on {where}"
    return f"{words}; again with the models in turn" if result.turns_on else words


def _numbers(result: BundleResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    parts = [f"one arena {size(result.arena_bytes)}"]
    parts += [f"states {size(result.state_bytes)}"] if result.state_bytes else []
    parts += [f"static {size(result.static_bytes)}"] if result.static_bytes else []
    parts += [f"stack {size(result.stack_bytes)}" if result.stack_bytes is not None else "stack not measured"]
    common = result.flash_code_bytes - result.own_code_bytes
    code = f"weights {size(result.flash_weights_bytes)}, code {size(result.flash_code_bytes)}"
    for name, used, available, words in (
        (" RAM", result.ram_bytes, result.ram_available, ", ".join(parts)),
        (" flash", result.flash_bytes, result.flash_available, f"{code}, of it {size(common)} in common"),
    ):
        share = Text(size(used), style="bold") + Text(f" of {size(available)}, {percent(used, available)}")
        table.add_row(name, fit_bar(used, available), share)
        table.add_row("", "", Text(words, style="dim"))
    return table


def _models(result: BundleResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(" model", overflow="ellipsis")
    for heading in ("arena", "state", "weights", "own code", "cycles", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for model in result.models:
        table.add_row(*_row(model))
    return table


def _row(model: BuildResult) -> tuple[Text, ...]:
    numbers = (model.arena_bytes, model.state_bytes, model.flash_weights_bytes, model.flash_code_bytes)
    return (
        Text(f" {printable(model.model)}"),
        *(Text(count(number)) for number in (*numbers, model.cycles)),
        Text(duration(model.milliseconds)),
        Text("exact", style="green") if model.exact else Text("NOT exact", style="red"),
    )


def _paths(result: BundleResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(" C project", Text(str(result.project)))
    table.add_row(" report", Text(str(result.project / HTML_NAME)))
    table.add_row(" as data", Text(str(result.project / JSON_NAME)))
    return table
