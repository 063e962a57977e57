"""Output folders and files that appear whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from netsuke.errors import InputError
from netsuke.staging import staged_folder, write_whole


def write_into(out: Path, error: OSError) -> None:
    with staged_folder(out) as stage:
        (stage / "half.c").write_text("int main(")
        raise error


def test_a_full_disk_leaves_nothing_and_the_earlier_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(InputError, match="nothing was written: make room"):
        write_into(out, full)
    assert list(tmp_path.iterdir()) == []
    with staged_folder(out) as stage:
        (stage / "whole.c").write_text("int main(void) { return 0; }")
    with pytest.raises(InputError, match="No space left"):
        write_into(out, full)
    assert [one.name for one in tmp_path.iterdir()] == ["out"]
    assert sorted(one.name for one in out.iterdir()) == [".netsuke", "whole.c"]


def test_another_error_goes_through(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError):
        write_into(tmp_path / "out", BlockingIOError(errno.EAGAIN, "again"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    write_whole(page, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(InputError, match="cannot write"):
        write_whole(page, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
    assert page.read_bytes() == b"old"
