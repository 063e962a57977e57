"""The README's tables: `python -m netsuke.bench.table MODEL... --board BOARD...`: RAM, flash and cycles of each pair.

Every row is a full build: compiled, run on the emulated core, compared with the reference. With --peers, the second
table instead: million cycles on a Cortex-M4 beside other engines, for the MLPerf Tiny models among those given.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.bench.figures import PEERS_BOARD, peers_sheet
from netsuke.bench.measure import measure_all
from netsuke.bench.models import TASKS, absent_message, find_models, named
from netsuke.bench.sheet import markdown_table
from netsuke.errors import DoesNotFit, NetsukeError
from netsuke.pipeline import BuildOptions, build, silent
from netsuke.prove import Target
from netsuke.report.result import BuildResult

BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re", "nucleo-f746zg", "nucleo-u575zi-q", "esp32-c3")
HEADINGS = ("model", "board", "core", "RAM", "of which arena", "code", "weights", "cycles", "ms", "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One build, or why there is none."""

    model: str
    board: str
    result: BuildResult | None
    failure: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of HEADINGS."""
        r = self.result
        if r is None:
            return (self.model, self.board, *[""] * 7, self.failure)
        verdict = f"exact, {r.inputs_compared} inputs" if r.exact else f"DIFFERS: {r.first_difference}"
        return (
            self.model,
            self.board,
            r.core,
            f"{r.ram_bytes:,}",
            f"{r.arena_bytes:,}",
            f"{r.flash_code_bytes:,}",
            f"{r.flash_weights_bytes:,}",
            "" if r.cycles is None else f"{r.cycles:,}",
            "" if r.milliseconds is None else f"{r.milliseconds:,.1f}",
            verdict,
        )


def row(model: Path, board: str, runs: int) -> Row:
    """Builds one model for one board."""
    options = BuildOptions(runs=runs, targets=(Target.EMULATOR,))
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = build(model, board=board, out=Path(folder) / "out", options=options)
        except DoesNotFit as error:
            return Row(model=model.stem, board=board, result=None, failure=f"does not fit: {error}")
        except NetsukeError as error:
            return Row(model=model.stem, board=board, result=None, failure=str(error))
    return Row(model=model.stem, board=board, result=result)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; numbers to the right."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---|---|" + "--:|" * 6 + "---|"]
    lines += ["| " + " | ".join(r.cells()) + " |" for r in rows]
    return "\n".join(lines)


def print_peers(models: Sequence[Path]) -> int:
    """Prints the table of cycles beside other engines; exit code 1 when a build differs from the reference."""
    known = [model for model in map(named, models) if model.key in TASKS]
    session = measure_all(known, (PEERS_BOARD,), (), silent)
    print(markdown_table(peers_sheet(session.measurements)))
    for one in session.skipped:
        print(one, file=sys.stderr)
    return 0 if session.exact else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table; exit code 1 when a build differs from the reference."""
    parser = argparse.ArgumentParser(description="model x board: RAM, flash, cycles, verdict")
    parser.add_argument("models", nargs="*", type=Path, help="default: MLPerf Tiny's int8 models")
    parser.add_argument(
        "--peers", action="store_true", help="million cycles on a Cortex-M4, beside other engines"
    )
    parser.add_argument(
        "--board", action="append", help=f"may be given several times; default: {', '.join(BOARDS)}"
    )
    parser.add_argument("--runs", type=int, default=3, help="random inputs compared for each build")
    given = parser.parse_args(arguments)
    models = given.models or [model.path for model in find_models(())]
    if not models:
        print(absent_message(), file=sys.stderr)
        return 0
    if given.peers:
        return print_peers(models)
    rows = [row(model, board, given.runs) for model in models for board in given.board or BOARDS]
    print(markdown(rows))
    return 1 if any(r.result is not None and not r.result.exact for r in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
