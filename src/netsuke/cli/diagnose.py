"""`netsuke diagnose`: why an integer model lost accuracy, and what brings it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json, progress_bar
from netsuke.cli.pages import check_page
from netsuke.cli.recipes import (
    BiasCorrection,
    Calibrator,
    DataScale,
    DataZero,
    Equalize,
    Int16,
    Weights2,
    Weights4,
    names,
)


def diagnose(
    model: Annotated[Path, typer.Argument(help="A float .tflite, .onnx or .pt2 file.", metavar="MODEL")],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            "-d",
            help="Samples: .npz, .npy, a folder or package.module:dataset; labels in an array 'labels'.",
        ),
    ],
    calib: Annotated[
        Path | None,
        typer.Option("--calib", "-c", help="Samples to calibrate with. Default: every other one of --data."),
    ] = None,
    fix: Annotated[
        str | None,
        typer.Option("--fix", help="Reach accuracy>=0.9 or sqnr>=30 by what costs least.", metavar="AIM"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The .tflite or .onnx file that --fix writes.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="A page with a picture and tables.", metavar="FILE")
    ] = None,
    calibrator: Calibrator = "mse",
    equalize: Equalize = False,
    bias_correction: BiasCorrection = False,
    int16: Int16 = "",
    weights_4: Weights4 = "",
    weights_2: Weights2 = "",
    data_scale: DataScale = None,
    data_zero_point: DataZero = 0,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of tables.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Tell where quantisation costs a float model its accuracy, layer by layer, and what to do about it.

    Exits with 1 when --fix does not reach its aim; no model is then written.
    """
    from netsuke.cli.consoles import complain
    from netsuke.compress.files import Stored
    from netsuke.compress.fix import Aim
    from netsuke.compress.recipe import Recipe
    from netsuke.diagnosis import diagnose_model
    from netsuke.report.diagnosis_html import diagnosis_to_html
    from netsuke.report.diagnosis_json import diagnosis_to_json
    from netsuke.report.diagnosis_text import print_diagnosis
    from netsuke.staging import write_whole

    if html is not None:
        check_page(html, "netsuke diagnose")
    recipe = Recipe(
        calibrator=calibrator,
        equalize=equalize,
        bias_correction=bias_correction,
        int16=names(int16),
        weights_4=names(weights_4),
        weights_2=names(weights_2),
    )
    with progress_bar(shown=not quiet) as progress:
        result = diagnose_model(
            model,
            data,
            calib=calib,
            recipe=recipe,
            aim=None if fix is None else Aim.parse(fix),
            out=out,
            stored=Stored(scale=data_scale, zero_point=data_zero_point),
            progress=progress,
        )
    if html is not None:
        write_whole(html, diagnosis_to_html(result).encode("utf-8"))
    if json:
        print_json(diagnosis_to_json(result))
    elif not quiet:
        print_diagnosis(stdout(), result)
    if result.fix is not None and not result.fix.reached:
        complain(f"--fix {fix} was not reached; no model was written")
        raise typer.Exit(1)
