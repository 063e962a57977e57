"""The public Python API: load a model, ask what it needs, build it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke import pipeline
from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.bundle import build_bundle
from netsuke.compress.recipe import Recipe
from netsuke.errors import InputError
from netsuke.exporting import export_graph
from netsuke.importers import loading
from netsuke.inspection import inspect_graph
from netsuke.ir import Array, Graph
from netsuke.pipeline import BuildOptions, Progress, silent
from netsuke.quantization import Data, integers_in_memory
from netsuke.report.bundle import BundleResult
from netsuke.report.export import Exported
from netsuke.report.inspection import Inspection
from netsuke.report.result import BuildResult
from netsuke.selection import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that netsuke has read. `path` is its file; None for a graph that was made in memory."""

    graph: Graph
    path: Path | None = None

    def __repr__(self) -> str:
        """Name, layers, inputs and outputs: the graph itself is thousands of lines (`model.graph`)."""
        inputs, outputs = (_ports(self.graph, names) for names in (self.graph.inputs, self.graph.outputs))
        layers = len(self.graph.nodes)
        return (
            f"Model({self.graph.name!r}, {layers} layer{'' if layers == 1 else 's'}, {inputs} -> {outputs})"
        )

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
        flash: Budget | None = None,
        options: BuildOptions | None = None,
        progress: Progress = silent,
    ) -> BuildResult:
        """Writes the C project and its reports into folder `out`, having built, run and compared it.

        `ram`: bytes that arena and states may take, as a number or a text ('16k', 'min'); the fastest schedule that
        fits is built. `flash`: bytes that code, weights and constants may take; the fastest kernels that fit are taken.
        Both go before those of `options`.

        A result with `exact` False has its report written too.

        Raises:
            NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
        """
        model = self.graph if self.path is None else self.path
        if ram is not None:
            options = replace(options or BuildOptions(), ram=ram)
        if flash is not None:
            options = replace(options or BuildOptions(), flash=flash)
        return pipeline.build(model, board=board, out=Path(out), options=options, progress=progress)

    def quantize(self, samples: Data, *, recipe: Recipe | None = None, progress: Progress = silent) -> Model:
        """The model in integers, calibrated with samples of its input: a file, a folder, arrays, a dataset.

        `recipe`: what is done (`netsuke.quantize.Recipe`). Nothing is written: build or export what is given back.

        Raises:
            InputError: when the model is quantised already, or samples are not what it takes.
            UnsupportedModel: when nothing in it has an integer form.
        """
        given = self.graph if self.path is None else self.path
        graph, _ = integers_in_memory(given, samples, recipe=recipe, progress=progress)
        return Model(graph=graph)

    def export(self, out: str | os.PathLike[str], *, samples: Sequence[Sequence[Array]] = ()) -> Exported:
        """Writes the model as .tflite, or as .onnx (QDQ where it is quantised), by the ending of `out`.

        The file is read back and run first: on `samples` (for each invocation an array an input, as the model takes
        them) or on random inputs it gives the model's own bytes, or nothing is written.

        Raises:
            NetsukeError: one of the errors of `netsuke.errors`; UnsupportedModel where the format cannot hold it.
        """
        given = [tuple(sample) for sample in samples]
        return export_graph(self.graph, Path(out), samples=given, source=self.path)


def load(model: object, example_inputs: Sequence[object] | None = None, *, name: str = "model") -> Model:
    """Reads a model: a path (.tflite, .onnx, .pt2), a `torch.nn.Module` with example inputs, or an `ExportedProgram`.

    A network of `netsuke.quantize.prepare_qat` gives its integer graph as it is trained now.

    `example_inputs`: a tuple of tensors of batch 1, whose shapes are those that the C will take; only for modules.
    `name`: of a model that is no file.

    Raises:
        ImportModelError: when it is not a readable model.
        UnsupportedModel: when it holds something that netsuke cannot run; every such operator is named.
        InputError: when the package that reads it is not installed, or example inputs are missing.
    """
    if isinstance(model, (str, os.PathLike)):
        if example_inputs is not None:
            raise InputError(
                "got example inputs beside a path; they are for modules, a file has its own shapes"
            )
        file = Path(model)
        return Model(graph=loading.load(file), path=file)
    integers = getattr(model, "integers", None)
    if callable(integers) and example_inputs is None:
        return Model(graph=integers())
    return Model(graph=loading.load_module(model, example_inputs, name))


def build_together(
    models: Sequence[Model | str | os.PathLike[str]],
    *,
    board: str | Board,
    out: str | os.PathLike[str],
    names: Sequence[str] = (),
    ram: Budget | None = None,
    options: BuildOptions | None = None,
    progress: Progress = silent,
) -> BundleResult:
    """Builds several models into one image that they run in by turns: one arena, kernels once, states apart.

    `names`: prefixes of their C names, one for each; by default the files' names. `ram`: bytes for the arena and all
    states. Each model is proved by itself, and all in turn.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
    """
    given = [Path(m) if not isinstance(m, Model) else m.graph if m.path is None else m.path for m in models]
    if ram is not None:
        options = replace(options or BuildOptions(), ram=ram)
    return build_bundle(given, board=board, out=Path(out), names=names, options=options, progress=progress)


def _ports(graph: Graph, names: Sequence[str]) -> str:
    tensors = [graph.tensors[name] for name in names]
    return ", ".join(f"{t.name} {t.dtype.value}{list(t.shape)}" for t in tensors)


def _board(board: str | Board) -> Board:
    return board if isinstance(board, Board) else find_board(board)
