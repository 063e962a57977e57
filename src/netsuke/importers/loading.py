"""Any model file → graph: the format is told by the file's first bytes, then by its ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netsuke.errors import GraphError, ImportModelError, InputError, UnsupportedModel
from netsuke.importers.file import is_onnx, looks_like, read_model_file
from netsuke.ir import Graph

TFLITE_MARK = b"TFL3"
"""The flatbuffer's file identifier, bytes 4 to 7."""


NOT_IN_TFLITE = frozenset({"gru"})
"""Operators that .tflite does not have."""


def load_for_file(path: Path, out: Path | None = None) -> Graph:
    """As `load`, for a graph that is to be written to a file again: layers that the format does not have as their
    steps.

    `out`: the file that it will be written to; without it, one of any format.

    Raises:
        ImportModelError, UnsupportedModel, GraphError, InputError: as `load`.
    """
    graph = load(path)
    in_onnx = out is not None and out.suffix.lower() == ".onnx"
    if not in_onnx and any(node.op in NOT_IN_TFLITE for node in graph.nodes):
        return load(path, unrolled=True)
    return graph


def load(path: Path, *, unrolled: bool = False) -> Graph:
    """The model as a verified graph, named after its file; `unrolled`: recurrent layers step by step.

    Raises:
        ImportModelError: when the file is missing, a folder, empty, too large, damaged or no model.
        GraphError: when its graph breaks a rule: types, shapes, order.
        UnsupportedModel: when it is a model with something that netsuke lacks; every such operator is named.
        InputError: when the package that reads the format is not installed.
    """
    try:
        named = path if path.name else path.resolve()
        data = read_model_file(named)
    except ValueError as error:
        raise ImportModelError(f"got a path that no file can have ({error}); give that of a model") from None
    try:
        return load_bytes(data, named, unrolled=unrolled)
    except UnsupportedModel:
        raise
    except ImportModelError as error:
        raise ImportModelError(f"{named.name}: {error}") from error
    except GraphError as error:
        raise GraphError(f"{named.name}: {error}") from error


def load_bytes(data: bytes, path: Path, *, unrolled: bool = False) -> Graph:
    """The model in a file's bytes; `path` gives the ending and the name.

    Raises:
        ImportModelError, UnsupportedModel, GraphError, InputError: as `load`.
    """
    ending = path.suffix.lower()
    if data[4:8] == TFLITE_MARK or (ending == ".tflite" and not is_onnx(data)):
        return load_tflite(data, path.stem)
    if ending == ".onnx" or is_onnx(data):
        return load_onnx(data, path, unrolled=unrolled)
    if ending == ".pt2":
        return load_program_file(data, path.stem, unrolled=unrolled)
    reason = looks_like(data) or "a .tflite, .onnx or .pt2 file was wanted"
    raise ImportModelError(f"this is not a model that netsuke reads: {reason}")


def load_tflite(data: bytes, name: str) -> Graph:
    """A .tflite file."""
    from netsuke.importers.tflite import load as load_file

    return load_file(data, name)


def load_onnx(data: bytes, path: Path, *, unrolled: bool = False) -> Graph:
    """An .onnx file."""
    try:
        from netsuke.importers.onnx import load as load_file
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError(
            f"{path.name} is an ONNX model, and the package that reads them is not installed: "
            "pip install 'netsuke[onnx]'"
        ) from None
    return load_file(data, path.stem, unrolled=unrolled)


def load_program_file(data: bytes, name: str, *, unrolled: bool = False) -> Graph:
    """A .pt2 file, as `torch.export.save` writes it."""
    if not data.startswith(b"PK"):  # said without loading torch, which takes seconds
        raise ImportModelError(
            "it is no zip archive, as exported programs are; write it with torch.export.save"
        )
    from netsuke.importers.pytorch import load_saved

    return load_saved(data, name, unrolled=unrolled)


def load_module(model: object, example_inputs: Sequence[object] | None, name: str) -> Graph:
    """A `torch.nn.Module` or `ExportedProgram` that the caller holds.

    Raises:
        InputError, ImportModelError, UnsupportedModel: as `importers.pytorch.load_program`.
    """
    from netsuke.importers.pytorch import load_program

    return load_program(model, example_inputs, name)
