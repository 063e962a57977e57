"""`netsuke quantize`: from a float model and samples to an integer model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json, progress_bar
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


def quantize(
    model: Annotated[Path, typer.Argument(help="A float .tflite, .onnx or .pt2 file.", metavar="MODEL")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .tflite or .onnx file to write.")],
    calib: Annotated[
        Path | None,
        typer.Option(
            "--calib", "-c",
            help="Samples to calibrate with: .npz, .npy, a folder of them, or package.module:dataset. "
            "Needed but for --weight-only.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Samples to measure with; labels in an array 'labels'.")
    ] = None,
    weight_only: Annotated[
        bool,
        typer.Option("--weight-only", help="Weights in int8, all else in float32: smaller, no faster."),
    ] = False,
    calibrator: Calibrator = "mse",
    equalize: Equalize = False,
    bias_correction: BiasCorrection = False,
    adaround: Annotated[
        bool, typer.Option("--adaround", help="Learn which way each weight is rounded.")
    ] = False,
    int16: Int16 = "",
    weights_4: Weights4 = "",
    weights_2: Weights2 = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of --adaround.")] = 0,
    data_scale: DataScale = None,
    data_zero_point: DataZero = 0,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a summary.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:  # fmt: skip
    """Quantise a float model after training, and write it as .tflite (int8 by TFLite's rules) or .onnx (QDQ).

    Nothing is written when anything goes wrong, or on Ctrl-C.
    """
    from netsuke.compress.files import Stored
    from netsuke.compress.recipe import Recipe
    from netsuke.errors import InputError
    from netsuke.quantization import quantize_model, quantize_weights
    from netsuke.report.quantization_text import print_quantization, quantization_to_json

    recipe = Recipe(
        calibrator=calibrator,
        equalize=equalize,
        bias_correction=bias_correction,
        adaround=adaround,
        int16=names(int16),
        weights_4=names(weights_4),
        weights_2=names(weights_2),
        seed=seed,
    )
    stored = Stored(scale=data_scale, zero_point=data_zero_point)
    if calib is None and not weight_only:
        raise InputError("got no samples to calibrate with; give --calib, or --weight-only")
    with progress_bar(shown=not quiet) as progress:
        if calib is None or weight_only:
            result = quantize_weights(model, out, recipe=recipe, data=data or calib, stored=stored)
        else:
            result = quantize_model(
                model, calib, out, recipe=recipe, data=data, stored=stored, progress=progress
            )
    if json:
        print_json(quantization_to_json(result))
    elif not quiet:
        print_quantization(stdout(), result)
