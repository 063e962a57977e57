"""Output folders and files that appear whole or not at all: written beside, moved into place."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netsuke.errors import InputError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What writing fails with where a disk, a quota or a limit is full, or the disk cannot be written at all."""

MARKER = ".netsuke"
"""A file of this name says that the folder was written by netsuke and may be replaced."""


@contextmanager
def staged_folder(out: Path, *, replace: bool = False) -> Iterator[Path]:
    """A new folder that becomes `out` when the block ends well; on any error, Ctrl-C included, nothing is left.

    Raises:
        InputError: when `out` is a file, or a folder that netsuke did not write and `replace` is False, or its parent
            cannot be written, or the disk is full before all is written.
    """
    check_replaceable(out, replace=replace)
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise InputError(
            f"cannot write into {out.parent}: {error.strerror}; give another output folder"
        ) from None
    try:
        (stage / MARKER).write_text("written by netsuke; replaced by the next build\n", encoding="utf-8")
        yield stage
        swap(stage, out)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(
            f"cannot write {out}: {error.strerror}; nothing was written: make room, or give another folder"
        ) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def write_whole(out: Path, data: bytes) -> None:
    """Writes a file beside its place and moves it there: an old file is replaced whole or not at all.

    Raises:
        InputError: when `out` is a folder, or its parent cannot be written.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder; give the name of a file")
    stage: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
        stage = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        stage.chmod(0o644)
        stage.replace(out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}; give another output file") from None
    finally:
        if stage is not None:
            stage.unlink(missing_ok=True)


def check_replaceable(out: Path, *, replace: bool) -> None:
    """Refuses to write over what is not ours.

    Raises:
        InputError: see `staged_folder`.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out} is not a folder; give the name of a new or an earlier output folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).exists() and not replace:
        raise InputError(
            f"{out} holds files that netsuke did not write; give another folder, or --force to replace it"
        )


def swap(stage: Path, out: Path) -> None:
    """Puts the staged folder in the place of the old one, which is removed last."""
    stage.chmod(0o755)
    old = stage.with_name(f"{stage.name}.old")
    if out.exists():
        out.rename(old)
    try:
        stage.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
