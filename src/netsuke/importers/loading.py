"""Any model file → graph: the format is told by the file's first bytes, then by its ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netsuke.errors import GraphError, ImportModelError, InputError, UnsupportedModel
from netsuke.importers.file import is_onnx, looks_like, read_model_file
from netsuke.ir import Graph

TFLITE_MARK = b"TFL3"
"""The flatbuffer's file identifier, bytes 4 to 7."""


def load(path: Path) -> Graph:
    """The model as a verified graph, named after its file.

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
        return load_bytes(data, named)
    except UnsupportedModel:
        raise
    except ImportModelError as error:
        raise ImportModelError(f"{named.name}: {error}") from error
    except GraphError as error:
        raise GraphError(f"{named.name}: {error}") from error


def load_bytes(data: bytes, path: Path) -> Graph:
    """The model in a file's bytes; `path` gives the ending and the name.

    Raises:
        ImportModelError, UnsupportedModel, GraphError, InputError: as `load`.
    """
    ending = path.suffix.lower()
    if data[4:8] == TFLITE_MARK or (ending == ".tflite" and not is_onnx(data)):
        return load_tflite(data, path.stem)
    if ending == ".onnx" or is_onnx(data):
        return load_onnx(data, path)
    if ending == ".pt2":
        return load_program_file(data, path.stem)
    reason = looks_like(data) or "a .tflite, .onnx or .pt2 file was wanted"
    raise ImportModelError(f"this is not a model that netsuke reads: {reason}")


def load_tflite(data: bytes, name: str) -> Graph:
    """A .tflite file."""
    from netsuke.importers.tflite import load as load_file

    return load_file(data, name)


def load_onnx(data: bytes, path: Path) -> Graph:
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
    return load_file(data, path.stem)


def load_program_file(data: bytes, name: str) -> Graph:
    """A .pt2 file, as `torch.export.save` writes it."""
    from netsuke.importers.pytorch import load_saved

    return load_saved(data, name)


def load_module(model: object, example_inputs: Sequence[object] | None, name: str) -> Graph:
    """A `torch.nn.Module` or `ExportedProgram` that the caller holds.

    Raises:
        InputError, ImportModelError, UnsupportedModel: as `importers.pytorch.load_program`.
    """
    from netsuke.importers.pytorch import load_program

    return load_program(model, example_inputs, name)
