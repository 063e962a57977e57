"""`netsuke bench ptq` and `netsuke bench onnx`: how near models stay to what they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netsuke.cli.consoles import complain, progress_bar
from netsuke.cli.consoles import out as stdout

if TYPE_CHECKING:
    from netsuke.bench.ptq import Outcome

Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown.")]


def ptq(
    count: Annotated[int, typer.Option("--count", min=8, help="Scored samples of each model.")] = 500,
    only: Annotated[str, typer.Option("--task", help="Of kws, vww, ic and ad only these.")] = "",
    adaround: Annotated[
        bool, typer.Option("--adaround", help="With learned rounding too (minutes a model).")
    ] = False,
    markdown: Markdown = False,
) -> None:
    """Quantise the float MLPerf Tiny models after training, and score them beside the reference int8 files.

    Exits with 1 when one is farther from its float model than the reference is, or keywords fall below 90.4 %. On
    Ctrl-C the models that are done are printed.
    """
    from netsuke.bench.models import absent_message, default_folder
    from netsuke.bench.ptq import LEARNED, RECIPES, TASKS, files_there, outcomes
    from netsuke.errors import InputError

    if not files_there(default_folder()):
        typer.echo(absent_message(), err=True)
        return
    keys = [one.strip() for one in only.split(",") if one.strip()]
    unknown = next((key for key in keys if key not in {t.key for t in TASKS}), None)
    if unknown is not None:
        raise InputError(f"got --task {unknown!r}; there are {', '.join(t.key for t in TASKS)}")
    wanted = [t for t in TASKS if not keys or t.key in keys]
    recipes = RECIPES | (LEARNED if adaround else {})
    found: list[Outcome] = []
    try:
        with progress_bar(shown=True) as progress:
            found.extend(outcomes(wanted, count, recipes, progress))
    finally:
        if found:
            show(found, markdown=markdown)
    if not all(one.passed for one in found):
        raise typer.Exit(1)


def show(found: list[Outcome], *, markdown: bool) -> None:
    """The table of what is done."""
    from netsuke.bench.ptq import ptq_sheet
    from netsuke.bench.sheet import markdown_table, rendered

    sheet = ptq_sheet(found)
    if markdown:
        print(markdown_table(sheet), flush=True)
    else:
        stdout().print(rendered([sheet], ()))


def onnx(
    operators: Annotated[
        list[str] | None, typer.Argument(help="Only tests of these operators, or of these names.")
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile/--no-compile", help="Hold the C against the reference too.")
    ] = True,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/onnx.md as a whole.")] = False,
) -> None:
    """Run the node tests of the ONNX standard through importer, reference and C, and count what passes.

    Tests that are refused are listed with the reason. Exits with 1 when a test fails.
    """
    from netsuke.bench.onnx_cases import node_tests
    from netsuke.bench.onnx_nodes import Status, asked_for, run
    from netsuke.bench.onnx_report import document, print_results

    tests = node_tests()
    chosen = asked_for(tests, operators or ())
    with progress_bar(shown=True) as progress:
        results = run(tests, chosen, compiled=compiled, progress=progress)
    if markdown:
        print(document(results), end="")
    else:
        print_results(stdout(), results)
    failed = sum(r.status is Status.FAILED for r in results)
    if failed:
        complain(f"{failed} node test{'s' * (failed != 1)} failed")
        raise typer.Exit(1)
