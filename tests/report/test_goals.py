"""The three goals and the candidates, in every form of the report."""

from __future__ import annotations

import json
from dataclasses import replace

from rich.console import Console

from netsuke.report.goals import CandidateResult, ConcessionResult, GivenUp, GoalResult, LayerCandidates
from netsuke.report.goals_text import given_up_line
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


def conceding(*concessions: ConcessionResult, short: int = 12_288, limit: int | None = None) -> BuildResult:
    return replace(measured(), given_up=GivenUp(limit=limit, short=short, concessions=concessions))


def concession(layer: str, instead: str, cycles: int | None) -> ConcessionResult:
    return ConcessionResult(layer=layer, kernel="nk_fast", instead=instead, saved_bytes=12_400, cycles=cycles)


def test_what_was_given_up_is_said_in_a_line() -> None:
    one = concession("conv2d_7", "nk_small", 960_000)
    wanted = "12,288 bytes of flash short: layer conv2d_7 takes nk_small instead, +0.96 M cycles"
    assert given_up_line(conceding(one).given_up) == wanted
    assert "12,288 bytes of flash short" in shown(conceding(one))
    assert wanted in to_html(conceding(one))
    limited = conceding(
        concession("<b>", "nk_fast", 300_000), one, concession("c", "nk_fast", None), limit=65_536
    )
    assert given_up_line(limited.given_up) == (
        "12,288 bytes of flash (limit 65,536) short: layer conv2d_7 takes nk_small instead, +0.96 M cycles, "
        "layer <b> shares its kernel instead, +0.30 M cycles, and 1 more layer; +1.26 M cycles in all"
    )
    assert "<b> shares" not in to_html(limited)
    assert given_up_line(conceding(short=0).given_up) == given_up_line(None) == ""
    assert to_dict(conceding(one))["given_up"]["layers"] == [
        {
            "layer": "conv2d_7",
            "kernel": "nk_fast",
            "instead": "nk_small",
            "saved_bytes": 12_400,
            "cycles": 960_000,
        }
    ]


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
