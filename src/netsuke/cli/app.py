"""All commands, in the order in which `netsuke --help` lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from netsuke.cli import bench, boards, build, demo, diagnose, export, inspect, ops, plan, quantize, version

CODES = """\b
Exit codes:
  0  done
  1  an aim was missed (diagnose --fix, bench), or a file could not be written
  2  a wrong command line, or samples, inputs or paths that cannot be used
  3  the model cannot be read, or is none
  4  the model holds something that netsuke or the file format cannot do
  5  an unknown board, or a wrong board file
  6  RAM or flash is short
  7  no compiler, or it refused the C
  8  the emulated image faulted or hung
  9  two forms of the model gave different bytes
  70 a bug of netsuke
  130 interrupted (Ctrl-C)
"""
"""`netsuke.errors` and `netsuke.cli.guard` hold them; as they are to be read below the commands."""

app = typer.Typer(
    name="netsuke",
    help="From a model file to proved C on an emulated microcontroller.",
    add_completion=False,
    # Plain text: help with rich's panels takes twice as long to come, and is cut on a narrow terminal.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """`--version`, before anything else is looked at."""
    if wanted:
        version.version()
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=CODES)
def start(
    context: typer.Context,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show the traceback of an error (or set NETSUKE_DEBUG=1).")
    ] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a model file to proved C on an emulated microcontroller."""
    # Both are here for --help: --version has its callback, --traceback is taken off by the guard, wherever it stands.
    del show_version, traceback
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("build", short_help="Write C for a model, build it for a board, run and prove it.")(build.build)
app.command("inspect")(inspect.inspect)
app.command("plan")(plan.plan)
app.command("quantize", short_help="Bring a float model to int8: .tflite or QDQ .onnx.")(quantize.quantize)
app.command("diagnose", short_help="Tell which layers cost the accuracy, and mend it.")(diagnose.diagnose)
app.command("export", short_help="Write a model as .tflite or .onnx, read back and compared.")(export.export)
app.command("boards")(boards.boards)
app.command("ops")(ops.ops)
app.add_typer(bench.bench, name="bench", short_help="Measure models on the emulated cores.")
app.command("demo", short_help="Digits, from a float model to a proved image.")(demo.demo)
app.command("version")(version.version)
