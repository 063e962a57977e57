"""`netsuke bench float`: how near the float kernels are to the true values."""

from __future__ import annotations

from typing import Annotated

import typer

from netsuke.cli.consoles import complain
from netsuke.cli.consoles import out as stdout


def float_errors(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/float.md as a whole.")] = False,
) -> None:
    """Measure the largest errors of the float kernels, beside onnxruntime and torch, over numbers of every size.

    The C is compiled for the host and must give the reference's bytes. Exits with 1 when an error is above what is
    stated.
    """
    from netsuke.bench.sheet import rendered
    from netsuke.errors import InputError

    try:
        from netsuke.bench.float_cases import all_cases
        from netsuke.bench.float_errors import complaints, document, measured, sheets
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed; pip install 'netsuke[torch,onnx]' onnxruntime"
        ) from None
    rows = measured(all_cases())
    if markdown:
        print(document(rows), end="")
    else:
        stdout().print(rendered(sheets(rows), ()))
    wrong = complaints(rows)
    if wrong:
        complain("\n".join(wrong))
        raise typer.Exit(1)
