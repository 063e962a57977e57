"""`netsuke build` down to the compiler and the emulated core, as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from netsuke import pipeline
from netsuke.cli.guard import INTERRUPTED
from netsuke.errors import BoardError, InputError
from tests.cli.conftest import Cli


def visible_and_hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def refuse(error: BaseException) -> Callable[..., None]:
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising


def test_a_build_and_its_reports(cli: Cli, pools: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    said = cli("build", pools, "--board", "nucleo-l4r5zi", "-o", out, "--json")
    assert said.code == 0, said.err
    printed = json.loads(said.out)
    assert json.loads((out / "report.json").read_text()) == printed
    assert printed["exact"] is True
    assert printed["inputs_compared"] == pipeline.BuildOptions().runs
    assert printed["arena_bytes"] + printed["stack_bytes"] + printed["static_bytes"] == printed["ram_bytes"]
    assert [layer["op"] for layer in printed["layers"]] == ["max_pool_2d", "average_pool_2d"]
    assert sum(layer["cycles"] for layer in printed["layers"]) <= printed["cycles"]
    page = (out / "report.html").read_text()
    assert "byte for byte the same on host and" in page
    assert str(tmp_path) not in page
    assert {path.name for path in out.parent.iterdir()} == {"out"}


def test_a_folder_of_somebody_else_is_not_replaced_without_force(
    cli: Cli, pools: Path, tmp_path: Path
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.txt").write_text("years of work")
    said = cli("build", pools, "-b", "nucleo-l4r5zi", "-o", out, "--on", "host", "--quiet")
    assert said.code == InputError.exit_code
    assert "--force" in said.err
    assert visible_and_hidden(out) == {"chapter1.txt"}
    assert cli("build", pools, "-b", "nucleo-l4r5zi", "-o", out, "--on", "host", "-q", "--force").code == 0
    assert (out / "report.html").exists()
    assert not (out / "chapter1.txt").exists()
    again = cli("build", pools, "-b", "nucleo-l4r5zi", "-o", out, "--on", "host", "-q")
    assert again.code == 0, "a folder that netsuke wrote is replaced without being asked"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), INTERRUPTED),
        (BoardError("made up"), BoardError.exit_code),
        (OSError(28, "No space left on device", "x"), 1),
    ],
    ids=["ctrl-c", "mistake", "full"],
)
@pytest.mark.parametrize("stage", ["lower", "make_project", "compile_for", "prove", "write_reports"])
def test_a_build_that_stops_anywhere_leaves_nothing(
    cli: Cli,
    pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    error: BaseException,
    code: int,
) -> None:
    for earlier in ("compile_for", "prove"):
        monkeypatch.setattr(pipeline, earlier, lambda *_, **__: None)
    monkeypatch.setattr(pipeline, "assemble", lambda *_, **__: None)
    monkeypatch.setattr(pipeline, "with_choice", lambda *_, **__: None)
    monkeypatch.setattr(pipeline, stage, refuse(error))
    said = cli("build", pools, "-b", "nucleo-l4r5zi", "-o", tmp_path / "out")
    if isinstance(error, OSError) and stage != "lower":  # the folder is being written then
        code = InputError.exit_code
        assert "No space left on device; nothing was written" in said.err
    assert said.code == code
    assert said.err.count("\n") == 1
    assert visible_and_hidden(tmp_path) == {"pools.tflite"}
