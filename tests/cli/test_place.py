"""`netsuke build --place`: what it prints and writes, and what it refuses, by exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Said

BOARD = "stm32f746g-disco"


def build(cli: Cli, model: Path, out: Path, place: str, *more: str) -> Said:
    return cli("build", model, "--board", BOARD, "-o", out, "--place", place, "--runs", "1", *more)


def test_memories_are_printed_and_written(cli: Cli, pools: Path, tmp_path: Path) -> None:
    said = build(cli, pools, tmp_path / "out", "arena=SRAM2,stack=DTCM", "--on", "emulator")
    assert said.code == 0, said.err
    assert "SRAM2" in said.out
    assert "holds" in said.out
    assert "waits" in said.out
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    found = {one["name"]: one for one in report["regions"]}
    assert list(found) == ["SRAM2", "DTCM", "FLASH"]
    assert found["SRAM2"]["holds"] == [{"what": "arena", "bytes": report["arena_bytes"]}]
    assert found["SRAM2"]["wait_cycles"] > 0
    assert found["SRAM2"]["wait_model"] is True
    assert found["DTCM"]["wait_cycles"] == 0
    assert found["SRAM2"]["used_bytes"] + found["SRAM2"]["free_bytes"] == 16_384
    assert report["wait_cycles"] == sum(one["wait_cycles"] for one in found.values())
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Memory by memory" in page
    guide = (tmp_path / "out" / "README.md").read_text()
    assert 'section(".sram2")' in guide
    assert "> SRAM2" in guide


def test_auto_is_what_is_done_without_it(cli: Cli, pools: Path, tmp_path: Path) -> None:
    assert build(cli, pools, tmp_path / "a", "auto", "--no-compare").code == 0
    assert (
        cli("build", pools, "--board", BOARD, "-o", tmp_path / "b", "--runs", "1", "--no-compare").code == 0
    )
    one, other = ((tmp_path / name / "report.json").read_text() for name in "ab")
    assert one == other
    assert {r["name"] for r in json.loads(one)["regions"]} == {"DTCM", "FLASH"}


@pytest.mark.parametrize(
    ("place", "code", "words"),
    [
        ("12 parsecs", 2, "a text such as"),
        ("arena=SRAM9", 2, "has no memory 'SRAM9'; it has FLASH (1,048,576 bytes), RAM"),
        ("arena=QSPI", 2, "QSPI of stm32f746g-disco is flash: arena needs RAM"),
        ("state=RAM,arena=DTCM", 2, "share bytes"),
        ("state=DTCM+SRAM1", 2, "only the arena can be split"),
    ],
)
def test_bad_places_are_refused(
    cli: Cli, pools: Path, tmp_path: Path, place: str, code: int, words: str
) -> None:
    said = build(cli, pools, tmp_path / "out", place)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_places_are_for_one_model(cli: Cli, pools: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(pools.read_bytes())
    said = cli("build", pools, other, "--board", BOARD, "-o", tmp_path / "out", "--place", "arena=DTCM")
    assert said.code == 2
    assert "places go with one model" in said.err
