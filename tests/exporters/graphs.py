"""The models that are exported: MLPerf Tiny's five as they are, and the PyTorch networks quantised after training."""

from __future__ import annotations

from functools import cache

import torch

from netsuke.bench.torch_networks import NETWORKS, made
from netsuke.bench.torch_table import samples_of
from netsuke.compress.recipe import Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.importers.pytorch.load import imported_program
from netsuke.importers.tflite import load as load_tflite
from netsuke.ir import Graph
from tests.models.places import INT8, mlperf

MODELS = (*INT8, *(network.name for network in NETWORKS))
SAMPLES = 8


@cache
def integer_model(name: str) -> Graph:
    """One of `MODELS`."""
    if name in INT8:
        return load_tflite(mlperf(name).read_bytes(), name)
    return quantize_by(*real_network(name), Recipe(float32=("normalize",))).graph


@cache
def real_network(name: str) -> tuple[Graph, ArraySamples]:
    """A PyTorch network in float32, recurrent layers step by step (as a whole: test_lstm.py), and random samples."""
    network = next(one for one in NETWORKS if one.name == name)
    found = imported_program(made(network), (torch.zeros(network.shape),), name, unrolled=True)
    x = torch.randn(SAMPLES, *network.shape[1:], generator=torch.Generator().manual_seed(1))
    return found.graph, ArraySamples(arrays=(samples_of(found, x),))
