"""Writes the C of models, uncompiled: `python generate_c.py OUT MODEL... --board BOARD...` → OUT/<board>/<model>/.

Run as a file with another checkout's `src` on PYTHONPATH, it generates that checkout's C; so it imports only names that
have been there from the first. A model that this checkout cannot generate leaves a file that says why.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from netsuke.boards import board as find_board
from netsuke.codegen import make_project
from netsuke.errors import NetsukeError
from netsuke.importers.loading import load
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import make_plan

FAILED = "NOT_GENERATED.txt"


def generate(model: Path, board: str, folder: Path) -> None:
    """One project into a new folder."""
    folder.mkdir(parents=True)
    try:
        graph = load(model)
        plan = make_plan(bind(lower(graph).graph, find_board(board).core.isa))
        make_project(plan, name=graph.name).write(folder)
    except NetsukeError as error:
        (folder / FAILED).write_text(f"{error}\n", encoding="utf-8")


def main() -> None:
    """Generates every model for every board."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--board", action="append", required=True)
    given = parser.parse_args()
    for board in given.board:
        for model in given.models:
            generate(model, board, given.out / board / model.stem)


if __name__ == "__main__":
    main()
