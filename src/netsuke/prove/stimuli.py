"""Inputs to compare with, and what the reference makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from netsuke.codegen import Vector
from netsuke.ir import Array, DType, Graph, TensorType
from netsuke.ops import initial_states, interpret


def random_inputs(graph: Graph, runs: int, seed: int) -> list[tuple[Array, ...]]:
    """`runs` invocations of random inputs: integers over their whole range, float32 normal with deviation 1.

    Every other invocation is smooth noise (a random walk along the elements), which reaches other outputs than
    white noise does.
    """
    chance = np.random.default_rng(seed)
    return [
        tuple(random_value(graph.tensors[name], chance, smooth=run % 2 == 1) for name in graph.inputs)
        for run in range(runs)
    ]


def random_value(kind: TensorType, chance: np.random.Generator, *, smooth: bool) -> Array:
    """One random tensor of a type."""
    noise = chance.normal(size=kind.shape)
    if smooth:
        walk = np.cumsum(noise.reshape(-1)).reshape(kind.shape)
        noise = walk / max(1e-9, float(np.abs(walk).max())) * 2.0
    if kind.dtype is DType.FLOAT32:
        return noise.astype(np.float32)
    if kind.dtype is DType.BOOL:
        return noise > 0
    low, high = kind.dtype.range
    if smooth:
        return np.clip(np.round((noise / 4 + 0.5) * (high - low) + low), low, high).astype(kind.dtype.numpy)
    return chance.integers(low, high, size=kind.shape, dtype=kind.dtype.numpy, endpoint=True)


def expected_vectors(
    graph: Graph, invocations: Sequence[tuple[Array, ...]], progress: Callable[[int], None] | None = None
) -> list[Vector]:
    """Runs the reference. The invocations of a graph with states are one sequence, from the initial states on.

    Raises:
        InputError: when an input has another shape or dtype than the graph takes.
    """
    memory = initial_states(graph)
    vectors = []
    for number, inputs in enumerate(invocations):
        vectors.append(Vector(inputs=inputs, outputs=interpret(graph, inputs, memory).outputs))
        if progress is not None:
            progress(number + 1)
    return vectors
