"""The `netsuke` command: one thin file a command; nothing heavy is imported before a command asks for it."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the command line."""
    try:
        from netsuke.cli.guard import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the guard stands, or while it speaks
        print("error: interrupted: nothing was written", file=sys.stderr)
        code = 130
    raise SystemExit(code)
