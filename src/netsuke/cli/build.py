"""`netsuke build`: from a model file to proved C for a board."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netsuke.cli.consoles import out as stdout
from netsuke.cli.consoles import print_json, progress_bar

if TYPE_CHECKING:
    from netsuke.ir import Array, Graph


class Optimize(StrEnum):
    """What the kernels are chosen for, and what the compiler optimises for."""

    SPEED = "speed"
    SIZE = "size"
    RAM = "ram"


class Compiler(StrEnum):
    """Which compiler makes the image."""

    ZIG = "zig"
    GCC = "gcc"


class On(StrEnum):
    """Where the C is run and compared with the reference."""

    EMULATOR = "emulator"
    HOST = "host"
    QEMU = "qemu"


def build(
    models: Annotated[
        list[Path],
        typer.Argument(
            help="A .tflite, .onnx or .pt2 file; several go into one image and share its arena.",
            metavar="MODEL",
        ),
    ],
    board: Annotated[str, typer.Option("--board", "-b", help="A name of `netsuke boards`, or a board file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the C project and the report.")],
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", help="Inputs to compare with: .npz (an array an input) or .npy."),
    ] = None,
    calib: Annotated[
        str | None,
        typer.Option(
            "--calib",
            "-c",
            help="Samples to bring a float model to int8 with: .npz, .npy, a folder, package.module:dataset.",
            metavar="SAMPLES",
        ),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=0, help="Random inputs to compare with.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random inputs.")] = 0,
    optimize: Annotated[
        Optimize,
        typer.Option("--optimize", help="The fewest cycles, the least flash, or the smallest arena."),
    ] = Optimize.SPEED,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Count kernels that were never counted for these layers; kept for good."
        ),
    ] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare/--no-compare", help="Build for the other two goals too, for the report."),
    ] = True,
    compiler: Annotated[
        Compiler | None, typer.Option("--compiler", help="Default: the best that is found.")
    ] = None,
    on: Annotated[
        list[On] | None,
        typer.Option("--on", help="Where to run it; may be repeated. Default: host, emulator."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Prefix of the C names; once a model. Default: the file's."),
    ] = None,
    ram: Annotated[
        str | None,
        typer.Option(
            "--ram", help="Bytes for arena and states (16384, 16k, 16KiB), or min.", metavar="BYTES"
        ),
    ] = None,
    flash: Annotated[
        str | None,
        typer.Option(
            "--flash",
            help="Bytes for code, weights and constants (262144, 256k): the fastest kernels that fit.",
            metavar="BYTES",
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(
            "--place",
            help="Which memory holds what: auto, or such as arena=DTCM+SRAM1,state=SRAM2,weights=QSPI.",
            metavar="WHERE",
        ),
    ] = None,
    push_rows: Annotated[
        bool,
        typer.Option("--push-rows", help="The input comes row by row (camera, microphone): it needs no RAM."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json instead of the summary.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a folder that netsuke did not write.")
    ] = False,
) -> None:
    """Write C for a model, build it for a board, run it and prove it. Several models take turns in one arena.

    Exits with 9, the report written, when the C and the reference differ anywhere.
    """
    from netsuke import pipeline
    from netsuke.boards import parse_wishes
    from netsuke.cli.bundle import build_several
    from netsuke.errors import InputError, NotExact
    from netsuke.prove import Target
    from netsuke.report.json import to_json
    from netsuke.report.terminal import print_build
    from netsuke.selection import budget_bytes, flash_bytes

    budget_bytes(ram)  # a bad one is said before the model is read
    flash_bytes(flash)
    parse_wishes(place)
    names, several = name or [], len(models) > 1
    if not several and len(names) > 1:
        raise InputError(f"got {len(names)} names for one model; give one")
    if several and inputs is not None:
        raise InputError("--inputs goes with one model; compare them in a build of that model by itself")
    if several and calib is not None:
        raise InputError("--calib goes with one model; write the others with `netsuke quantize` first")
    source = models[0] if calib is None else in_integers(models[0], calib, board, quiet=quiet or json)
    options = pipeline.BuildOptions(
        name=None if several or not names else names[0],
        optimize=optimize.value,
        measure=measure,
        compare=compare,
        compiler=None if compiler is None else compiler.value,
        runs=runs,
        seed=seed,
        ram=ram,
        flash=flash,
        place=place,
        push_rows=push_rows,
        inputs=() if inputs is None else given_inputs(models[0], inputs, source),
        replace=force,
        **({} if not on else {"targets": tuple(Target(one.value) for one in dict.fromkeys(on))}),
    )
    if several:
        build_several(models, board=board, out=out, names=names, options=options, json=json, quiet=quiet)
        return
    with progress_bar(shown=not quiet) as progress:
        result = pipeline.build(source, board=board, out=out, options=options, progress=progress)
    if json:
        print_json(to_json(result))
    elif not quiet:
        print_build(stdout(), result)
    if not result.exact:
        raise typer.Exit(NotExact.exit_code)


def in_integers(model: Path, calib: str, board: str, *, quiet: bool) -> Graph:
    """The integer graph of a float model; says how near it is. An unknown board is said first."""
    from netsuke.boards import board as find_board
    from netsuke.quantization import integers_in_memory
    from netsuke.report.quantization_text import quality_words

    find_board(board)
    with progress_bar(shown=not quiet) as progress:
        graph, quality = integers_in_memory(model, calib, progress=progress)
    if not quiet:
        stdout().print(f" int8 on {quality.samples} samples of the calibration: {quality_words(quality)}")
    return graph


def given_inputs(model: Path, inputs: Path, source: Path | Graph) -> list[tuple[Array, ...]]:
    """The invocations in a file of arrays, held against the model's inputs; real numbers where it is quantised here."""
    from netsuke.cli.inputs import read_inputs
    from netsuke.compress.coding import quantize_inputs
    from netsuke.importers.loading import load

    rows = read_inputs(inputs, load(model))
    return rows if isinstance(source, Path) else [quantize_inputs(source, row) for row in rows]
