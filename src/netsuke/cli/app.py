"""All commands, in the order in which `netsuke --help` lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from netsuke.cli import bench, boards, build, demo, diagnose, export, inspect, ops, plan, quantize, version

app = typer.Typer(
    name="netsuke",
    help="From a model file to proved C on an emulated microcontroller.",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show the traceback of an error (or set NETSUKE_DEBUG=1).")
    ] = False,
) -> None:
    """From a model file to proved C on an emulated microcontroller."""
    del traceback  # taken off the command line by the guard, wherever it stands; here for --help
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("build")(build.build)
app.command("inspect")(inspect.inspect)
app.command("plan")(plan.plan)
app.command("quantize")(quantize.quantize)
app.command("diagnose")(diagnose.diagnose)
app.command("export")(export.export)
app.command("boards")(boards.boards)
app.command("ops")(ops.ops)
app.add_typer(bench.bench, name="bench")
app.command("demo")(demo.demo)
app.command("version")(version.version)
