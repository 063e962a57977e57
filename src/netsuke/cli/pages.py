"""Pages that a command writes on request: only its own are replaced, and what cannot be written is said first."""

from __future__ import annotations

from pathlib import Path


def check_page(path: Path, command: str) -> None:
    """Refuses what cannot be written, or is not ours, before anything slow.

    `command`: whose pages may be replaced, as their `<meta name="generator">` says it ("netsuke plan").

    Raises:
        InputError: when the file is not one that this command wrote, or its folder does not exist.
    """
    from netsuke.errors import InputError

    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: {path.parent} is no folder; make it, or give another name")
    if path.is_dir():
        example = path / f"{command.split()[-1]}.html"
        raise InputError(f"{path} is a folder; give the name of a file, such as {example}")
    mark = f'<meta name="generator" content="{command}">'
    if path.exists() and not (path.is_file() and mark.encode() in start_of(path)):
        raise InputError(f"{path} is a file that `{command}` did not write; give another name")


def start_of(path: Path) -> bytes:
    """The first bytes of a file, where a page says who wrote it."""
    with path.open("rb") as file:
        return file.read(2000)
