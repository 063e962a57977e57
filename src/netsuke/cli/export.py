"""`netsuke export`: any model that netsuke reads, written as .tflite or .onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json


def export(
    model: Annotated[Path, typer.Argument(help="A .tflite, .onnx or .pt2 file.", metavar="MODEL")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .tflite or .onnx file to write.")],
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", help="Inputs to compare with: .npz (an array an input) or .npy."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a summary.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Write a model as .tflite or as .onnx (QuantizeLinear and DequantizeLinear around quantised layers).

    The file is read back and run first: it gives the model's bytes on the inputs (random ones without --inputs), or
    nothing is written. Exits with 4 when the format cannot hold the model.
    """
    from netsuke.cli.inputs import read_inputs
    from netsuke.exporting import check_output, export_graph
    from netsuke.importers.loading import load_for_file
    from netsuke.report.export import export_to_json, print_export

    check_output(out, model)
    graph = load_for_file(model, out)
    samples = () if inputs is None else read_inputs(inputs, graph)
    result = export_graph(graph, out, samples=samples, source=model)
    if json:
        print_json(export_to_json(result))
    elif not quiet:
        print_export(stdout(), result)
