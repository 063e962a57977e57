"""`netsuke demo`: handwritten digits, from a float model to a proved image for a microcontroller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from netsuke.demo import DemoResult


def demo(
    board: Annotated[
        str, typer.Option("--board", "-b", help="A name of `netsuke boards`, or a board file.")
    ] = "nucleo-l4r5zi",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder for the C project and the report.")
    ] = Path("out/digits"),
) -> None:
    """Quantise, build and prove a small network that reads handwritten digits.

    Exits with 9 when an output of the emulated core differs from the reference.
    """
    from rich.text import Text

    from netsuke.demo import run
    from netsuke.errors import NotExact
    from netsuke.report.terminal import print_build

    with progress_bar(shown=True) as progress:
        found = run(out, board=board, progress=progress)
    console = stdout()
    print_build(console, found.build)
    console.print()
    console.print(accuracies(found))
    console.print(Text(f"\n {found.seconds:.0f} seconds. Open {found.report} in a browser.", style="dim"))
    if not found.build.exact:
        raise typer.Exit(NotExact.exit_code)


def accuracies(found: DemoResult) -> Table:
    """How many of the test digits each form of the model reads right."""
    from rich.table import Table
    from rich.text import Text

    forms: tuple[tuple[str, float | None], ...] = (
        ("the float model", found.float_accuracy),
        ("its int8 form, by the reference", found.int8_accuracy),
        (f"the C on the emulated {found.build.core}", found.chip_accuracy),
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text(f" digits read right, of {found.test_digits}"), "")
    for name, share in forms:
        words = "not claimed: it differs" if share is None else f"{share:.1%}"
        table.add_row(Text(f"   {name}"), Text(words, style="bold"))
    return table
