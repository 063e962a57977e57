"""Runs a command line and turns whatever goes wrong into one message and an exit code.

Exit codes: 0 done; 1–9 a mistake of the user's, as netsuke.errors lists them; 2 also a wrong command line;
70 a bug of netsuke; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

import typer

from netsuke.cli.app import app
from netsuke.cli.consoles import complain
from netsuke.errors import NetsukeError
from netsuke.staging import FULL

BUG, INTERRUPTED, WRONG_USAGE = 70, 130, 2
USAGE_ERROR = typer.BadParameter.__mro__[2]
"""All that typer says about a wrong command line derives from it (ClickException, not exported)."""


def run(arguments: Sequence[str]) -> int:
    """Runs the command line and gives its exit code."""
    for name in (
        "stdout",
        "stderr",
    ):  # Python has none where the shell closed it; what is said then goes nowhere
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    debug = "--traceback" in arguments or os.environ.get("NETSUKE_DEBUG", "") not in ("", "0")
    wanted = [one for one in arguments if one != "--traceback"]
    try:
        outcome = typer.main.get_command(app).main(args=wanted, prog_name="netsuke", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        outcome = INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        return explain(error, debug=debug)
    code = outcome if isinstance(outcome, int) else 0
    if code == INTERRUPTED:  # some versions of typer turn Ctrl-C into this exit code themselves
        complain("interrupted: nothing was written")
    return code


def explain(error: Exception, *, debug: bool) -> int:
    """Says on stderr what went wrong; gives the exit code."""
    if isinstance(error, NetsukeError):
        complain(str(error))
        return error.exit_code
    if isinstance(error, USAGE_ERROR):
        complain(usage_message(error))
        return WRONG_USAGE
    if isinstance(error, OSError) and (error.filename is not None or error.errno in FULL):
        where = "cannot write" if error.filename is None else error.filename  # a full disk names no file
        complain(f"{where}: {error.strerror or error}")
        return NetsukeError.exit_code
    complain(bug_message(error, shown=debug))
    return BUG


def usage_message(error: Exception) -> str:
    """What is wrong with the command line, and where its help is."""
    said = getattr(error, "format_message", error.__str__)()
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "netsuke"
    return f"{said}\nSee `{command} --help`."


def bug_message(error: Exception, *, shown: bool) -> str:
    """Asks for a report, with the traceback in a file unless it was shown already."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    message = f"netsuke has a bug, and stopped: {what}"
    if shown:
        return f"{message}\nPlease report it with the traceback above and, if you can share it, the model."
    written = traceback_file(error)
    where = f"the traceback is in {written}" if written else "run it again with --traceback to see where"
    return f"{message}\nPlease report it ({where}) and, if you can share it, the model."


def traceback_file(error: Exception) -> str | None:
    """Writes the traceback into a new temporary file; its path, or None where none can be written."""
    try:
        handle, path = tempfile.mkstemp(prefix="netsuke-traceback-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"netsuke {' '.join(sys.argv[1:])}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return None
    return path
