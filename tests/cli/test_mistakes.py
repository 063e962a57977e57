"""What users get wrong: one message, its exit code, nothing written, never a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from netsuke.cli.guard import BUG, INTERRUPTED, WRONG_USAGE, run
from netsuke.errors import BoardError, ImportModelError, InputError, NetsukeError
from tests.cli.conftest import Cli

BOARD = "nucleo-l4r5zi"


def model_file(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.tflite"
    contents = {
        "empty": b"",
        "text": b"hello, I am no model",
        "truncated": b"\x1c\x00\x00\x00TFL3\x14\x00",
        "html": b"<!DOCTYPE html><html></html>",
    }
    if kind == "folder":
        path.mkdir()
    elif kind in contents:
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "truncated", "html"])
@pytest.mark.parametrize("command", ["inspect", "build", "export", "quantize", "diagnose"])
def test_a_wrong_model_file(cli: Cli, tmp_path: Path, command: str, kind: str) -> None:
    path = model_file(kind, tmp_path)
    out = tmp_path / "out"
    before = sorted(tmp_path.rglob("*"))
    extra = {
        "build": ["--board", BOARD, "-o", out],
        "export": ["-o", tmp_path / "out.onnx"],
        "quantize": ["-o", tmp_path / "out.tflite", "--weight-only"],
        "diagnose": ["--data", tmp_path / "data.npz", "--html", tmp_path / "page.html"],
    }
    said = cli(command, path, *extra.get(command, []))
    assert said.code == ImportModelError.exit_code
    assert said.err.startswith("error: ")
    assert path.name in said.err
    assert said.err.count("\n") <= 2
    assert "Traceback" not in said.err
    assert said.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_pt2_file_is_one_line(cli: Cli, tmp_path: Path) -> None:
    """torch logs a traceback of its own; what is no zip archive is not given to it."""
    pytest.importorskip("torch")
    for data in (b"no zip file at all", b"PK\x03\x04 and no more"):
        (tmp_path / "m.pt2").write_bytes(data)
        said = cli("inspect", tmp_path / "m.pt2")
        assert said.code == ImportModelError.exit_code
        assert said.err.count("\n") == 1
        assert "write it with torch.export.save" in said.err
        assert "Traceback" not in said.err


def test_an_ending_that_is_no_models(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary")
    said = cli("inspect", path)
    assert said.code == ImportModelError.exit_code
    assert said.err == (
        "error: notes.txt: this is not a model that netsuke reads: a .tflite, .onnx or .pt2 file was wanted\n"
    )


def test_a_path_that_no_file_can_have(cli: Cli) -> None:
    """A shell cannot pass it, a program can; typer may refuse it before netsuke does."""
    said = cli("inspect", "a\0b.tflite")
    assert said.code in (ImportModelError.exit_code, WRONG_USAGE)
    assert "null byte" in said.err


def test_a_named_pipe_is_refused_and_not_waited_for(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "pipe.tflite"
    os.mkfifo(path)
    said = cli("inspect", path)
    assert said.code == ImportModelError.exit_code
    assert "not a regular file" in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(cli: Cli, pools: Path) -> None:
    pools.chmod(0)
    said = cli("inspect", pools)
    assert said.code == ImportModelError.exit_code
    assert "Permission denied" in said.err


def test_an_onnx_file_under_another_ending_is_sent_to_the_onnx_importer(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"\x08\x08\x12\x02me")
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name in [name for name in sys.modules if name.startswith("netsuke.importers.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    said = cli("inspect", path)
    assert said.code == InputError.exit_code
    assert "pip install 'netsuke[onnx]'" in said.err


@pytest.mark.parametrize(
    ("name", "suggested"), [("nucleo-l4r5z", "nucleo-l4r5zi"), ("raspbery-pi-pico", "raspberry-pi-pico")]
)
def test_an_unknown_board_suggests_the_nearest(cli: Cli, pools: Path, name: str, suggested: str) -> None:
    for arguments in (["inspect", pools, "--board", name], ["boards", name]):
        said = cli(*arguments)
        assert said.code == BoardError.exit_code
        assert f"unknown board {name!r}; did you mean {suggested}" in said.err


def test_a_board_that_is_known_but_not_compiled_for_says_why(cli: Cli, pools: Path, tmp_path: Path) -> None:
    said = cli("build", pools, "--board", "gap8", "-o", tmp_path / "out")
    assert said.code == BoardError.exit_code
    assert "does not compile for it: " in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["biuld"], "No such command 'biuld'. Did you mean 'build'?"),
        (["build", "--bord", "x"], "No such option: --bord"),
        (["build", "m.tflite", "-o", "x"], "Missing option '--board'"),
        (["build", "m.tflite", "-b", "x", "-o", "y", "--runs", "-1"], "'--runs'"),
        (["build", "m.tflite", "-b", "x", "-o", "y", "--on", "moon"], "'--on'"),
        (["inspect"], "Missing argument 'MODEL'"),
    ],
)
def test_a_wrong_command_line(cli: Cli, arguments: list[str], expected: str) -> None:
    said = cli(*arguments)
    assert said.code == WRONG_USAGE
    assert expected in said.err
    assert re.search(r"See `netsuke( \w+)? --help`\.", said.err)


def test_names_in_a_message_cannot_command_the_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J[red]b.tflite"
    said = cli("inspect", path)
    assert "\x1b" not in said.err
    assert "[red]" in said.err


def test_ctrl_c_is_one_line_and_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("netsuke.boards.boards", interrupted)
    said = cli("boards")
    assert said.code == INTERRUPTED == 130
    assert said.err == "error: interrupted: nothing was written\n"


def break_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("netsuke.boards.boards", broken)


def test_a_bug_asks_for_a_report_and_keeps_the_traceback_in_a_file(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    break_boards(monkeypatch)
    said = cli("boards")
    assert said.code == BUG
    assert "netsuke has a bug, and stopped: ZeroDivisionError: deep inside" in said.err
    assert "Traceback" not in said.err
    written = list(tmp_path.iterdir())
    assert len(written) == 1
    assert str(written[0]) in said.err
    assert "ZeroDivisionError: deep inside" in written[0].read_text()


@pytest.mark.parametrize("arguments", [["--traceback", "boards"], ["boards", "--traceback"]])
def test_traceback_shows_it(cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    break_boards(monkeypatch)
    said = cli(*arguments)
    assert said.code == BUG
    assert "Traceback (most recent call last)" in said.err
    assert "the traceback above" in said.err


def test_netsuke_debug_shows_the_traceback_of_a_mistake_too(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETSUKE_DEBUG", "1")
    said = cli("boards", "nuclo")
    assert said.code == BoardError.exit_code
    assert "Traceback" in said.err
    assert "error: unknown board" in said.err


def test_an_error_of_the_file_system_is_no_bug(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "out/report.json")

    monkeypatch.setattr("netsuke.boards.boards", full)
    said = cli("boards")
    assert said.code == NetsukeError.exit_code
    assert said.err == "error: out/report.json: No space left on device\n"


def test_the_real_command_gives_its_exit_code_to_the_shell() -> None:
    code = "from netsuke.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "boards", "nuclo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == BoardError.exit_code
    assert done.stdout == ""
    assert done.stderr.startswith("error: unknown board 'nuclo'")


def test_a_full_disk_is_no_bug(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a failed write names no file."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netsuke.boards.boards", full)
    said = cli("boards")
    assert said.code == NetsukeError.exit_code
    assert said.err == "error: cannot write: No space left on device\n"


def test_ctrl_c_before_the_command_line_is_read() -> None:
    """While the first modules are loaded there is no guard yet."""
    code = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'netsuke.cli.guard': raise KeyboardInterrupt\n"
        "from netsuke.cli import main\n"
        "sys.meta_path.insert(0, Pressed()); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == INTERRUPTED
    assert done.stderr == "error: interrupted: nothing was written\n"


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_is_no_bug(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, name, None)
    assert run(["boards"]) == 0
    assert run(["boards", "nuclo"]) == BoardError.exit_code


def test_a_board_file_that_is_not_there(cli: Cli) -> None:
    said = cli("boards", "mine.toml")
    assert said.code == BoardError.exit_code
    assert (
        said.err == "error: cannot read the board file mine.toml: No such file or directory; check the path\n"
    )
    assert "`netsuke boards` lists them all" in cli("boards", "nuclo").err
