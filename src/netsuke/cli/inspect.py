"""`netsuke inspect`: what a model needs, before anything is compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.consoles import out, print_json


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite, .onnx or .pt2 file.", metavar="MODEL")],
    board: Annotated[
        str | None, typer.Option("--board", "-b", help="A name of `netsuke boards`, or a board file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a table.")] = False,
) -> None:
    """Tell what a model needs and whether it fits, without compiling.

    Exits with 4 when the model holds operators that netsuke cannot run, with 6 when it does not fit.
    """
    from netsuke.boards import board as find_board
    from netsuke.errors import DoesNotFit, UnsupportedModel
    from netsuke.inspection import inspect_file
    from netsuke.report.inspection_json import inspection_to_json
    from netsuke.report.inspection_text import print_inspection

    target = None if board is None else find_board(board).require_supported()
    found = inspect_file(model, target)
    if json:
        print_json(inspection_to_json(found))
    else:
        print_inspection(out(), found)
    if not found.supported:
        raise typer.Exit(UnsupportedModel.exit_code)
    if found.fit is not None and not found.fit.fits:
        raise typer.Exit(DoesNotFit.exit_code)
