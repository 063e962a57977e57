"""The `netsuke` command: one thin file a command; nothing heavy is imported before a command asks for it."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the command line."""
    from netsuke.cli.guard import run

    raise SystemExit(run(sys.argv[1:]))
