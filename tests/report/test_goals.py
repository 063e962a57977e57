"""The three goals and the candidates, in every form of the report."""

from __future__ import annotations

import json
from dataclasses import replace

from rich.console import Console

from netsuke.report.goals import CandidateResult, GoalResult, LayerCandidates
from netsuke.report.html import to_html
from netsuke.report.json import to_dict
from netsuke.report.result import BuildResult
from netsuke.report.terminal import build_summary
from tests.report.samples import small


def goal(name: str, scale: int, *, exact: bool = True) -> GoalResult:
    return GoalResult(
        goal=name,
        chosen=name == "speed",
        ram_bytes=3000 // scale,
        arena_bytes=2000 // scale,
        flash_code_bytes=6000 // scale,
        flash_weights_bytes=1000,
        cycles=4000 * scale,
        exact=exact,
    )


def candidate(kernel: str, cycles: int | None, *, chosen: bool = False) -> CandidateResult:
    return CandidateResult(
        kernel=kernel,
        chosen=chosen,
        cycles=cycles,
        instructions=cycles,
        code_bytes=None if cycles is None else 300,
        constant_bytes=64,
        scratch_bytes=8,
    )


def measured(*, known: bool = True) -> BuildResult:
    first = 900 if known else None
    layer = LayerCandidates(
        layer="<b>conv</b>",
        expanded=True,
        candidates=(candidate("nk_slow", first), candidate("nk_fast", 700, chosen=True)),
    )
    goals = (goal("speed", 1), goal("size", 3), goal("ram", 2, exact=False))
    return replace(small(), goals=goals, candidates=(layer,))


def shown(result: BuildResult) -> str:
    console = Console(width=110, record=True, force_terminal=False)
    with console.capture() as capture:
        console.print(build_summary(result))
    return capture.get()


def test_the_terminal_shows_the_three_and_marks_the_one() -> None:
    said = shown(measured())
    for words in ("optimised for", "▸ speed", "size", "ram", "12,000", "differs"):
        assert words in said
    assert "never counted" not in said
    assert "1 layer of 1 never counted on this core" in shown(measured(known=False))


def test_one_build_alone_shows_none() -> None:
    assert "optimised for" not in shown(small())
    page = to_html(small())
    assert "Speed, size or RAM" not in page
    assert "Kernels to choose from" not in page


def test_the_page_shows_bars_and_tables_with_names_escaped() -> None:
    page = to_html(measured())
    assert "Speed, size or RAM" in page
    assert page.count('class="goal-bar"') == 9
    assert "&lt;b&gt;conv&lt;/b&gt;" in page
    assert "<b>conv</b>" not in page
    assert "nk_slow" in page


def test_the_data_has_them() -> None:
    data = json.loads(json.dumps(to_dict(measured())))
    assert [one["goal"] for one in data["goals"]] == ["speed", "size", "ram"]
    assert data["goals"][1]["flash_bytes"] == 3000
    (layer,) = data["candidates"]
    assert (layer["measured"], layer["expanded"]) == (True, True)
    assert [one["chosen"] for one in layer["candidates"]] == [False, True]
