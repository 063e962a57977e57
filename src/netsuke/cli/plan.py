"""`netsuke plan`: RAM against cycles, all the schedules that are worth having."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.build import Compiler
from netsuke.cli.consoles import out, print_json, progress_bar

PAGE_MARK = '<meta name="generator" content="netsuke plan">'
"""A file with it was written by this command and may be replaced."""


def plan(
    model: Annotated[Path, typer.Argument(help="A .tflite or .onnx file.", metavar="MODEL")],
    board: Annotated[str, typer.Option("--board", "-b", help="A name of `netsuke boards`, or a board file.")],
    ram: Annotated[
        str | None,
        typer.Option(
            "--ram", help="Mark the point for this budget (16384, 16k, 16KiB, min).", metavar="BYTES"
        ),
    ] = None,
    push_rows: Annotated[
        bool, typer.Option("--push-rows", help="The input comes row by row: it needs no RAM.")
    ] = False,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Build and run every schedule, or only estimate.")
    ] = True,
    compiler: Annotated[
        Compiler | None, typer.Option("--compiler", help="Default: the best that is found.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the table and the curve as a page.", metavar="FILE")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a table.")] = False,
) -> None:
    """Show how much RAM a model needs at which speed.

    Exits with 6 when no schedule fits the budget or the board, with 9 when one was not exact.
    """
    from netsuke.errors import DoesNotFit, NotExact
    from netsuke.report.schedules_html import survey_to_html
    from netsuke.report.schedules_json import survey_to_json
    from netsuke.report.schedules_text import print_survey
    from netsuke.survey import SurveyOptions, survey

    options = SurveyOptions(
        ram=ram,
        push_rows=push_rows,
        measure=measure,
        compiler=None if compiler is None else compiler.value,
    )
    if html is not None:
        check_page(html)
    with progress_bar(shown=True) as progress:
        found = survey(model, board=board, options=options, progress=progress)
    if html is not None:
        html.write_text(survey_to_html(found), encoding="utf-8", newline="\n")
    if json:
        print_json(survey_to_json(found))
    else:
        print_survey(out(), found)
    if not found.exact:
        raise typer.Exit(NotExact.exit_code)
    if not found.fits:
        raise typer.Exit(DoesNotFit.exit_code)


def check_page(path: Path) -> None:
    """Refuses what cannot be written, or is not ours, before anything slow.

    Raises:
        InputError: when the file is not one that this command wrote, or its folder does not exist.
    """
    from netsuke.errors import InputError

    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: {path.parent} is no folder; make it, or give another name")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file, such as {path / 'plan.html'}")
    if path.exists() and PAGE_MARK.encode() not in path.read_bytes()[:2000]:
        raise InputError(f"{path} is a file that `netsuke plan` did not write; give another name")
