"""`netsuke demo`: what is printed of a demo's result; the demo itself has its own test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.demo import DemoResult
from netsuke.errors import NotExact
from tests.cli.conftest import Cli
from tests.report.samples import small

FOUND = DemoResult(
    test_digits=300,
    float_accuracy=0.98,
    int8_accuracy=0.9767,
    chip_accuracy=0.9767,
    sqnr_db=30.0,
    build=small(),
    seconds=31.6,
)


def stand_in(monkeypatch: pytest.MonkeyPatch, found: DemoResult) -> list[dict[str, object]]:
    calls: list[dict[str, object]] = []

    def run(out: Path, *, board: str, progress: object) -> DemoResult:
        calls.append({"out": out, "board": board})
        return found

    monkeypatch.setattr("netsuke.demo.run", run)
    return calls


def test_the_three_accuracies_and_the_page(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stand_in(monkeypatch, FOUND)
    said = cli("demo")
    assert said.code == 0
    words = " ".join(said.out.split())
    assert "digits read right, of 300 the float model 98.0%" in words
    assert "its int8 form, by the reference 97.7% the C on the emulated cortex-m4 97.7%" in words
    assert "32 seconds. Open out/tiny/report.html in a browser." in words
    assert calls == [{"out": Path("out/digits"), "board": "nucleo-l4r5zi"}]


def test_what_differs_claims_no_accuracy_and_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    build = replace(small(), exact=False, first_difference="layer 1")
    calls = stand_in(monkeypatch, replace(FOUND, chip_accuracy=None, build=build))
    said = cli("demo", "--board", "esp32-c3", "-o", "elsewhere")
    assert said.code == NotExact.exit_code
    assert "not claimed: it differs" in said.out
    assert calls == [{"out": Path("elsewhere"), "board": "esp32-c3"}]
