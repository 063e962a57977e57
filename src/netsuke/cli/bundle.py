"""`netsuke build` with several models: one image, one arena."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json, progress_bar

if TYPE_CHECKING:
    from netsuke.pipeline import BuildOptions


def build_several(
    models: Sequence[Path],
    *,
    board: str,
    out: Path,
    names: Sequence[str],
    options: BuildOptions,
    json: bool,
    quiet: bool,
) -> None:
    """Builds, proves and reports; exits with 9 when the C and the reference differ anywhere."""
    from netsuke import bundle
    from netsuke.errors import NotExact
    from netsuke.report.bundle_text import print_bundle
    from netsuke.report.bundle_write import bundle_to_json

    with progress_bar(shown=not quiet) as progress:
        result = bundle.build_bundle(
            models, board=board, out=out, names=names, options=options, progress=progress
        )
    if json:
        print_json(bundle_to_json(result))
    elif not quiet:
        print_bundle(stdout(), result)
    if not result.exact:
        raise typer.Exit(NotExact.exit_code)
