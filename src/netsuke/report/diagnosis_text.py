"""A diagnosis in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from netsuke.report.diagnosis import DiagnosisResult
from netsuke.report.diagnosis_words import (
    advice_words,
    decibels,
    effect,
    fix_words,
    layer_title,
    origin,
    ratio_words,
    share_words,
    verdict,
)
from netsuke.report.words import printable, shortened

if TYPE_CHECKING:
    from rich.console import Console

NAME = 30
HEADINGS = (
    "layer",
    "bits",
    "weights",
    "alone",
    "so far",
    "used",
    "clipped",
    "channels",
    "in float",
    "in 16 bits",
)
POOR_DB = 15.0
"""Below this, a layer alone spoils its own output."""
WIDE_RATIO = 100.0
"""Channels so far apart leave the quietest fewer than three of 256 levels."""


def print_diagnosis(console: Console, result: DiagnosisResult) -> None:
    """The verdict, a row a layer, and what to do."""
    console.print(Text(f"{printable(result.model)}: {verdict(result)}", style="bold"))
    console.print(Text(origin(result), style="dim"))
    console.print()
    console.print(layer_table(result))
    console.print(Text("weights, alone, so far: signal to noise of the layer's output in dB", style="dim"))
    console.print()
    if result.advice:
        console.print(Text("What to do", style="bold"))
        for number, one in enumerate(result.advice, 1):
            console.print(Text(f" {number:>2}. {printable(advice_words(one, result))}"))
    lines = fix_words(result)
    if lines:
        console.print(Text("Fix", style="bold"))
        for line in lines:
            console.print(Text(f"  {printable(line)}"))
    if result.out is not None:
        console.print(Text(f"written: {printable(str(result.out))}"))


def layer_table(result: DiagnosisResult) -> Table:
    """A row a layer; what is bad in red."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading in HEADINGS:
        if heading == "layer":  # names give way on a narrow terminal, numbers do not
            table.add_column(heading, overflow="ellipsis")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    for layer in result.study.layers:
        rounded = result.study.rounded
        cells = (
            (shortened(printable(layer_title(layer)), NAME), False),
            (str(layer.bits), False),
            (decibels(layer.weights_db), layer.weights_db < POOR_DB),
            (decibels(layer.isolated_db), layer.isolated_db < POOR_DB),
            (decibels(layer.accumulated_db), False),
            (f"{100 * layer.used:.0f} %", False),
            (share_words(layer.clipped), layer.clipped > 0.01),
            (ratio_words(layer.channel_ratio), layer.channel_ratio > WIDE_RATIO),
            (effect(layer.in_float, rounded, result.metric), False),
            (effect(layer.in_16_bits, rounded, result.metric), False),
        )
        table.add_row(*(Text(words, style="red" if bad else "") for words, bad in cells))
    return table
