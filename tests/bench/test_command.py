"""`netsuke bench`, on a model of two pools: whole builds, exit codes, files that stay whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netsuke.bench import models
from netsuke.bench.budgets import read_budgets
from netsuke.bench.measure import Measurement
from netsuke.boards import Board
from netsuke.errors import DoesNotFit, EmulationError, NetsukeError
from tests.bench.samples import measurement
from tests.cli.conftest import Cli, cli, pools

__all__ = ["cli", "pools"]

BOARD = ("--board", "nucleo-l4r5zi")


def test_kernels_prints_what_was_counted(cli: Cli, pools: Path) -> None:
    said = cli("bench", "kernels", "--models", pools, *BOARD, "--compiler", "zig", "--json")
    assert said.code == 0, said.err
    (build,) = json.loads(said.out)["builds"]
    assert build["model"] == pools.stem
    assert build["exact"]
    assert build["cycles"] >= build["instructions"] > 0
    assert build["best_peer"] is None


def test_check_fails_when_a_count_grew_and_passes_after_an_update(
    cli: Cli, pools: Path, tmp_path: Path
) -> None:
    path = tmp_path / "budgets.toml"
    arguments = ("bench", "check", "--models", pools, *BOARD, "--budgets", path)
    assert cli(*arguments).code == 2  # no file yet
    assert cli(*arguments, "--update").code == 0
    assert cli(*arguments).code == 0
    held, smallest = read_budgets(path).entries
    assert (held.model, smallest.model) == (pools.stem, f"{pools.stem}, size")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(f"\ncycles = {held.cycles}\n", f"\ncycles = {held.cycles // 2}\n", 1), encoding="utf-8"
    )
    said = cli(*arguments)
    assert said.code == 1
    assert f"{pools.stem} nucleo-l4r5zi cycles: {held.cycles // 2:,} → {held.cycles:,}" in said.err
    assert cli(*arguments, "--update").code == 0
    assert path.read_text(encoding="utf-8") == text


def test_a_build_that_fails_is_named_and_the_others_go_on(
    cli: Cli, pools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(model: str, graph: object, board: Board, compiler: str, goal: str) -> Measurement:
        if board.name == "esp32-c3":
            raise DoesNotFit("too large by 3 bytes")
        return measurement(model, board.name, compiler, 4_321)

    monkeypatch.setattr("netsuke.bench.measure.measure", measure)
    boards = ("--board", "esp32-c3", *BOARD)
    said = cli("bench", "kernels", "--models", pools, *boards, "--compiler", "zig", "--markdown")
    assert said.code == 0
    assert f"- not measured: {pools.stem} esp32-c3 zig: too large by 3 bytes" in said.out
    assert "4,321" in said.out


@pytest.mark.parametrize(
    ("command", "error", "code"), [("kernels", EmulationError, 8), ("check", DoesNotFit, 6)]
)
def test_a_failed_build_is_the_exit_code(
    cli: Cli,
    pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    error: type[NetsukeError],
    code: int,
) -> None:
    def measure(*arguments: object) -> None:
        raise error("as told")

    monkeypatch.setattr("netsuke.bench.measure.measure", measure)
    path = tmp_path / "budgets.toml"
    path.write_text("", encoding="utf-8")
    more = ("--budgets", path) if command == "check" else ()
    said = cli("bench", command, "--models", pools, *BOARD, *more)
    assert said.code == code
    assert "as told" in said.out + said.err


def test_a_build_that_is_not_exact_is_the_exit_code(
    cli: Cli, pools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = measurement("m", "nucleo-l4r5zi", "zig", 4_321, exact=False)
    monkeypatch.setattr("netsuke.bench.measure.measure", lambda *arguments: wrong)
    assert cli("bench", "kernels", "--models", pools, *BOARD).code == 9
    path = tmp_path / "budgets.toml"
    assert cli("bench", "check", "--models", pools, *BOARD, "--budgets", path, "--update").code == 9
    assert not path.exists()


def test_an_interrupted_update_leaves_the_file_as_it_was(
    cli: Cli, pools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text('compiler = "before"\n', encoding="utf-8")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("netsuke.bench.measure.measure", interrupted)
    said = cli("bench", "check", "--models", pools, *BOARD, "--budgets", path, "--update")
    assert said.code == 130
    assert path.read_text(encoding="utf-8") == 'compiler = "before"\n'
    assert {one.name for one in tmp_path.iterdir()} == {"budgets.toml", pools.name}


def test_without_models_it_says_where_they_were_looked_for(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "checkout", lambda: tmp_path / "repository")
    said = cli("bench", "kernels")
    assert said.code == 0
    assert str(tmp_path / "shared") in said.err
    assert "--models" in said.err


@pytest.mark.parametrize("what", ["nowhere.tflite", "empty"])
def test_paths_without_models_are_refused(cli: Cli, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    said = cli("bench", "kernels", "--models", tmp_path / what)
    assert said.code == 2
    assert what in said.err


def test_a_folder_gives_the_five_models_in_order_or_all_that_it_holds(tmp_path: Path) -> None:
    for name in ("b.onnx", "a.tflite", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [one.key for one in models.find_models([tmp_path])] == ["a", "b"]
    for stem in (*reversed(models.MLPERF_TINY), "ad01_fp32"):
        (tmp_path / f"{stem}.tflite").write_bytes(b"")
    assert [one.key for one in models.find_models([tmp_path])] == ["kws", "vww", "ic", "ad", "sww"]
