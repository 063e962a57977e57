"""Summaries on a terminal of the usual 80 columns: names may give way, numbers may not."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from netsuke.inspection import inspect_graph
from netsuke.report.inspection_text import print_inspection
from netsuke.report.terminal import build_summary
from tests.cli.models import tall_chain
from tests.report.samples import large, small

LONG = "model/block_13/expand/with/a/name/that/goes/on/and/on"


def lines(shown: RenderableType, width: int) -> list[str]:
    """What a terminal of so many columns shows."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(shown)
    return str(console.file.getvalue()).splitlines()  # type: ignore[attr-defined]


def numbers(shown: list[str]) -> set[str]:
    """All numbers of at least four digits: bytes, MACs, cycles."""
    return set(re.findall(r"\d{1,3}(?:,\d{3})+", "\n".join(shown)))


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_shows_the_numbers_of_a_wide_one(width: int) -> None:
    result = large()
    result = replace(result, layers=tuple(replace(one, name=LONG) for one in result.layers))
    narrow = lines(build_summary(result), width)
    assert numbers(narrow) == numbers(lines(build_summary(result), 200))
    assert max(map(len, narrow)) <= width
    for label in ("RAM", "flash", "time"):
        assert any(line.startswith(f" {label} ") for line in narrow), label
    assert any(line.startswith(" slowest layers") and "a MAC" in line for line in narrow)


def test_an_inspection_on_a_narrow_terminal() -> None:
    shown = []
    for width in (80, 200):
        console = Console(file=io.StringIO(), width=width, highlight=False)
        print_inspection(console, inspect_graph(tall_chain()))
        shown.append(str(console.file.getvalue()).splitlines())  # type: ignore[attr-defined]
    assert numbers(shown[0]) == numbers(shown[1])
    assert [line.split()[-1] for line in shown[0] if line.endswith("B")] == [
        line.split()[-1] for line in shown[1] if line.endswith("B")
    ]
    assert "…" not in "".join(line[:5] for line in shown[0])


def test_no_tail_is_cut_of_a_small_build() -> None:
    assert "…" not in "".join(lines(build_summary(small()), 80))
