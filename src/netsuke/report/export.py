"""An export as a value, in the terminal, and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from netsuke.report.words import count, plural, printable

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that was written: its layers when it is read back, and on how many inputs it gave the model's bytes."""

    model: str
    out: Path
    file_bytes: int
    layers: int
    compared: int


def print_export(console: Console, result: Exported) -> None:
    """Two lines."""
    console.print(Text(f"{printable(result.model)} → {printable(str(result.out))}", style="bold"))
    console.print(
        Text(
            f" {count(result.file_bytes)} bytes, {plural(result.layers, 'layer')}; read back, it gives the same bytes "
            f"on {plural(result.compared, 'input')}"
        ),
        soft_wrap=True,
    )


def export_to_json(result: Exported) -> str:
    """The same as data."""
    found = {
        "model": result.model,
        "out": str(result.out),
        "file_bytes": result.file_bytes,
        "layers": result.layers,
        "compared_inputs": result.compared,
    }
    return json.dumps(found, indent=2) + "\n"
