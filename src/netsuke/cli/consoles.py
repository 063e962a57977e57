"""The two places a command writes to: results on stdout, messages and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from netsuke.pipeline import Progress

PIPED_WIDTH = 110
"""Columns of a table that goes into a file or a pipe, where there is no terminal to ask."""


def out() -> Console:
    """The console of results."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def complain(message: str) -> None:
    """One red message on stderr. It may quote a model's names: nothing in it is markup or a terminal code."""
    from rich.console import Console
    from rich.text import Text

    from netsuke.report.words import printable

    words = "\n".join(printable(line) for line in message.splitlines())
    text = Text("error: ", style="bold red") + Text(words, style="red")
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)


def print_json(text: str) -> None:
    """Data on stdout, as it is."""
    sys.stdout.write(text)


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Progress]:
    """A bar on stderr that goes away when the work is done; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
