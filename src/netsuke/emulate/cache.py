"""Where compiled helpers and the compiler's own cache are kept between runs."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path


def _default() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "netsuke"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "netsuke"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netsuke"


@functools.cache
def cache_dir() -> Path:
    """$NETSUKE_CACHE_DIR, or the user's cache folder, or (when neither can be written) a temporary one."""
    chosen = os.environ.get("NETSUKE_CACHE_DIR")
    try:
        folder = Path(chosen) if chosen else _default()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        pass
    return Path(tempfile.mkdtemp(prefix="netsuke-cache-"))
