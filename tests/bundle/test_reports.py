"""The reports of several models: what they say, and that a page is safe whatever the models' names hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from netsuke.report.bundle import BundleResult
from netsuke.report.bundle_text import print_bundle
from netsuke.report.bundle_write import bundle_to_dict, bundle_to_html, bundle_to_json, write_bundle_reports
from tests.report.samples import large, small
from tests.report.test_html import Page, hostile


def bundle() -> BundleResult:
    """The two samples together."""
    models = (replace(small(), model="a"), replace(large(), model="b"))
    return BundleResult(
        models=models,
        board="nucleo-l4r5zi",
        board_title="ST NUCLEO-L4R5ZI",
        core="cortex-m4",
        clock_hz=120_000_000,
        exact=True,
        turns_on=("host", "emulated cortex-m4"),
        first_difference=None,
        arena_bytes=max(m.arena_bytes for m in models),
        state_bytes=sum(m.state_bytes for m in models),
        static_bytes=4,
        stack_bytes=300,
        ram_available=640 * 1024,
        flash_code_bytes=20_000,
        flash_weights_bytes=sum(m.flash_weights_bytes for m in models),
        flash_available=2 << 20,
        compiler="zig cc",
        optimize="speed",
        project=Path("out"),
    )


def test_totals() -> None:
    made = bundle()
    assert made.ram_bytes == made.arena_bytes + made.state_bytes + 4 + 300
    assert made.flash_bytes == made.flash_code_bytes + made.flash_weights_bytes
    assert made.fits
    assert not replace(made, ram_available=10).fits
    assert made.inputs_compared == sum(m.inputs_compared for m in made.models)


def test_json_holds_the_totals_and_every_model() -> None:
    read = json.loads(bundle_to_json(bundle()))
    assert read == json.loads(json.dumps(bundle_to_dict(bundle())))
    assert [m["model"] for m in read["models"]] == ["a", "b"]
    assert read["ram_bytes"] == bundle().ram_bytes
    assert read["schema_version"] == 1


def test_the_page_has_a_section_for_each_model() -> None:
    page = Page(bundle_to_html(bundle()))
    assert page.count("section", id="a") == page.count("section", id="b") == 1
    assert page.count("a", href="b_report.html") == 1
    words = " ".join(page.words)
    assert "2 models in one image" in words
    assert "together" in words


def test_hostile_names_are_escaped() -> None:
    attack = replace(hostile(), exact=False)
    made = replace(bundle(), models=(attack, small()), exact=False, first_difference=attack.model)
    text = bundle_to_html(made)
    Page(text)
    assert "<script>alert" not in text
    assert "<img" not in text


def test_the_terminal_says_what_is_shared() -> None:
    console = Console(record=True, width=110, force_terminal=False)
    print_bundle(console, bundle())
    said = console.export_text()
    assert "again with the models in turn" in said
    assert "one arena" in said
    assert "in common" in said
    console = Console(record=True, width=110, force_terminal=False)
    print_bundle(
        console, replace(bundle(), exact=False, first_difference="host, models in turn: b, invocation 3")
    )
    assert "NOT exact: host, models in turn: b, invocation 3" in console.export_text()


def test_every_file_is_written(tmp_path: Path) -> None:
    write_bundle_reports(bundle(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a_report.html",
        "b_report.html",
        "report.html",
        "report.json",
    ]
