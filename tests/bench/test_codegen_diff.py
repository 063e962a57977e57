"""The difference of generated C, on a repository whose generator is a stand-in that writes what its checkout says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from netsuke.bench.codegen_diff import SCRIPT, compare, without_data
from netsuke.errors import InputError

GENERATOR = """
import sys, pathlib
import stand_in
out = pathlib.Path(sys.argv[1])
out.mkdir()
(out / "net_weights.h").write_text(stand_in.WEIGHTS)
(out / "net.c").write_text(stand_in.SOURCE)
"""
WEIGHTS = "static const int8_t w[4] = {\n    1, 2, 3, 4};\n\nstatic const nk_args a = {\n    .x = 1};\n"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def write(root: Path, weights: str, source: str) -> None:
    (root / SCRIPT).parent.mkdir(parents=True, exist_ok=True)
    (root / SCRIPT).write_text(GENERATOR, encoding="utf-8")
    (root / "src" / "stand_in.py").write_text(f"WEIGHTS, SOURCE = {(weights, source)!r}\n", encoding="utf-8")


def git(root: Path, *arguments: str) -> str:
    own = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    write(root, WEIGHTS, "int f(void);\n")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "first")
    return root


def test_nothing_is_said_when_nothing_changed(repository: Path) -> None:
    assert compare(repository, "main", [Path("m.tflite")], ["b"]) == ("", "")


def test_the_working_tree_is_compared_and_the_worktree_goes_away(repository: Path) -> None:
    write(repository, WEIGHTS.replace("3", "77"), "int g(void);\n")
    statistics, diff = compare(repository, "main", [Path("m.tflite")], ["b"])
    assert "net.c" in statistics
    assert "net_weights.h" in statistics
    assert "-int f(void);\n+int g(void);" in diff
    assert "+static const int8_t w[4] = {/* " in diff
    assert "77" not in diff
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_generator_that_fails_says_so_and_leaves_no_worktree(repository: Path) -> None:
    (repository / "src" / "stand_in.py").write_text("raise SystemExit('broken here')\n", encoding="utf-8")
    with pytest.raises(InputError, match="broken here"):
        compare(repository, "main", [Path("m.tflite")], ["b"])
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("rev", ["nothing", "--help", ""])
def test_an_unknown_commit_is_refused(repository: Path, rev: str) -> None:
    with pytest.raises(InputError, match="has no commit"):
        compare(repository, rev, [], [])


def test_only_the_data_of_arrays_is_left_out() -> None:
    text = without_data(WEIGHTS)
    assert ".x = 1" in text
    assert "1, 2" not in text
    assert without_data(WEIGHTS.replace("1, 2", "1,\n    2")) == text
    assert without_data(WEIGHTS.replace("1, 2", "1, 5")) != text
