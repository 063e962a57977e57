"""From a trained torch module to a network whose quantisation is trained with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.compress.coding import HIGHEST
from netsuke.compress.recipe import Recipe, layers_named, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.compress.scheme import Scheme
from netsuke.errors import InputError
from netsuke.importers.pytorch.load import imported_program
from netsuke.ir import Graph
from netsuke.qat.network import QatNetwork, arranged


def prepare_qat(
    module: Any,
    example_inputs: Sequence[Any],
    samples: Any,
    *,
    weights: int = 8,
    layers: Mapping[str, int] | None = None,
    calibrator: str = "mse",
    name: str = "model",
) -> QatNetwork:
    """A `torch.nn.Module` to train on, which computes what the integer kernels will.

    Args:
        module: trained in float; taken as it is in evaluation mode, batch normalisation folded into the weights.
        example_inputs: tensors of batch 1, as for `netsuke.load`.
        samples: a tensor [samples, ...] of inputs like those of real use, or one an input: activations are calibrated
            with it.
        weights: bits of the layers' weights: 8, 4 or 2.
        layers: other bits for some layers, by the names of `netsuke inspect` (a part is enough where it is clear).
        calibrator: how the first ranges of activations are found.

    Raises:
        InputError: for bits that there are not, layers that there are not, samples of another shape.
        ImportModelError, UnsupportedModel: as `netsuke.load`, and for operators without an integer form.
    """
    found = imported_program(module, example_inputs, name, unrolled=True)
    feeds = [samples] if hasattr(samples, "shape") else list(samples)
    if len(feeds) != len(found.inputs):
        raise InputError(f"got samples for {len(feeds)} inputs; the module has {len(found.inputs)}")
    arrays = tuple(
        np.ascontiguousarray(arranged(x.detach(), placed).numpy())
        for x, placed in zip(feeds, found.inputs, strict=True)
    )
    first = quantize_by(found.graph, ArraySamples(arrays=arrays), Recipe(calibrator=calibrator))
    scheme = with_bits(first.real, first.scheme, weights, layers or {})
    return QatNetwork(first.real, scheme, found.inputs, found.outputs, found.output_shapes)


def with_bits(graph: Graph, scheme: Scheme, weights: int, layers: Mapping[str, int]) -> Scheme:
    """The scheme with so many bits for each layer's weights."""
    wanted = dict.fromkeys(scheme.layers, weights)
    for part, bits in layers.items():
        wanted.update(dict.fromkeys(layers_named(graph, (part,), weighted=True), bits))
    for bits in {*wanted.values()}:
        if bits not in HIGHEST:
            raise InputError(f"got {bits} bits for weights; {', '.join(map(str, HIGHEST))} were wanted")
    return replace(scheme, layers={n: replace(layer, bits=wanted[n]) for n, layer in scheme.layers.items()})
