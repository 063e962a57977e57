"""How the generated C differs from another commit's: `python -m netsuke.bench.codegen_diff --rev REV`.

The working tree's C against that of REV, checked out into a temporary git worktree; nothing is printed when they are
the same. The data of constant arrays is left out: a changed array is one changed line, with its hash.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from netsuke.bench.models import checkout, digits_model, find_models
from netsuke.errors import InputError, NetsukeError

BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re", "mps3-an547")
"""A core with the DSP extension, one without, one with Helium: the three families of kernels."""
SCRIPT = Path("src/netsuke/bench/generate_c.py")
ARRAY = re.compile(r"(\[[0-9]+\] = )\{([^{};]*)\};")


def without_data(text: str) -> str:
    """The text of a weights header, the elements of each array replaced by their hash."""

    def replaced(match: re.Match[str]) -> str:
        digest = hashlib.sha256(" ".join(match[2].split()).encode()).hexdigest()[:12]
        return f"{match[1]}{{/* {digest} */}};"

    return ARRAY.sub(replaced, text)


def git(root: Path, *arguments: str) -> str:
    """The output of a git command.

    Raises:
        InputError: when there is no git, or it fails.
    """
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(f"cannot run git: {error.strerror}; install it") from None
    if done.returncode:
        raise InputError(f"git {' '.join(arguments)} failed in {root}: {done.stderr.strip()}")
    return done.stdout.strip()


def commit_of(root: Path, rev: str) -> str:
    """The commit that `rev`, or origin's branch of that name, is.

    Raises:
        InputError: when there is neither.
    """
    for name in (rev, f"origin/{rev}"):
        try:
            return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except InputError:
            continue
    raise InputError(f"{root} has no commit {rev!r}; give another one with REV=... or --rev, or fetch it")


@contextmanager
def worktree(root: Path, commit: str, folder: Path) -> Iterator[Path]:
    """A checkout of a commit in a new folder, gone afterwards."""
    git(root, "worktree", "add", "--detach", "--quiet", str(folder), commit)
    try:
        yield folder
    finally:
        git(root, "worktree", "remove", "--force", str(folder))


def generate(tree: Path, root: Path, out: Path, models: Sequence[Path], boards: Sequence[str]) -> None:
    """The C of a checkout's netsuke, array data left out. `root` lends the script to a checkout that has none.

    Raises:
        InputError: when that netsuke cannot be run.
    """
    script = tree / SCRIPT if (tree / SCRIPT).is_file() else root / SCRIPT
    named = [word for board in boards for word in ("--board", board)]
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(out), *map(str, models), *named],
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"the netsuke in {tree} generates no C; it said:\n{done.stderr.strip()[-2000:]}")
    for path in out.rglob("*_weights.h"):
        path.write_text(without_data(path.read_text(encoding="utf-8")), encoding="utf-8")


def difference(old: Path, new: Path, *options: str) -> str:
    """`git diff` of two folders in one parent, '' when they are the same."""
    done = subprocess.run(
        ["git", "diff", "--no-index", *options, old.name, new.name],
        cwd=old.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def compare(root: Path, rev: str, models: Sequence[Path], boards: Sequence[str]) -> tuple[str, str]:
    """(statistics, diff) from a commit's C to the working tree's; both '' when nothing changed.

    Raises:
        InputError: when `rev` is no commit, git fails, or a netsuke cannot be run.
    """
    commit = commit_of(root, rev)
    with tempfile.TemporaryDirectory(prefix="netsuke-codegen-") as name:
        folder = Path(name).resolve()
        old, new = folder / "before", folder / "after"
        with worktree(root, commit, folder / "tree") as tree:
            generate(tree, root, old, models, boards)
        generate(root, root, new, models, boards)
        return difference(old, new, "--stat"), difference(old, new)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the statistics and the diff."""
    parser = argparse.ArgumentParser(description="the generated C against another commit's")
    parser.add_argument("models", nargs="*", type=Path, help="default: digits, and kws and ad of MLPerf Tiny")
    parser.add_argument("--rev", default="main", help="the commit to compare with; default: main")
    parser.add_argument("--board", action="append", help=f"default: {', '.join(BOARDS)}")
    given = parser.parse_args(arguments)
    root = checkout()
    try:
        if root is None:
            raise InputError("this netsuke is installed, not a checkout, and has no history to compare with")
        samples = [m.path for m in (*digits_model(), *find_models(())) if m.key in ("digits", "kws", "ad")]
        models = [path.resolve() for path in given.models or samples]
        statistics, diff = compare(root, given.rev, models, given.board or BOARDS)
    except NetsukeError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    sys.stdout.write(f"{statistics}\n{diff}" if diff else "")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
