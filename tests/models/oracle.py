"""LiteRT's reference kernels on whole models, and inputs on which a model's outputs differ widely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from netsuke.ir import Array, Graph
from netsuke.prove import random_inputs


class Oracle:
    """A model under LiteRT with the reference resolver; keeps its states from call to call."""

    def __init__(self, path: Path) -> None:
        self.interpreter = Interpreter(
            model_path=str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
        )
        self.interpreter.allocate_tensors()
        self.inputs = [d["index"] for d in self.interpreter.get_input_details()]
        self.outputs = [d["index"] for d in self.interpreter.get_output_details()]

    def __call__(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        for index, value in zip(self.inputs, inputs, strict=True):
            self.interpreter.set_tensor(index, value)
        self.interpreter.invoke()
        return tuple(self.interpreter.get_tensor(index).copy() for index in self.outputs)


def spread_inputs(graph: Graph, oracle: Oracle, count: int, candidates: int = 120) -> list[tuple[Array, ...]]:
    """`count` inputs whose outputs lie far apart, picked one after the other among random ones.

    An int8 model with constant output agrees with everything: agreement means something only where outputs vary.
    """
    drawn = candidate_inputs(graph, candidates)
    points = np.array([np.concatenate([y.reshape(-1).astype(np.float64) for y in oracle(x)]) for x in drawn])
    chosen = [0]
    distance = np.abs(points - points[0]).max(axis=1)
    while len(chosen) < count:
        farthest = int(np.argmax(distance))
        chosen.append(farthest)
        distance = np.minimum(distance, np.abs(points - points[farthest]).max(axis=1))
    assert len(np.unique(points[chosen], axis=0)) >= min(count, 8), (
        "the outputs hardly vary: agreement proves little"
    )
    return [drawn[i] for i in chosen]


def candidate_inputs(graph: Graph, count: int) -> list[tuple[Array, ...]]:
    """Noise, random walks, and both at random contrast and brightness."""
    chance = np.random.default_rng(7)
    found: list[tuple[Array, ...]] = []
    for number, inputs in enumerate(random_inputs(graph, count, seed=11)):
        if number < 4:
            found.append(inputs)
            continue
        gain, offset = chance.uniform(0.05, 1.0), chance.uniform(-100, 100)
        scaled = []
        for value in inputs:
            if value.dtype == np.float32:
                scaled.append(
                    (value * np.float32(gain * 10 ** chance.uniform(-1, 2)) + np.float32(offset / 50)).astype(
                        np.float32
                    )
                )
            else:
                info = np.iinfo(value.dtype)
                scaled.append(np.clip(value * gain + offset, info.min, info.max).astype(value.dtype))
        found.append(tuple(scaled))
    return found
