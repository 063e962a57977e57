"""The curve of schedules: which points are on it, which is chosen, and how it is shown."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from netsuke.report import BuildResult
from netsuke.report.html import to_html
from netsuke.report.json import to_dict
from netsuke.report.schedules import Counted, LineResult, Point, StreamResult, Survey, choose, curve
from netsuke.report.schedules_html import survey_to_html
from netsuke.report.schedules_json import survey_to_json
from netsuke.report.schedules_text import print_survey
from netsuke.report.terminal import print_build
from tests.report.samples import layer, small
from tests.report.test_html import HOSTILE, Page

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
STREAM = StreamResult(
    layers=("conv", "pool"),
    band=2,
    lines=(
        LineResult(tensor="a", held=5, rows=20, nbytes=700),
        LineResult(tensor="s", held=0, rows=0, nbytes=60),
    ),
)


def point(nbytes: int, cycles: int, **options: object) -> Point:
    values: dict[str, object] = {"streams": (STREAM,), "line_bytes": 760, "scratch_bytes": 32}
    counted = Counted(cycles=cycles, instructions=cycles // 2, stack_bytes=300, exact=True)
    values |= {"counted": counted, "flash_bytes": 9_000, **options}
    return Point(arena_bytes=nbytes, state_bytes=0, estimated_cycles=cycles * 2, **values)  # type: ignore[arg-type]


def survey(*points: Point, **options: object) -> Survey:
    best, dropped = curve(points)
    values: dict[str, object] = {"points": best, "dropped": dropped, "measured": True, "wall": "'pool' (2 B)"}
    return Survey(
        model="tiny",
        board="nucleo-l4r5zi",
        board_title="ST NUCLEO-L4R5ZI",
        core="cortex-m4",
        clock_hz=120_000_000,
        **{**values, **options},  # type: ignore[arg-type]
    )


FAST, MIDDLE, SLOW = point(9_000, 1_000, streams=(), line_bytes=0), point(6_000, 1_200), point(5_000, 1_500)
THREE = survey(FAST, MIDDLE, SLOW, budget=7_000, chosen=1)


def printed(found: Survey, width: int = 110) -> str:
    file = io.StringIO()
    print_survey(Console(file=file, width=width, highlight=False, color_system=None), found)
    return file.getvalue()


def hostile() -> Survey:
    lines = (LineResult(tensor=HOSTILE, held=1, rows=2, nbytes=3),)
    attack = (StreamResult(layers=(HOSTILE, HOSTILE), band=1, lines=lines),)
    points = (replace(FAST, streams=attack), replace(SLOW, streams=attack))
    bad = (replace(MIDDLE, problem=HOSTILE),)
    return replace(THREE, model=HOSTILE, points=points, dropped=bad, wall=HOSTILE, compiler=HOSTILE)


def test_a_point_that_another_beats_is_not_on_the_curve() -> None:
    beaten, equal, broken = point(6_000, 1_600), point(9_500, 1_000), point(10, 10, problem="NOT exact: x")
    best, others = curve([FAST, beaten, MIDDLE, equal, broken, SLOW])
    assert best == (FAST, MIDDLE, SLOW)
    assert others == (beaten, equal, broken)


@pytest.mark.parametrize(
    ("budget", "chosen"),
    [
        (None, None),
        (0, 2),
        (4_999, None),
        (5_000, 2),
        (5_999, 2),
        (6_000, 1),
        (8_999, 1),
        (9_000, 0),
        (10**9, 0),
    ],
)
def test_the_chosen_point_is_the_fastest_that_fits(budget: int | None, chosen: int | None) -> None:
    assert choose((FAST, MIDDLE, SLOW), budget) == chosen


def test_the_terminal_shows_table_curve_and_wall() -> None:
    said = printed(THREE)
    rows = [line.split() for line in said.splitlines()]
    assert [
        "9,000",
        "0",
        "32",
        "1,000",
        "1.00",
        "8.33",
        "µs",
        "9,000",
        "300",
        "nothing:",
        "every",
        "layer",
        "whole",
    ] in rows
    assert any(row[:2] == ["◆", "6,000"] and "1.20" in row for row in rows)
    assert "2 layers, conv to pool, 2 rows at a time" in said
    assert "✓ --ram 7,000: 6,000 bytes, 1.20 times the cycles of the fastest" in said
    assert "wall" in said
    assert "'pool' (2 B)" in said
    drawing = [line for line in said.splitlines() if "│" in line]
    assert sum(line.count("●") for line in drawing) == 2
    assert sum(line.count("◆") for line in drawing) == 1
    columns = {line.split()[0]: re.search("[●◆]", line) for line in drawing if re.search("[●◆]", line)}
    assert list(columns) == ["1.5k", "1.2k", "1k"]
    starts = [found.start() for found in columns.values() if found is not None]
    assert starts == sorted(starts), "less RAM is further left"


def test_estimates_are_said_to_be_estimates() -> None:
    points = tuple(replace(p, counted=None, flash_bytes=None) for p in THREE.points)
    found = replace(THREE, points=points, measured=False)
    assert "Cycles are estimates" in printed(found)
    assert "≈ cycles" in printed(found)
    assert "flash" not in printed(found)
    assert "estimates" in " ".join(Page(survey_to_html(found)).words)
    assert json.loads(survey_to_json(found))["points"][0]["cycles"] is None


def test_a_budget_that_nothing_fits_is_said_with_the_missing_bytes() -> None:
    found = replace(THREE, budget=4_000, chosen=None)
    assert not found.fits
    assert "✗ nothing fits --ram 4,000: the smallest needs 5,000 bytes, 1,000 more" in printed(found)


def test_the_build_of_a_point_that_estimates_would_miss_is_told() -> None:
    found = survey(FAST, SLOW, point(6_000, 1_600), budget=7_000, chosen=1)
    assert "`netsuke build --ram 5000` builds it" in printed(found)
    assert "netsuke build" not in printed(THREE)
    assert "1 schedule left out" in printed(found)


def test_a_model_that_fits_no_board() -> None:
    found = survey(point(9_000, 5, problem="RAM is short by 8,000 bytes"), wall="w")
    assert not found.fits
    assert "no schedule can be used on ST NUCLEO-L4R5ZI: RAM is short by 8,000 bytes" in printed(found)
    Page(survey_to_html(found))
    assert json.loads(survey_to_json(found))["points"] == []


def test_a_schedule_that_is_not_exact_is_said_in_red() -> None:
    counted = Counted(cycles=5, instructions=5, stack_bytes=5, exact=False)
    found = survey(FAST, point(100, 5, counted=counted, problem="NOT exact: here"))
    assert not found.exact
    assert "✗ 100 bytes: NOT exact: here" in printed(found)


@pytest.mark.parametrize("found", [THREE, hostile(), survey(FAST, budget=99, chosen=None)])
def test_the_page_is_well_formed_and_asks_the_network_for_nothing(found: Survey) -> None:
    page = survey_to_html(replace(found, model="m"))
    elements = Page(page).elements
    assert [a for _, a in elements for name in ("src", "href", "data", "action") if name in a] == []
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(", page)
    assert "default-src 'none'" in page


def test_names_are_escaped() -> None:
    page = Page(survey_to_html(hostile()))
    assert page.count("script") == 1
    assert page.count("img") == 0
    assert [a for _, a in page.elements for name in a if name.startswith("on")] == []
    assert "\x1b" not in survey_to_html(hostile()) + printed(hostile())


def test_the_picture_has_a_dot_a_point_and_marks_the_chosen() -> None:
    page = Page(survey_to_html(THREE))
    assert page.count("circle") == 3
    assert page.count("g", **{"class": "point chosen"}) == 1
    assert page.count("tr", **{"class": "chosen"}) == 1
    assert "a: 5 of 20 rows, 700 bytes" in page.words
    assert "s: sums over all rows, 60 bytes" in page.words


def test_the_keys_are_documented() -> None:
    found = json.loads(survey_to_json(THREE))
    shown = found["points"][1]
    keys = {*found, *shown, *shown["streams"][0], *shown["streams"][0]["lines"][0]}
    documented = DOCS.read_text(encoding="utf-8")
    assert [key for key in keys if f"`{key}" not in documented] == []


def streamed() -> BuildResult:
    """A build with a budget: a stream of two layers, then a softmax."""
    layers = (
        layer(0, "stream", 0, 90, name="conv .. pool", kernel="nk_stream", stream=STREAM),
        layer(1, "conv_2d", 640, 2_000, name="conv", inside=0),
        layer(2, "max_pool_2d", 0, 200, name="pool", inside=0),
        layer(3, "softmax", 0, 700),
    )
    return replace(small(), layers=layers, schedules=replace(THREE, measured=False, budget=7_000))


def test_a_build_shows_the_stream_over_its_layers() -> None:
    file = io.StringIO()
    print_build(Console(file=file, width=100, highlight=False, color_system=None), streamed())
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert " ✓ --ram 7,000: arena and state take 96 bytes" in lines
    at = next(
        i for i, line in enumerate(lines) if "2 layers, 2 rows at a time; line buffers 760 bytes" in line
    )
    assert lines[at + 1].startswith("   conv ")
    assert lines[at + 2].startswith("   pool ")
    assert "nk_stream" not in file.getvalue()


def test_the_page_of_a_build_shows_stream_and_curve() -> None:
    page = Page(to_html(streamed()))
    assert page.count("tr", **{"class": "stream"}) == 1
    assert page.count("tr", **{"class": "inside"}) == 2
    assert page.count("circle") == 3
    assert "2 layers, 2 rows at a time; line buffers 760 bytes" in page.words
    assert Page(to_html(small())).count("circle") == 0


def test_the_data_of_a_build_tells_streams_and_schedules() -> None:
    data = to_dict(streamed())
    assert data["layers"][0]["stream"]["band"] == 2
    assert [one["inside"] for one in data["layers"]] == [None, 0, 0, None]
    assert data["schedules"]["chosen"] == 1
    assert to_dict(small())["schedules"] is None
