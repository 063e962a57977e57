"""The memories side by side in a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from netsuke.report.regions import RegionResult
from netsuke.report.regions_words import held_words
from netsuke.report.words import ABSENT, count, duration, percent, printable


def regions_table(regions: tuple[RegionResult, ...], clock_hz: int) -> Table:
    """A line a memory: used and free bytes, what is in it, how long the core waits for it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(" memory", no_wrap=True)
    for heading in ("used", "of", "free", "waits"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("holds")
    for one in regions:
        waits = ABSENT if one.wait_cycles is None else f"+{duration(1e3 * one.wait_cycles / clock_hz)}"
        table.add_row(
            Text(f" {printable(one.name)}", style="bold"),
            Text(count(one.used)),
            Text(f"{count(one.size)}, {percent(one.used, one.size)}"),
            Text(count(one.free), style="" if one.free >= 0 else "bold red"),
            Text(waits if one.wait_cycles else "0" if one.wait_cycles == 0 else ABSENT),
            Text(held_words(one), style="dim"),
        )
    return table
