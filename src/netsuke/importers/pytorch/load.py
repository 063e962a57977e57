"""From a module, an exported program or a .pt2 file to a verified graph."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

from netsuke.errors import ImportModelError, InputError
from netsuke.importers.onnx.load import Imported, imported
from netsuke.importers.pytorch.decompose import decomposed
from netsuke.importers.pytorch.read import HANDLERS, read
from netsuke.importers.simplify import simplified
from netsuke.ir import Graph
from netsuke.ir.verify import verify


def load_program(model: Any, example_inputs: Sequence[Any] | None, name: str = "model") -> Graph:
    """The graph of `imported_program`."""
    return imported_program(model, example_inputs, name).graph


def imported_program(
    model: Any, example_inputs: Sequence[Any] | None, name: str = "model", *, unrolled: bool = False
) -> Imported:
    """A `torch.nn.Module`, exported with example inputs (batch 1), or an `ExportedProgram`, as a verified graph.

    `unrolled`: recurrent layers become their steps, ordinary layers all (what training with quantisation takes).

    Layouts are those of an ONNX import: image inputs and outputs are channels last in the graph and in the C.

    Raises:
        InputError: when torch is not installed, example inputs are missing, or the object is neither of the two.
        ImportModelError: when torch cannot export the module.
        UnsupportedModel: when it holds something that netsuke lacks; every such call is named.
    """
    torch = torch_package(name)
    if isinstance(model, torch.export.ExportedProgram):
        return translated(torch, model, name, unrolled=unrolled)
    if not isinstance(model, torch.nn.Module):
        raise InputError(
            f"got {type(model).__name__}; a path, a torch.nn.Module with example inputs, or an "
            "ExportedProgram was wanted"
        )
    if example_inputs is None:
        raise InputError(
            f"{type(model).__name__} came without example inputs; give a tuple of tensors of batch 1: "
            "netsuke.load(module, (torch.zeros(1, 3, 32, 32),))"
        )
    program = exported(torch, model, example_inputs, name)
    return translated(torch, program, name, unrolled=unrolled)


def translated(torch: Any, program: Any, name: str, *, unrolled: bool) -> Imported:
    """A program as a graph: without changes in place, and without calls that torch can take apart and netsuke does not
    know; the graph in as few operators as will do."""
    prepared = decomposed(torch, without_mutation(program), HANDLERS)
    found = imported(read(prepared, name), name, unrolled=unrolled)
    graph = simplified(found.graph)
    verify(graph)
    return replace(found, graph=graph)


def exported(torch: Any, module: Any, example_inputs: Sequence[Any], name: str) -> Any:
    """The program of a module in evaluation mode; the module itself is left in the mode that it had.

    Raises:
        ImportModelError: with the first line of what torch says.
    """
    if isinstance(example_inputs, torch.Tensor):
        example_inputs = (example_inputs,)
    training = {m: m.training for m in module.modules()}
    # torchao's converted modules have one mode, and say so.
    with suppress(NotImplementedError):
        module.eval()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return torch.export.export(module, tuple(example_inputs))
    except Exception as error:  # torch raises dozens of kinds
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ImportModelError(
            f"torch cannot export {name}: {said}; netsuke needs what torch.export.export accepts: tensors of "
            "fixed sizes, no branches on values"
        ) from error
    finally:
        for part, mode in training.items():
            part.training = mode


def without_mutation(program: Any) -> Any:
    """The program with a new value in the place of every one that is changed where it lies (relu_, add_ ...)."""
    schemas = [getattr(node.target, "_schema", None) for node in program.graph.nodes]
    if not any(schema is not None and schema.is_mutable for schema in schemas):
        return program
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return program.run_decompositions({})


def load_saved(data: bytes, name: str, *, unrolled: bool = False) -> Graph:
    """The program in a file that `torch.export.save` wrote.

    Raises:
        ImportModelError: when torch cannot read it.
        InputError, UnsupportedModel: as `load_program`.
    """
    torch = torch_package(name)
    # torch logs a traceback of its own before it raises.
    logger = logging.getLogger("torch.export")
    before, logger.disabled = logger.disabled, True
    try:
        program = torch.export.load(BytesIO(data))
    except Exception as error:
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        said = said.partition(" Please check the warnings")[0].rstrip(".")
        raise ImportModelError(
            f"torch cannot read it as an exported program: {said}; write it with torch.export.save"
        ) from error
    finally:
        logger.disabled = before
    return imported_program(program, None, name, unrolled=unrolled).graph


def torch_package(name: str) -> Any:
    """torch.

    Raises:
        InputError: when it is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise InputError(
            f"{name} is a PyTorch model, and torch is not installed: pip install 'netsuke[torch]'"
        ) from None
    return torch
