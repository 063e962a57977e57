"""A float graph over batches of samples, with tensors rounded on the way as their integers would round them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.compress.batching import batched
from netsuke.compress.coding import rounded
from netsuke.compress.fast_float import FAST
from netsuke.ir import Array, Graph, Node, TensorType
from netsuke.ops.operator import Site, site_of
from netsuke.ops.registry import operator

Values = dict[str, Array]
"""Tensor → its value for all samples of a batch, [samples, ...]; constants are not in it."""
Constants = Mapping[int, Array]
"""Operand's number → what stands in the place of its constant."""


class Simulator:
    """Runs one float32 graph.

    `codings`: tensors that are rounded to the values of an integer type as soon as they are computed (an integer
    TensorType with its scale; the shape does not matter). `constants`: by node, other values for its constants. A graph
    whose first axis is not the sample runs sample by sample.
    """

    def __init__(
        self,
        graph: Graph,
        codings: Mapping[str, TensorType] | None = None,
        constants: Mapping[str, Constants] | None = None,
        like: Simulator | None = None,
    ) -> None:
        """`like`: another one of the same graph, whose forms for batches serve this one too."""
        self.graph = graph
        self.codings = dict(codings or {})
        self.constants = dict(constants or {})
        self.number = {node.name: i for i, node in enumerate(graph.nodes)}
        self.together: bool = batched(graph, 2) is not None if like is None else like.together
        self._wide: dict[int, Graph] = {} if like is None else like._wide

    def run(self, inputs: Sequence[Array]) -> Values:
        """Every tensor's value for a batch: each input is float32 [samples, *shape without its leading 1]."""
        if not self.together:
            return self._one_by_one(inputs)
        values = self.entered(inputs)
        self.resume(values, 0)
        return values

    def entered(self, inputs: Sequence[Array]) -> Values:
        """The values before the first node: the inputs alone."""
        return {name: self.coded(name, x) for name, x in zip(self.graph.inputs, inputs, strict=True)}

    def outputs(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """The graph's outputs alone."""
        values = self.run(inputs)
        return tuple(values[name] for name in self.graph.outputs)

    def resume(self, values: Values, start: int) -> None:
        """Runs the nodes from number `start` on, what comes before being in `values` already."""
        for node in self.graph.nodes[start:]:
            self.step(node, values)

    def step(self, node: Node, values: Values) -> None:
        """Computes one node's outputs into `values`."""
        for name, value in zip(node.outputs, self.computed(node, values), strict=True):
            values[name] = self.coded(name, value)

    def computed(self, node: Node, values: Mapping[str, Array]) -> tuple[Array, ...]:
        """One node's outputs before they are rounded."""
        count = len(values[next((n for n in node.inputs if n in values), self.graph.inputs[0])])
        graph = self.of(count)
        other = self.constants.get(node.name, {})
        operands = [other.get(i, self.value(values, name)) for i, name in enumerate(node.inputs)]
        return compute(site_of(graph, graph.nodes[self.number[node.name]]), operands)

    def coded(self, name: str, value: Array) -> Array:
        """A tensor's value as it is kept."""
        kind = self.codings.get(name)
        return value if kind is None else rounded(value, kind)

    def value(self, values: Mapping[str, Array], name: str) -> Array | None:
        """An operand's value; None for an absent one."""
        if not name:
            return None
        data = self.graph.tensors[name].data
        return values[name] if data is None else data

    def of(self, count: int) -> Graph:
        """The graph for a batch of that many; the graph itself where samples do not go together."""
        if not self.together:
            return self.graph
        if count not in self._wide:
            wide = batched(self.graph, count)
            assert wide is not None
            self._wide[count] = wide
        return self._wide[count]

    def _one_by_one(self, inputs: Sequence[Array]) -> Values:
        found: dict[str, list[Array]] = {}
        shapes = [self.graph.tensors[name].shape for name in self.graph.inputs]
        for sample in zip(*inputs, strict=True):
            values = self.entered([x.reshape(s) for x, s in zip(sample, shapes, strict=True)])
            self.resume(values, 0)
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        return {name: np.stack(values) for name, values in found.items()}


def compute(site: Site[Any], operands: Sequence[Array | None]) -> tuple[Array, ...]:
    """A float operator on these operands, constants among them."""
    fast = FAST.get(site.node.op)
    if fast is not None:
        return (fast(site, operands),)
    inputs = tuple(
        t if t is None or t.data is None or t.data is x else replace(t, data=x)
        for t, x in zip(site.inputs, operands, strict=True)
    )
    return operator(site.node.op).reference(replace(site, inputs=inputs), operands)
