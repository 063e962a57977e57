"""A table as text cells: printed in a terminal or as Markdown, the same words in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

CROSS = "✗"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Columns whose heading is in `left` hold words, all others numbers. Rows in `strong` are our own."""

    title: str
    headings: tuple[str, ...]
    left: frozenset[str]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[int] = frozenset()


def markdown_table(sheet: Sheet) -> str:
    """The table alone; numbers to the right."""
    rule = "|".join("---" if heading in sheet.left else "--:" for heading in sheet.headings)
    lines = ["| " + " | ".join(sheet.headings) + " |", f"|{rule}|"]
    for number, row in enumerate(sheet.rows):
        cells = [cell.replace("|", r"\|") for cell in row]
        if number in sheet.strong:
            cells = [*(f"**{cell}**" for cell in cells[:-1]), cells[-1]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def markdown(sheets: Sequence[Sheet], notes: Sequence[str]) -> str:
    """All tables under headings, then the notes."""
    parts = [f"### {sheet.title}\n\n{markdown_table(sheet)}\n" for sheet in sheets]
    return "\n".join([*parts, *([*(f"- {note}" for note in notes), ""] if notes else [])])


def rendered(sheets: Sequence[Sheet], notes: Sequence[str]) -> RenderableType:
    """All tables for a terminal, then the notes. Cells are plain text: no markup, no terminal codes."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from netsuke.report.words import printable

    parts: list[RenderableType] = []
    for sheet in sheets:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        for heading in sheet.headings:
            left = heading in sheet.left
            table.add_column(heading, justify="left" if left else "right", no_wrap=not left)
        for number, row in enumerate(sheet.rows):
            style = "bold" if number in sheet.strong else ""
            table.add_row(*(Text(printable(cell), style="red" if CROSS in cell else style) for cell in row))
        parts += [Text(sheet.title, style="bold"), table, Text()]
    parts += [Text(printable(note), style="dim") for note in notes]
    return Group(*parts)
