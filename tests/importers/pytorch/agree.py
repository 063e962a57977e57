"""A module and the graph that it is imported as must compute the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from netsuke.importers.pytorch import load_program
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret


def channels_last(value: Array, shape: Sequence[int]) -> Array:
    """A torch array in the layout of a tensor of ours, which has that shape. Tests use sizes that tell which it is."""
    if value.shape == tuple(shape):
        return value
    if value.ndim == 3 and len(shape) == 4:
        return np.ascontiguousarray(value.transpose(0, 2, 1)[:, np.newaxis])
    if value.ndim in (3, 4) and value.ndim == len(shape):
        return np.ascontiguousarray(np.moveaxis(value, 1, -1))
    return value.reshape(shape)


def randomised(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Parameters and running statistics that are not the neutral ones."""
    generator = torch.Generator().manual_seed(seed)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.3)
        elif name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    for parameter in module.parameters():
        if parameter.ndim == 1:
            parameter.data.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return module.eval()


def check(module: torch.nn.Module, *inputs: torch.Tensor, atol: float = 2e-5, seed: int = 0) -> Graph:
    """Imports the module, runs both on the inputs, compares every output; returns the graph."""
    randomised(module, seed)
    with torch.no_grad():
        wanted = module(*inputs)
    wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    graph = load_program(module, inputs, "module")
    feeds = [
        channels_last(x.numpy(), graph.tensors[name].shape)
        for x, name in zip(inputs, graph.inputs, strict=True)
    ]
    found = interpret(graph, feeds).outputs
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, channels_last(theirs.numpy(), ours.shape), atol=atol, rtol=2e-5)
    return graph
