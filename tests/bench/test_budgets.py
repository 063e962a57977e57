"""The budgets: what fails them, their file, and the models of MLPerf Tiny held against them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.bench.budgets import (
    Budget,
    Budgets,
    budget_file,
    compare,
    measured,
    merged,
    read_budgets,
    to_toml,
    write_budgets,
)
from netsuke.bench.measure import PACKAGED, SMALLEST_ON, measure_all
from netsuke.bench.models import digits_model, named
from netsuke.errors import InputError
from tests.bench.samples import measurement, session
from tests.models.places import INT8, mlperf

HELD = Budget(
    model="kws",
    board="nucleo-l4r5zi",
    instructions=1_000_000,
    cycles=2_000_000,
    arena_bytes=9_568,
    ram_bytes=9_852,
    flash_code_bytes=9_800,
    flash_weights_bytes=30_000,
)


def budgets(*entries: Budget) -> Budgets:
    return Budgets(compiler="clang 22", entries=entries)


@pytest.mark.parametrize(
    ("name", "now", "passed"),
    [
        ("instructions", 1_005_000, True),
        ("instructions", 1_005_001, False),
        ("cycles", 2_010_000, True),
        ("cycles", 2_010_001, False),
        ("cycles", 1, True),
        ("arena_bytes", 9_569, False),
        ("arena_bytes", 9_567, True),
        ("ram_bytes", 9_853, False),
        ("flash_code_bytes", 9_801, False),
        ("flash_weights_bytes", 30_001, False),
    ],
)
def test_what_may_grow(name: str, now: int, passed: bool) -> None:
    outcome = compare(budgets(HELD), budgets(replace(HELD, **{name: now})))
    assert outcome.passed == passed
    assert [one.name for one in outcome.changes] == [name]


def test_a_failure_names_every_count_and_by_how_much() -> None:
    fresh = budgets(replace(HELD, cycles=2_100_000, arena_bytes=9_600))
    outcome = compare(budgets(HELD), fresh)
    said = outcome.complaint(Path("budgets.toml"), "clang 22", "clang 23")
    assert "kws nucleo-l4r5zi cycles: 2,000,000 → 2,100,000, +100,000 (+5.00 %)" in said
    assert "kws nucleo-l4r5zi arena_bytes: 9,568 → 9,600, +32 (+0.33 %)" in said
    assert "measured with clang 22, this run with clang 23" in said
    assert outcome.lines()[-1] == "1 builds compared, 2 counts grew"
    verdicts = [line.split(":")[0] for line in outcome.lines()[:-1]]
    assert verdicts == ["GREW", "GREW"]
    little = compare(budgets(HELD), budgets(replace(HELD, instructions=1_000_001, cycles=1_999_999)))
    assert [line.split(":")[0] for line in little.lines()[:-1]] == ["within", "less"]


def test_a_build_without_a_budget_fails_and_one_that_was_not_measured_does_not() -> None:
    other = replace(HELD, model="vww")
    assert compare(budgets(HELD, other), budgets(HELD)).passed
    outcome = compare(budgets(HELD), budgets(HELD, other))
    assert not outcome.passed
    assert outcome.unknown == (("vww", "nucleo-l4r5zi"),)


def test_an_update_replaces_what_was_measured_and_keeps_the_rest() -> None:
    other = replace(HELD, board="esp32-c3")
    now = replace(HELD, cycles=5)
    assert set(merged(budgets(HELD, other), budgets(now)).entries) == {now, other}


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    odd = replace(HELD, model='a "model"\\\n[x]')
    held = Budgets(compiler="clang (ziglang)", entries=(odd, HELD))
    path = tmp_path / "new" / "budgets.toml"
    write_budgets(path, held)
    assert read_budgets(path).compiler == held.compiler
    assert set(read_budgets(path).entries) == set(held.entries)
    assert to_toml(read_budgets(path)) == path.read_text(encoding="utf-8")
    assert [one.name for one in path.parent.iterdir()] == ["budgets.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "cannot read the budgets"),
        ("[b.m]\ncycles = 1\n", "got the fields cycles, wanted"),
        ("[b]\nm = 3\n", "got the fields of no table"),
        (to_toml(budgets(HELD)).replace("2000000", '"many"'), "wanted whole numbers"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_budgets(path)


def test_a_missing_file_is_an_empty_one_only_for_an_update(tmp_path: Path) -> None:
    assert read_budgets(tmp_path / "no.toml", missing_ok=True).entries == ()
    with pytest.raises(InputError, match="--update"):
        read_budgets(tmp_path / "no.toml")


def test_a_session_in_the_form_of_budgets() -> None:
    one = measurement("kws", "nucleo-l4r5zi", PACKAGED, 5_000)
    (entry,) = measured(session(one)).entries
    assert (entry.model, entry.board, entry.cycles, entry.instructions) == (
        "kws",
        "nucleo-l4r5zi",
        5_000,
        4_000,
    )
    assert (entry.arena_bytes, entry.ram_bytes, entry.flash_code_bytes) == (96, 96 + 16 + 200, 2_000)
    assert entry.flash_weights_bytes == one.result.flash_weights_bytes


def test_a_build_for_size_has_a_budget_of_its_own() -> None:
    one = measurement("kws", "nucleo-l4r5zi", PACKAGED, 5_000)
    entries = measured(session(one, replace(one, goal="size"))).entries
    assert [entry.model for entry in entries] == ["kws", "kws, size"]


def test_a_file_that_knows_no_weights_holds_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text(to_toml(budgets(HELD)).replace("flash_weights_bytes = 30000\n", ""), encoding="utf-8")
    held = read_budgets(path)
    assert compare(held, budgets(HELD)).changes == ()
    assert not compare(held, budgets(replace(HELD, cycles=3_000_000))).passed


def held_against_the_budgets(path: Path) -> None:
    fresh = measure_all([named(path)], ["nucleo-l4r5zi"], [PACKAGED], lambda what, share: None, SMALLEST_ON)
    assert fresh.exact
    assert fresh.skipped == ()
    held, now = read_budgets(budget_file()), measured(fresh)
    outcome = compare(held, now)
    assert outcome.compared == 2
    assert outcome.passed, outcome.complaint(budget_file(), held.compiler, now.compiler)


@pytest.mark.parametrize("name", INT8)
def test_a_model_keeps_its_budget_on_cortex_m4(name: str) -> None:
    held_against_the_budgets(mlperf(name))


def test_the_digits_keep_their_budget_on_cortex_m4() -> None:
    (digits,) = digits_model()
    held_against_the_budgets(digits.path)
