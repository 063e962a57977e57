"""Reads the files of graphs with diagnostics: `>>> message`, then the graph."""

from __future__ import annotations

from pathlib import Path


def diagnostics(name: str) -> list[tuple[str, str]]:
    """(message, text) of every entry of a file beside this one."""
    entries = (Path(__file__).parent / name).read_text().split("\n>>> ")[1:]
    return [(message, text) for message, _, text in (entry.partition("\n") for entry in entries)]
