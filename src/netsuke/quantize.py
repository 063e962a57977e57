"""The public Python API of quantisation.

    from netsuke import quantize

    result = quantize.post_training("model.onnx", "calib.npz", "model_int8.tflite")
    print(result.quality.sqnr_db)
    found = quantize.diagnose("model.onnx", "labelled.npz")
    print(found.advice[0].action.words)
    network = quantize.prepare_qat(module, (example,), samples, weights=4)  # a torch module to train

Models are files or float32 graphs; samples are files, folders, arrays, or iterables of invocations.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netsuke.compress.files import Stored
from netsuke.compress.fix import Aim
from netsuke.compress.recipe import Progress, Recipe, silent
from netsuke.compress.samples import ArraySamples, Samples
from netsuke.diagnosis import diagnose_model
from netsuke.ir import Graph
from netsuke.quantization import Data, quantize_model, quantize_weights
from netsuke.report.diagnosis import DiagnosisResult
from netsuke.report.quantization import QuantizationResult

if TYPE_CHECKING:
    from netsuke.qat import QatNetwork

Source = str | os.PathLike[str] | Graph
"""A model file, or a float32 graph."""


def post_training(
    model: Source,
    calib: Data,
    out: str | os.PathLike[str],
    *,
    recipe: Recipe | None = None,
    data: Data | None = None,
    stored: Stored | None = None,
    progress: Progress = silent,
) -> QuantizationResult:
    """Quantises a float model after training and writes it: see `netsuke.quantization.quantize_model`.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
    """
    return quantize_model(
        source(model), calib, Path(out), recipe=recipe, data=data, stored=stored, progress=progress
    )


def weight_only(
    model: Source,
    out: str | os.PathLike[str],
    *,
    recipe: Recipe | None = None,
    data: Data | None = None,
    stored: Stored | None = None,
) -> QuantizationResult:
    """Brings a float model's weights alone to int8 and writes it: see `netsuke.quantization.quantize_weights`.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`; nothing is then written.
    """
    return quantize_weights(source(model), Path(out), recipe=recipe, data=data, stored=stored)


def diagnose(
    model: Source,
    data: Data,
    *,
    calib: Data | None = None,
    recipe: Recipe | None = None,
    fix: str | Aim | None = None,
    out: str | os.PathLike[str] | None = None,
    stored: Stored | None = None,
    progress: Progress = silent,
) -> DiagnosisResult:
    """Tells where quantisation costs a float model its accuracy: see `netsuke.diagnosis.diagnose_model`.

    `fix`: an aim such as 'accuracy>=0.9'; what costs least is done until it is reached, and the model written to `out`.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`.
    """
    return diagnose_model(
        source(model),
        data,
        calib=calib,
        recipe=recipe,
        aim=Aim.parse(fix) if isinstance(fix, str) else fix,
        out=None if out is None else Path(out),
        stored=stored,
        progress=progress,
    )


def prepare_qat(
    module: Any,
    example_inputs: Sequence[Any],
    samples: Any,
    *,
    weights: int = 8,
    layers: Mapping[str, int] | None = None,
    name: str = "model",
) -> QatNetwork:
    """A torch module that computes what the integer kernels will, to be trained on: see `netsuke.qat.prepare_qat`.

    `netsuke.load` takes it when it is trained.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`.
    """
    from netsuke.qat import prepare_qat as prepare

    return prepare(module, example_inputs, samples, weights=weights, layers=layers, name=name)


def source(model: Source) -> Path | Graph:
    """The model as a path or a graph."""
    return model if isinstance(model, Graph) else Path(model)


__all__ = [
    "Aim",
    "ArraySamples",
    "Recipe",
    "Samples",
    "Stored",
    "diagnose",
    "post_training",
    "prepare_qat",
    "weight_only",
]
