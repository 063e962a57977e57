"""The options of `netsuke quantize` and `netsuke diagnose` that say how a model is quantised."""

from __future__ import annotations

from typing import Annotated

import typer

Calibrator = Annotated[
    str,
    typer.Option(
        "--calibrator", help="min-max, moving-average, percentile[:99.9], mse or entropy.", metavar="NAME"
    ),
]
Equalize = Annotated[
    bool, typer.Option("--equalize", help="Bring channels between layers to like ranges first.")
]
BiasCorrection = Annotated[
    bool, typer.Option("--bias-correction", help="Put what rounding shifts back into the biases.")
]
Int16 = Annotated[
    str, typer.Option("--int16", help="Layers whose outputs keep 16 bits, or all.", metavar="LAYER,...")
]
Weights4 = Annotated[
    str, typer.Option("--weights-4", help="Layers with 4-bit weights, or all.", metavar="LAYER,...")
]
Weights2 = Annotated[
    str, typer.Option("--weights-2", help="Layers with 2-bit weights, or all.", metavar="LAYER,...")
]
DataScale = Annotated[
    float | None,
    typer.Option("--data-scale", help="What a step of integers in sample files stands for (1: as they are)."),
]
DataZero = Annotated[int, typer.Option("--data-zero-point", help="And which of them stands for 0.")]


def names(listed: str) -> tuple[str, ...]:
    """'a,b' → ('a', 'b')."""
    return tuple(one.strip() for one in listed.split(",") if one.strip())
