"""The whole story of a quantisation, top to bottom: float model, samples → integers → checked file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from netsuke.compress.coding import quantize_inputs
from netsuke.compress.datasets import NAME, named_samples, samples_of
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.files import Stored, read_samples
from netsuke.compress.measure import sqnr_db
from netsuke.compress.quantize import check_quantizable
from netsuke.compress.recipe import Progress, Quantized, Recipe, few_bits, quantize_by, silent
from netsuke.compress.samples import ArraySamples, Samples, gathered, measurable
from netsuke.compress.weight_only import rounded_weights, stored_bytes
from netsuke.errors import InputError
from netsuke.exporting import COMPARED, check_output, export_graph
from netsuke.importers.loading import load, load_for_file
from netsuke.ir import Array, Graph
from netsuke.lower.fold_constants import FoldConstants
from netsuke.lower.fuse_activations import FuseActivations
from netsuke.lower.lowering import lower
from netsuke.lower.remove_unused import RemoveUnused
from netsuke.lower.simplify_reshapes import SimplifyReshapes
from netsuke.report.quantization import Quality, QuantizationResult

Data = str | os.PathLike[str] | Samples | Array | Iterable[Any]
"""A file or folder of samples, `package.module:object`, samples, one array for a model of one input, or a dataset."""
PASSES = (RemoveUnused(), FoldConstants(), SimplifyReshapes(), FuseActivations(), RemoveUnused())
"""What is done to a float graph first: an activation that is fused needs no range of its own."""
MEASURED = 256
"""At most so many samples are run in integers for a measurement."""
NO_INTEGERS = {".tflite": ("normalize",)}
"""Ending of a file → operators that it holds in float32 only."""


def quantize_model(
    model: Path | Graph,
    calib: Data,
    out: Path,
    *,
    recipe: Recipe | None = None,
    data: Data | None = None,
    stored: Stored | None = None,
    progress: Progress = silent,
) -> QuantizationResult:
    """Quantises a float model and writes it as .tflite, or as .onnx (QDQ).

    Args:
        model: its file, or a float32 graph.
        calib: samples to calibrate with.
        out: the file to write; an old one is replaced, at the very end.
        recipe: what to do; by default min-mean-square ranges and nothing else.
        data: samples to measure with; the calibration's own without it.
        stored: what integers in sample files stand for.
        progress: called with the stage and its share done.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
    """
    started = time.monotonic()
    check_output(out, model if isinstance(model, Path) else None)
    graph = float_graph(model, out)
    samples = given_samples(graph, calib, stored)
    scored = samples if data is None else given_samples(graph, data, stored)
    measured = measurable(graph, gathered(scored, MEASURED))
    done = quantize_by(graph, samples, for_file(recipe or Recipe(), out), progress)
    quality = measured_quality(graph, done.graph, measured)
    file_bytes = write_checked(done.graph, out, gathered(measured, COMPARED))
    return QuantizationResult(
        model=graph.name,
        out=out,
        steps=steps_of(done.recipe),
        calibration_samples=len(samples),
        layers=len(graph.nodes),
        int16_tensors=len(done.scheme.wide),
        few_bits=sum(layer.bits < 8 for layer in done.scheme.layers.values()),
        float_bytes=constant_bytes(graph),
        integer_bytes=constant_bytes(done.graph),
        file_bytes=file_bytes,
        quality=quality,
        on_calibration=data is None or same_source(data, calib),
        seconds=time.monotonic() - started,
    )


def integers_in_memory(
    model: Path | Graph,
    calib: Data,
    *,
    recipe: Recipe | None = None,
    stored: Stored | None = None,
    progress: Progress = silent,
) -> tuple[Graph, Quality]:
    """The integer graph of a float model, to be built at once, and how near it is on samples of the calibration.

    No file is in between: also what .tflite does not hold in integers (normalisation, GRU) is in integers.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`.
    """
    graph = float_graph(load(model) if isinstance(model, Path) else model)
    samples = given_samples(graph, calib, stored)
    measured = measurable(graph, gathered(samples, MEASURED))
    done = quantize_by(graph, samples, recipe or Recipe(), progress)
    return done.graph, measured_quality(graph, done.graph, measured)


def for_file(recipe: Recipe, out: Path) -> Recipe:
    """The recipe with what the file's format has no integer form of left in float32."""
    return replace(recipe, float32=(*recipe.float32, *NO_INTEGERS.get(out.suffix.lower(), ())))


def quantize_weights(
    model: Path | Graph,
    out: Path,
    *,
    recipe: Recipe | None = None,
    data: Data | None = None,
    stored: Stored | None = None,
) -> QuantizationResult:
    """Brings a float model's weights to int8 (a scale a channel), leaves all else in float32, and writes it.

    Args:
        model: its file, or a float32 graph.
        out: the .tflite or .onnx file to write; an old one is replaced, at the very end.
        recipe: which layers get 4-bit or 2-bit weights; nothing else of a recipe is for weights alone.
        data: samples to measure with.
        stored: what integers in sample files stand for.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
    """
    started, given = time.monotonic(), recipe or Recipe()
    check_output(out, model if isinstance(model, Path) else None)
    if given.equalize or given.bias_correction or given.adaround or given.int16:
        raise InputError(
            "--weight-only goes with --weights-4 and --weights-2; the other steps are for integer activations"
        )
    graph = float_graph(model)
    bits = few_bits(graph, given)
    samples = (
        None if data is None else measurable(graph, gathered(given_samples(graph, data, stored), MEASURED))
    )
    small = rounded_weights(graph, bits)
    exported = export_graph(small, out)
    return QuantizationResult(
        model=graph.name,
        out=out,
        steps=("weights in int8, activations in float32", *steps_of(given)[1:]),
        calibration_samples=0,
        layers=len(graph.nodes),
        int16_tensors=0,
        few_bits=len(bits),
        float_bytes=constant_bytes(graph),
        integer_bytes=stored_bytes(small),
        file_bytes=exported.file_bytes,
        quality=None
        if samples is None
        else quality_of(float_outputs(graph, samples), float_outputs(small, samples), samples.labels),
        on_calibration=False,
        seconds=time.monotonic() - started,
    )


def float_graph(model: Path | Graph, out: Path | None = None) -> Graph:
    """The model's float graph with activations fused and constants folded; `out`: what it is quantised into.

    Raises:
        InputError: when it is quantised already.
        UnsupportedModel: when operators have no integer form.
    """
    graph = lower(load_for_file(model, out) if isinstance(model, Path) else model, PASSES).graph
    check_quantizable(graph)
    return graph


def given_samples(graph: Graph, data: Data, stored: Stored | None = None) -> Samples:
    """Samples from wherever they come."""
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        if path.exists() or not NAME.fullmatch(str(path)):
            return read_samples(graph, path, stored)
        return named_samples(graph, str(path))
    return samples_of(graph, data)


def same_source(one: Data, other: Data) -> bool:
    """Samples from one place: the same object, or paths of one file or folder."""
    if isinstance(one, str | os.PathLike) and isinstance(other, str | os.PathLike):
        return Path(one).resolve() == Path(other).resolve()
    return one is other


def write_checked(graph: Graph, out: Path, samples: ArraySamples) -> int:
    """Writes the graph, having read the file back and compared what both compute; the file's bytes.

    Raises:
        UnsupportedModel: when the format cannot hold the graph.
    """
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    rows = zip(*samples.arrays, strict=True)
    given = [[x.reshape(s) for x, s in zip(row, shapes, strict=True)] for row in rows]
    return export_graph(graph, out, samples=[quantize_inputs(graph, row) for row in given]).file_bytes


def measured_quality(graph: Graph, integers: Graph, samples: ArraySamples) -> Quality:
    """The integer graph beside the float one, its integer arithmetic to the bit."""
    return quality_of(float_outputs(graph, samples), integer_outputs(integers, samples), samples.labels)


def quality_of(exact: tuple[Array, ...], rounded: tuple[Array, ...], labels: Array | None) -> Quality:
    """The figures; classes are taken from the first output where it has several elements."""
    flat = [np.concatenate([y.reshape(-1) for y in outputs]) for outputs in (exact, rounded)]
    scores, integers = (outputs[0].reshape(len(outputs[0]), -1) for outputs in (exact, rounded))
    classes = scores.shape[1] > 1
    right = None if labels is None or not classes else [share(s, labels) for s in (scores, integers)]
    return Quality(
        samples=len(scores),
        sqnr_db=sqnr_db(flat[0], flat[1]),
        float_accuracy=None if right is None else right[0],
        integer_accuracy=None if right is None else right[1],
        agreement=share(integers, scores.argmax(axis=1)) if right is not None else None,
    )


def share(scores: Array, labels: Array) -> float:
    """Share of rows whose largest element stands at the label."""
    return float(np.mean(scores.argmax(axis=1) == labels))


def constant_bytes(graph: Graph) -> int:
    """Bytes of all constants."""
    return sum(t.nbytes for t in graph.tensors.values() if t.is_constant)


def steps_of(recipe: Recipe) -> tuple[str, ...]:
    """A recipe in words."""
    found = [f"ranges by {recipe.calibrator}"]
    found += ["layers equalised"] if recipe.equalize else []
    found += ["rounding learned (AdaRound)"] if recipe.adaround else []
    found += ["biases corrected"] if recipe.bias_correction else []
    found += [f"16 bits: {', '.join(recipe.int16)}"] if recipe.int16 else []
    found += [f"4-bit weights: {', '.join(recipe.weights_4)}"] if recipe.weights_4 else []
    found += [f"2-bit weights: {', '.join(recipe.weights_2)}"] if recipe.weights_2 else []
    return tuple(found)


__all__ = ["Data", "Quantized", "quantize_model", "quantize_weights"]
