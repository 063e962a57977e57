"""Where the C kernel library lies: inside the installed package, or at the root of a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def kernels_dir() -> Path:
    """The folder that holds include/ and src/."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "_kernels", package.parents[1] / "kernels"):
        if (candidate / "src").is_dir():
            return candidate
    raise AssertionError("netsuke is installed without its kernels folder: reinstall it")


def include_dir() -> Path:
    """The headers."""
    return kernels_dir() / "include"


def source_dir() -> Path:
    """The kernels, one a file."""
    return kernels_dir() / "src"
