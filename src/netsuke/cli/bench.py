"""`netsuke bench`: what the kernels cost, beside other engines, and whether anything grew."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from netsuke.cli import bench_float, bench_models
from netsuke.cli.consoles import complain, print_json, progress_bar
from netsuke.cli.consoles import out as stdout

bench = typer.Typer(
    help="Measure models on the emulated cores, beside other engines and against budgets.",
)


@bench.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Measure models on the emulated cores, beside other engines and against budgets."""
    if context.invoked_subcommand is None:
        print(context.get_help())


class Compiler(StrEnum):
    """Which compiler makes the images."""

    ZIG = "zig"
    GCC = "gcc"


Models = Annotated[
    list[Path] | None,
    typer.Option(
        "--models",
        "-m",
        help="A model file or a folder of them; may be repeated. Default: MLPerf Tiny, int8.",
    ),
]
Boards = Annotated[
    list[str] | None,
    typer.Option("--board", "-b", help="May be repeated. Default: one board for each core."),
]


@bench.command("kernels", short_help="Instructions, cycles, RAM and flash, beside other engines.")
def kernels(
    models: Models = None,
    board: Boards = None,
    compiler: Annotated[
        list[Compiler] | None,
        typer.Option("--compiler", help="May be repeated. Default: all that are found."),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Every layer too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of tables.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Print instructions, cycles, RAM and flash of each model on each core, beside other engines.

    Exits with 9 when a build and the reference differ anywhere, with its error's code when one cannot be built or run
    (too large for the board is no error here).
    """
    from netsuke.bench.as_json import to_json
    from netsuke.bench.figures import notes, sheets
    from netsuke.bench.measure import BOARDS, measure_all
    from netsuke.bench.models import absent_message, find_models
    from netsuke.bench.sheet import markdown as to_markdown
    from netsuke.bench.sheet import rendered
    from netsuke.errors import DoesNotFit, NotExact

    found = find_models(models or ())
    if not found:
        typer.echo(absent_message(), err=True)
        return
    with progress_bar(shown=True) as progress:
        session = measure_all(found, board or BOARDS, [c.value for c in compiler or ()], progress)
    if json:
        print_json(to_json(session, layers=layers))
    elif markdown:
        print(to_markdown(sheets(session, layers=layers), notes(session)), end="")
    else:
        stdout().print(rendered(sheets(session, layers=layers), notes(session)))
    if not session.exact:
        raise typer.Exit(NotExact.exit_code)
    for error in session.failures:
        if not isinstance(error, DoesNotFit):
            raise typer.Exit(error.exit_code)


@bench.command("check", short_help="Compare a fresh run with the budgets.")
def check(
    models: Models = None,
    board: Boards = None,
    budgets: Annotated[
        Path | None, typer.Option("--budgets", help="The budget file. Default: benchmarks/budgets.toml.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what was measured into the file instead.")
    ] = False,
) -> None:
    """Compare a fresh run of the packaged compiler with the budgets.

    Exits with 1, naming each, when a size grew, or a count by more than 0.5 %; with another code when a build failed.
    """
    from netsuke.bench.budgets import budget_file, compare, measured, merged, read_budgets, write_budgets
    from netsuke.bench.measure import BOARDS, PACKAGED, SMALLEST_ON, measure_all
    from netsuke.bench.models import absent_message, digits_model, find_models
    from netsuke.errors import NotExact

    path = budgets or budget_file()
    held = read_budgets(path, missing_ok=update)
    found = find_models(models or ())
    if not found:
        typer.echo(absent_message(), err=True)
    if not models:
        found += digits_model()
    with progress_bar(shown=True) as progress:
        session = measure_all(found, board or BOARDS, [PACKAGED], progress, SMALLEST_ON)
    for one in session.skipped:
        typer.echo(str(one), err=True)
    if not session.exact:
        wrong = [one for one in session.measurements if not one.result.exact]
        complain("\n".join(f"{one.model} {one.board.name}: {one.result.first_difference}" for one in wrong))
        raise typer.Exit(NotExact.exit_code)
    fresh = measured(session)
    outcome = compare(held, fresh)
    for line in outcome.lines():
        print(line)
    if update:
        write_budgets(path, merged(held, fresh))
        print(f"{path}: {len(fresh.entries)} budgets written")
    elif not outcome.passed:
        complain(outcome.complaint(path, held.compiler, fresh.compiler))
        raise typer.Exit(1)
    for error in session.failures:
        raise typer.Exit(error.exit_code)


@bench.command("memory", short_help="How little RAM each model needs, beside other engines.")
def memory(
    models: Models = None,
    board: Annotated[str, typer.Option("--board", "-b", help="The board.")] = "nucleo-l4r5zi",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Print how little RAM each model needs, at full speed and at the smallest, beside other engines.

    Every figure is of a build that was run and compared; exits with 9 when one differs.
    """
    from netsuke.bench.memory import memory_sheet, needs
    from netsuke.bench.models import absent_message, find_models
    from netsuke.bench.sheet import markdown_table, rendered
    from netsuke.errors import NotExact

    found = find_models(models or ())
    if not found:
        typer.echo(absent_message(), err=True)
        return
    with progress_bar(shown=True) as progress:
        rows = needs(found, board, progress)
    sheet = memory_sheet(rows, board)
    if markdown:
        print(markdown_table(sheet))
    else:
        stdout().print(rendered([sheet], ()))
    if not all(row.exact for row in rows):
        raise typer.Exit(NotExact.exit_code)


@bench.command("planning", short_help="How long planning takes, and what it proves.")
def planning(
    models: Models = None,
    board: Annotated[str, typer.Option("--board", "-b", help="The board.")] = "nucleo-l4r5zi",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Of the large networks, only this one; may be repeated."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Print how long planning takes, for the models and for networks of two hundred nodes, and what it proves.

    Exits with 1 when one takes longer than it may.
    """
    from netsuke.bench.large_networks import LARGE
    from netsuke.bench.models import find_models
    from netsuke.bench.planning import TOO_LATE, plan_all, planning_sheet
    from netsuke.bench.sheet import markdown_table, rendered
    from netsuke.errors import InputError

    unknown = next((name for name in kind or () if name not in LARGE), None)
    if unknown is not None:
        raise InputError(f"got --kind {unknown!r}; there are {', '.join(LARGE)}")
    named = {one.key: one.path for one in find_models(models or ()) if models or not kind}
    large = {} if models and not kind else {name: LARGE[name] for name in kind or LARGE}
    with progress_bar(shown=True) as progress:
        rows = plan_all({**named, **large}, board, progress)
    sheet = planning_sheet(rows, board)
    if markdown:
        print(markdown_table(sheet))
    else:
        stdout().print(rendered([sheet], ()))
    late = [row.name for row in rows if row.late]
    if late:
        typer.echo(f"took longer than the limit: {', '.join(late)}", err=True)
        raise typer.Exit(TOO_LATE)


@bench.command("networks", short_help="RAM of networks like MobileNetV2 and MCUNet.")
def networks(
    board: Annotated[str, typer.Option("--board", "-b", help="The board.")] = "nucleo-l4r5zi",
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Networks with these words in their name; may be repeated."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Print the RAM that networks like MobileNetV2 and MCUNet run in, layer by layer, within budgets and with pushed
    rows, and what is computed again for it.

    Every figure is of a build that was run and compared; exits with 9 when one differs.
    """
    from netsuke.bench.network_memory import MODES, NETWORKS, networks_sheet, runs
    from netsuke.bench.sheet import markdown_table, rendered
    from netsuke.errors import InputError, NotExact

    chosen = {
        n: make for n, make in NETWORKS.items() if not only or any(o.lower() in n.lower() for o in only)
    }
    if not chosen:
        raise InputError(f"got --only {', '.join(only or ())}; there are {', '.join(NETWORKS)}")
    with progress_bar(shown=True) as progress:
        found = runs(chosen, MODES, board, progress)
    sheet = networks_sheet(found, board)
    if markdown:
        print(markdown_table(sheet))
    else:
        stdout().print(rendered([sheet], ()))
    if not all(run.exact for run in found):
        raise typer.Exit(NotExact.exit_code)


@bench.command("layers", short_help="Layers whose kernels were never counted.")
def layers(
    models: Models = None,
    board: Boards = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Measure what is missing and write the files that come with netsuke."),
    ] = False,
) -> None:
    """Say which layers of the models have no counts that come with netsuke; kernels are chosen by these counts.

    Exits with 1 when some are missing.
    """
    from netsuke.bench.layer_costs import demo_network, ship, wake_words
    from netsuke.bench.models import absent_message, digits_model, find_models

    found = find_models(models or ())
    if not found:
        typer.echo(absent_message(), err=True)
    with TemporaryDirectory(prefix="netsuke-demo-") as folder, progress_bar(shown=True) as progress:
        if not models:
            found += digits_model() + wake_words() + demo_network(Path(folder))
        shipments = ship(found, board or (), progress, write=update)
    for one in shipments:
        print(one)
    if any(one.missing and one.why is None for one in shipments):
        raise typer.Exit(1)


bench.command("ptq", short_help="Quantise float models, beside the reference int8 files.")(bench_models.ptq)
bench.command("onnx", short_help="Run the ONNX standard's own node tests.")(bench_models.onnx)
bench.command("float", short_help="The largest errors of the float kernels.")(bench_float.float_errors)
