"""The public Python API: load a model, ask what it needs, build it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke import pipeline
from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.importers import loading
from netsuke.inspection import inspect_graph
from netsuke.ir import Graph
from netsuke.pipeline import BuildOptions, Progress, silent
from netsuke.report.inspection import Inspection
from netsuke.report.result import BuildResult
from netsuke.selection import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that netsuke has read. `path` is its file; None for a graph that was made in memory."""

    graph: Graph
    path: Path | None = None

    def inspect(self, board: str | Board | None = None) -> Inspection:
        """What the model needs, and whether it fits `board` (a name, a board file's path, or a Board).

        Raises:
            BoardError: for an unknown board, or one that netsuke does not compile for.
        """
        return inspect_graph(self.graph, None if board is None else _board(board).require_supported())

    def build(
        self,
        *,
        board: str | Board,
        out: str | os.PathLike[str],
        ram: Budget | None = None,
        options: BuildOptions | None = None,
        progress: Progress = silent,
    ) -> BuildResult:
        """Writes the C project and its reports into folder `out`, having built, run and compared it.

        `ram`: bytes that arena and states may take, as a number or a text ('16k', 'min'); the fastest schedule that
        fits is built. It goes before that of `options`.

        A result with `exact` False has its report written too.

        Raises:
            NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
        """
        model = self.graph if self.path is None else self.path
        if ram is not None:
            options = replace(options or BuildOptions(), ram=ram)
        return pipeline.build(model, board=board, out=Path(out), options=options, progress=progress)


def load(path: str | os.PathLike[str]) -> Model:
    """Reads a model file (.tflite or .onnx).

    Raises:
        ImportModelError: when the file is not a readable model.
        UnsupportedModel: when it holds something that netsuke cannot run.
    """
    file = Path(path)
    return Model(graph=loading.load(file), path=file)


def _board(board: str | Board) -> Board:
    return board if isinstance(board, Board) else find_board(board)
