"""Small float graphs to quantise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.ir import Args, Array, DType, Graph, Node, Tensor


class Network:
    """Collects a float graph; shapes of outputs are given."""

    def __init__(self, **inputs: Sequence[int]) -> None:
        self.inputs = tuple(inputs)
        self.tensors = {n: Tensor(name=n, shape=tuple(s), dtype=DType.FLOAT32) for n, s in inputs.items()}
        self.nodes: list[Node] = []

    def constant(self, name: str, data: Array) -> str:
        value = np.asarray(data, dtype=np.float32)
        self.tensors[name] = Tensor(name=name, shape=value.shape, dtype=DType.FLOAT32, data=value)
        return name

    def add(self, op: str, args: Args, inputs: Sequence[str], output: str, shape: Sequence[int]) -> str:
        self.tensors[output] = Tensor(name=output, shape=tuple(shape), dtype=DType.FLOAT32)
        self.nodes.append(Node(op=op, name=output, inputs=tuple(inputs), outputs=(output,), args=args))
        return output

    def graph(self, *outputs: str) -> Graph:
        return Graph(
            name="net",
            tensors=self.tensors,
            nodes=tuple(self.nodes),
            inputs=self.inputs,
            outputs=outputs or (self.nodes[-1].outputs[0],),
        )


def random(*shape: int, seed: int = 0, scale: float = 1.0) -> Array:
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)
