"""`netsuke quantize`: from a float model and samples to an integer model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json, progress_bar

DataScale = Annotated[
    float | None,
    typer.Option("--data-scale", help="What a step of integers in sample files stands for (1: as they are)."),
]
DataZero = Annotated[int, typer.Option("--data-zero-point", help="And which of them stands for 0.")]


def quantize(
    model: Annotated[Path, typer.Argument(help="A float .tflite or .onnx file.", metavar="MODEL")],
    calib: Annotated[
        Path,
        typer.Option("--calib", "-c", help="Samples to calibrate with: .npz, .npy, or a folder of them."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .tflite file to write.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Samples to measure with; labels in an array 'labels'.")
    ] = None,
    calibrator: Annotated[
        str,
        typer.Option(
            "--calibrator", help="min-max, moving-average, percentile[:99.9], mse or entropy.", metavar="NAME"
        ),
    ] = "mse",
    equalize: Annotated[
        bool, typer.Option("--equalize", help="Bring channels between layers to like ranges first.")
    ] = False,
    bias_correction: Annotated[
        bool, typer.Option("--bias-correction", help="Put what rounding shifts back into the biases.")
    ] = False,
    adaround: Annotated[
        bool, typer.Option("--adaround", help="Learn which way each weight is rounded.")
    ] = False,
    int16: Annotated[
        str, typer.Option("--int16", help="Layers whose outputs keep 16 bits, or all.", metavar="LAYER,...")
    ] = "",
    weights_4: Annotated[
        str, typer.Option("--weights-4", help="Layers with 4-bit weights, or all.", metavar="LAYER,...")
    ] = "",
    weights_2: Annotated[
        str, typer.Option("--weights-2", help="Layers with 2-bit weights, or all.", metavar="LAYER,...")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of --adaround.")] = 0,
    data_scale: DataScale = None,
    data_zero_point: DataZero = 0,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a summary.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Quantise a float model after training, and write it as .tflite (int8 by TFLite's rules).

    Nothing is written when anything goes wrong, or on Ctrl-C.
    """
    from netsuke.compress.files import Stored
    from netsuke.compress.recipe import Recipe
    from netsuke.quantization import quantize_model
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
    with progress_bar(shown=not quiet) as progress:
        result = quantize_model(
            model,
            calib,
            out,
            recipe=recipe,
            data=data,
            stored=Stored(scale=data_scale, zero_point=data_zero_point),
            progress=progress,
        )
    if json:
        print_json(quantization_to_json(result))
    elif not quiet:
        print_quantization(stdout(), result)


def names(listed: str) -> tuple[str, ...]:
    """'a,b' → ('a', 'b')."""
    return tuple(one.strip() for one in listed.split(",") if one.strip())
