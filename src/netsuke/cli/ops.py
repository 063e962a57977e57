"""`netsuke ops`: the operators, from the same docstrings that the errors use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from netsuke.cli.consoles import out

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from netsuke.ops.operator import Operator

TYPE_NAMES = re.compile(r"\b(u?int(?:8|16|32|64)|float32|bool)\b")


def ops(
    name: Annotated[
        str | None, typer.Argument(help="An operator, for its details.", metavar="[NAME]")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of the documentation.")
    ] = False,
) -> None:
    """List the operators, or show one."""
    from netsuke.ops.registry import operators

    if name is not None:
        out().print(details(find(name)))
    elif markdown:
        print(markdown_table(list(operators().values())), end="")
    else:
        out().print(overview(list(operators().values())))


def find(name: str) -> Operator[Any]:
    """The operator of that name, netsuke's or TFLite's, in any case.

    Raises:
        InputError: when there is none; the nearest names are suggested.
    """
    import difflib

    from netsuke.errors import InputError
    from netsuke.ops.registry import operators

    known = {name: op for op in operators().values() for name in (op.name, *op.tflite)}
    wanted = name.lower()
    for candidate, operator in known.items():
        if candidate.lower() == wanted:
            return operator
    near = difflib.get_close_matches(wanted, [op.name for op in known.values()], n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(dict.fromkeys(near))}?" if near else "`netsuke ops` lists them all"
    raise InputError(f"unknown operator {name!r}; {hint}")


def types(operator: Operator[Any]) -> str:
    """The element types that its constraints name, in their order; 'any' when they name none."""
    from netsuke.ops.operator import describe

    words = " ".join(describe(constraint) for constraint in operator.constraints)
    return ", ".join(dict.fromkeys(TYPE_NAMES.findall(words))) or "any"


def overview(shown: list[Operator[Any]]) -> Table:
    """A line an operator."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    table.add_column("operator", no_wrap=True)
    for heading in ("TFLite", "types", "what it is"):
        table.add_column(heading)
    for operator in sorted(shown, key=lambda one: one.name):
        named = Text(operator.name, style="bold")
        table.add_row(named, Text(", ".join(operator.tflite)), Text(types(operator)), Text(operator.summary))
    return table


def details(operator: Operator[Any]) -> RenderableType:
    """What it is, what it takes, what computes it."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from netsuke.ops.operator import describe

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("TFLite", Text(", ".join(operator.tflite) or "none: netsuke's own"))
    for constraint in operator.constraints:
        table.add_row("wanted", Text(describe(constraint)))
    names = dict.fromkeys(kernel.name for kernel in operator.kernels)  # one may stand for several forms
    table.add_row("kernels", Text(", ".join(names) or "none: it needs no code"))
    return Group(Text(operator.name, style="bold") + Text(f": {operator.summary}"), table)


def markdown_table(shown: list[Operator[Any]]) -> str:
    """The table of docs/operators.md."""
    from netsuke.ops.operator import describe

    lines = ["| operator | TFLite | types | what it is | what is wanted |", "|---|---|---|---|---|"]
    for operator in sorted(shown, key=lambda one: one.name):
        wanted = " ".join(describe(constraint) for constraint in operator.constraints)
        tflite = ", ".join(operator.tflite) or "–"
        cells = (f"`{operator.name}`", tflite, types(operator), operator.summary, wanted or "–")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
