"""`netsuke boards`: the boards that netsuke builds for, and those that it only knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netsuke.cli.consoles import out, print_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from netsuke.boards import Board, Memory


def boards(
    name: Annotated[str | None, typer.Argument(help="A board, for its details.", metavar="[NAME]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data instead of a table.")] = False,
) -> None:
    """List the boards, or show one."""
    from netsuke.boards import board as find_board
    from netsuke.boards import boards as all_boards

    shown = all_boards() if name is None else (find_board(name),)
    if json:
        print_json(boards_json(shown))
    elif name is None:
        out().print(overview(shown))
    else:
        out().print(details(shown[0]))


def boards_json(shown: tuple[Board, ...]) -> str:
    """The boards as a JSON list."""
    import json

    return json.dumps([as_data(board) for board in shown], indent=2) + "\n"


def as_data(board: Board) -> dict[str, object]:
    """A board as plain JSON values. ram_bytes and flash_bytes are 0 where there is no such memory."""
    return {
        "name": board.name,
        "title": board.title,
        "chip": board.chip,
        "core": board.core.name,
        "clock_hz": board.clock_hz,
        "ram_bytes": memory_bytes(board, "ram"),
        "flash_bytes": memory_bytes(board, "flash"),
        "aliases": list(board.aliases),
        "supported": board.supported,
        "why_not": board.why_not,
        "source": board.source,
    }


def memory_bytes(board: Board, kind: str) -> int:
    """Bytes of the first memory of a kind, or 0."""
    return next((memory.usable for memory in board.memories if memory.kind.value == kind), 0)


def overview(shown: tuple[Board, ...]) -> RenderableType:
    """Two tables: built for, and known only."""
    from rich.console import Group
    from rich.text import Text

    built = [board for board in shown if board.supported]
    known = [board for board in shown if not board.supported]
    return Group(
        boards_table(built),
        Text(),
        Text("Known, but netsuke does not compile for them:", style="bold"),
        known_table(known),
        Text(),
        Text("netsuke boards NAME shows one. A board of your own: --board its.toml", style="dim"),
    )


def boards_table(shown: list[Board]) -> Table:
    """A line a board."""
    from rich.table import Table
    from rich.text import Text

    from netsuke.report.words import frequency, size

    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    for heading in ("board", "title", "core"):
        table.add_column(heading, no_wrap=heading != "title")
    for heading in ("clock", "RAM", "flash"):
        table.add_column(heading, justify="right", no_wrap=True)
    for board in shown:
        table.add_row(
            Text(board.name, style="bold"),
            Text(board.title),
            Text(board.core.name),
            Text(frequency(board.clock_hz)),
            Text(size(board.ram_bytes)),
            Text(size(board.flash_bytes)),
        )
    return table


def known_table(shown: list[Board]) -> Table:
    """A board and the reason."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for board in shown:
        table.add_row(Text(board.name, style="bold"), Text(f"{board.title}: {board.why_not}"))
    return table


def details(board: Board) -> RenderableType:
    """Everything that the board's file says."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for key, value in facts(board):
        table.add_row(key, Text(value))
    return Group(Text(board.title, style="bold"), table)


def cost_words(memory: Memory) -> str:
    """What its data accesses cost beyond memory without wait states."""
    access = memory.access
    outside = "; outside the chip" if memory.external else ""
    if access is None:
        return outside
    how = ", a model" if access.model else ""
    if not access.read and not access.write:
        return f"{outside}; no wait states"
    cached = f" into {access.cache:,} bytes of cache" if access.cache else ""
    write = f", {access.write:g} a word written" if access.write else ""
    return f"{outside}; +{access.read:g} cycles for {access.line} bytes read{cached}{write}{how}"


def facts(board: Board) -> list[tuple[str, str]]:
    """The lines of the details."""
    from netsuke.report.words import frequency, size

    rows = [
        ("name", ", ".join((board.name, *board.aliases))),
        ("chip", board.chip),
        ("core", board.core.title),
    ]
    rows.append(("clock", frequency(board.clock_hz)))
    for memory in board.memories:
        kept = f", {size(memory.reserved)} reserved for a bootloader" if memory.reserved else ""
        note = f" ({memory.note})" if memory.note else ""
        words = f"{memory.name} at {memory.origin:#010x}, {size(memory.size)}{kept}{note}"
        rows.append((memory.kind.value, words + cost_words(memory)))
        for part in memory.parts:
            where = f"{part.name} at {part.origin:#010x}, {size(part.size)}"
            rows.append(("", f"  of it {where}{cost_words(part)}"))
    if board.flash_wait_states is not None:
        rows.append(("wait states", f"{board.flash_wait_states} at that clock"))
    if board.power is not None:
        power = board.power
        rows.append(("current", f"{power.microamp_per_mhz:g} µA/MHz at {power.volts:g} V ({power.source})"))
    if board.core.timing is not None:
        rows.append(("cycles by", board.core.timing.source))
    rows += [("source", board.source), *([("note", board.note)] if board.note else [])]
    rows.append(
        ("netsuke", "builds for it" if board.supported else f"does not compile for it: {board.why_not}")
    )
    return rows
