"""`netsuke plan`: RAM against cycles, all the schedules that are worth having."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.build import Compiler
from netsuke.cli.consoles import out, print_json, progress_bar
from netsuke.cli.pages import check_page


def plan(
    model: Annotated[Path, typer.Argument(help="A .tflite, .onnx or .pt2 file.", metavar="MODEL")],
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
    from netsuke.staging import write_whole
    from netsuke.survey import SurveyOptions, survey

    options = SurveyOptions(
        ram=ram,
        push_rows=push_rows,
        measure=measure,
        compiler=None if compiler is None else compiler.value,
    )
    if html is not None:
        check_page(html, "netsuke plan")
    with progress_bar(shown=True) as progress:
        found = survey(model, board=board, options=options, progress=progress)
    if html is not None:
        write_whole(html, survey_to_html(found).encode("utf-8"))
    if json:
        print_json(survey_to_json(found))
    else:
        print_survey(out(), found)
    if not found.exact:
        raise typer.Exit(NotExact.exit_code)
    if not found.fits:
        raise typer.Exit(DoesNotFit.exit_code)
