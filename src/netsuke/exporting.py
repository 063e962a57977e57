"""The whole story of an export, top to bottom: graph → file → read back → the same bytes on samples → in its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from netsuke.compress.coding import coded, decoded
from netsuke.errors import InputError, NetsukeError, UnsupportedModel
from netsuke.exporters import write_tflite
from netsuke.importers.loading import load_tflite
from netsuke.ir import Array, DType, Graph, TensorType
from netsuke.ops import initial_states, interpret
from netsuke.prove.stimuli import random_inputs
from netsuke.report.export import Exported
from netsuke.staging import write_whole

COMPARED = 4
"""Inputs on which a written file is compared with the graph: random ones, when nobody gives others."""

Outputs = Callable[[Sequence[tuple[Array, ...]]], list[tuple[Array, ...]]]
"""What a model computes of invocations, one after the other, in the shapes of the graph that was written."""


def export_graph(
    graph: Graph, out: Path, *, samples: Sequence[tuple[Array, ...]] = (), source: Path | None = None
) -> Exported:
    """Writes a graph as .tflite, or as .onnx in QDQ form, by the ending of `out`.

    The file is read back and run first, on `samples` (stored values, one tuple an invocation; random ones without
    them): both graphs give the same bytes, or nothing is written.

    Raises:
        InputError: for another ending, an `out` that is the file the graph came from (`source`), or samples that the
            graph does not take.
        UnsupportedModel: when the format cannot hold the graph.
    """
    check_output(out, source)
    given = list(samples) or random_inputs(graph, COMPARED, seed=0)
    data, layers = written(graph, out, given)
    write_whole(out, data)
    return Exported(model=graph.name, out=out, file_bytes=len(data), layers=layers, compared=len(given))


def check_output(out: Path, source: Path | None = None) -> None:
    """Holds the name of a file to write against what can be written.

    Raises:
        InputError: see `export_graph`.
    """
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"got output file {out}; a name that ends in .tflite or .onnx was wanted")
    if source is not None and out.exists() and source.exists() and out.samefile(source):
        raise InputError(f"{out} is the model itself; give another output file")
    if out.is_dir():
        raise InputError(f"{out} is a folder; give the name of a file")
    folder = next(one for one in out.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):  # said before minutes of work, not after
        raise InputError(
            f"cannot write {out}: {folder} is no folder that can be written; give another output file"
        )


@np.errstate(all="ignore")
def written(graph: Graph, out: Path, samples: Sequence[tuple[Array, ...]]) -> tuple[bytes, int]:
    """The file's bytes and how many nodes it has when it is read back, having compared what both compute.

    Raises:
        UnsupportedModel: when the format cannot hold the graph, or what is read back computes something else.
        InputError: when a package is not installed.
    """
    wanted, kind = run(graph, samples), out.suffix.lower()
    write, read_back = FORMATS[kind]
    data = write(graph)
    try:
        nodes, outputs = read_back(data, graph)
        found = outputs(samples)
    except InputError:
        raise
    except NetsukeError as error:
        raise UnsupportedModel(
            f"{graph.name}: the {kind} file cannot be read back ({error}); not written"
        ) from error
    for number, (ours, theirs) in enumerate(zip(wanted, found, strict=True)):
        for name, a, b in zip(graph.outputs, ours, theirs, strict=True):
            if not same_bytes(a, b):
                raise UnsupportedModel(
                    f"{graph.name}: the {kind} file read back computes something else "
                    f"(output {name!r}, sample {number}); not written"
                )
    return data, nodes


def same_bytes(a: Array, b: Array) -> bool:
    """Equal to the byte; numbers that are none (NaN) have no one form."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind == "f":
        return bool(np.all((a.view(np.int32) == b.view(np.int32)) | (np.isnan(a) & np.isnan(b))))
    return np.array_equal(a, b)


def run(graph: Graph, samples: Sequence[tuple[Array, ...]]) -> list[tuple[Array, ...]]:
    """The graph's outputs; its states go from one sample to the next."""
    states = initial_states(graph)
    return [interpret(graph, sample, states).outputs for sample in samples]


def tflite_back(data: bytes, graph: Graph) -> tuple[int, Outputs]:
    """A .tflite file has our shapes and our order."""
    back = replace(load_tflite(data, graph.name), name=graph.name)
    return len(back.nodes), lambda samples: run(back, samples)


def onnx_written(graph: Graph) -> bytes:
    """Imported when it is asked for: it needs the onnx package."""
    from netsuke.exporters.onnx import write

    return write(graph)


def onnx_back(data: bytes, graph: Graph) -> tuple[int, Outputs]:
    """What the ONNX importer makes of a file may have images in another order, int8 in the place of uint8, int32 in
    that of int64, and a quantisation at the border in the type of an input or output: values go through all that."""
    from netsuke.importers.onnx.load import imported
    from netsuke.importers.onnx.read import read

    found = imported(read(data, graph.name), graph.name)
    kinds = [found.graph.tensors[name] for name in found.graph.inputs]
    wanted_types = [graph.tensors[name] for name in graph.outputs]

    def outputs(samples: Sequence[tuple[Array, ...]]) -> list[tuple[Array, ...]]:
        given = [
            tuple(
                converted(p.store(x).reshape(k.shape), graph.tensors[name].type, k.type)
                for p, x, k, name in zip(found.inputs, sample, kinds, graph.inputs, strict=True)
            )
            for sample in samples
        ]
        return [
            tuple(
                converted(in_order(y, placed, wanted.shape), found.graph.tensors[theirs].type, wanted.type)
                for y, placed, theirs, wanted in zip(
                    ys, found.outputs, found.graph.outputs, wanted_types, strict=True
                )
            )
            for ys in run(found.graph, given)
        ]

    return len(found.graph.nodes), outputs


def converted(value: Array, given: TensorType, wanted: TensorType) -> Array:
    """Stored values of one type as those of another that stands for the same numbers."""
    if given.dtype is wanted.dtype:
        return value
    if given.quantization is None and wanted.quantization is not None and given.dtype is DType.FLOAT32:
        return coded(value, wanted)
    if given.quantization is not None and wanted.dtype is DType.FLOAT32:
        return decoded(value, given)
    shift = {DType.INT8: -128, DType.UINT8: 128}.get(wanted.dtype, 0)
    shift = shift if {given.dtype, wanted.dtype} == {DType.INT8, DType.UINT8} else 0
    return (value.astype(np.int64) + shift).astype(wanted.dtype.numpy)


def in_order(stored: Array, placed: Any, shape: tuple[int, ...]) -> Array:
    """An output in the order of the file's value, which is that of the graph that was written."""
    flat = np.zeros(stored.size, stored.dtype)
    flat[placed.indices().reshape(-1)] = stored.reshape(-1)
    return flat.reshape(shape)


FORMATS: dict[str, tuple[Callable[[Graph], bytes], Callable[[bytes, Graph], tuple[int, Outputs]]]] = {
    ".tflite": (write_tflite, tflite_back),
    ".onnx": (onnx_written, onnx_back),
}
"""Ending → how a graph is written, and how its file is read back."""
