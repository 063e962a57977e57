"""A float graph and its rounded form, run beside each other node by node over the same samples.

Methods that improve one layer after the other see each layer's inputs as the layers before it, already improved, give
them.
"""

from __future__ import annotations

from dataclasses import replace

from netsuke.compress.fake import codings, rounded_constants
from netsuke.compress.samples import ArraySamples
from netsuke.compress.scheme import Scheme
from netsuke.compress.simulate import Simulator, Values, compute
from netsuke.ir import Array, Graph, Node
from netsuke.ops.operator import site_of

BATCH = 32


class Lockstep:
    """`scheme` may be changed for a node until it is passed. Values that no later node reads are dropped."""

    def __init__(self, graph: Graph, scheme: Scheme, samples: ArraySamples) -> None:
        self.graph = graph
        self.scheme = scheme
        self.real = Simulator(graph)
        self.coded = Simulator(graph, codings(graph, scheme))
        batches = list(samples.batches(BATCH if self.real.together else 1))
        shapes = [graph.tensors[name].shape for name in graph.inputs]
        whole = [
            batch if self.real.together else tuple(x.reshape(s) for x, s in zip(batch, shapes, strict=True))
            for batch in batches
        ]
        self.exact: list[Values] = [self.real.entered(batch) for batch in whole]
        self.rounded: list[Values] = [self.coded.entered(batch) for batch in whole]
        self._last = {name: node.name for node in graph.nodes for name in node.inputs}

    def linear(self, node: Node) -> list[tuple[Array, Array]]:
        """A layer's outputs before its activation, exact and rounded, for every batch."""
        return [
            (self._linear(self.real, node, exact), self._linear(self.coded, node, rounded))
            for exact, rounded in zip(self.exact, self.rounded, strict=True)
        ]

    def set_constants(self, node: Node) -> None:
        """Takes over the node's constants from the scheme."""
        self.coded.constants[node.name] = rounded_constants(self.graph, self.scheme, node)

    def advance(self, node: Node) -> None:
        """Runs a node in both forms."""
        self.set_constants(node)
        for exact, rounded in zip(self.exact, self.rounded, strict=True):
            self.real.step(node, exact)
            self.coded.step(node, rounded)
            for name in {*node.inputs}:
                if self._last.get(name) == node.name and name in exact:
                    del exact[name], rounded[name]

    def _linear(self, simulator: Simulator, node: Node, values: Values) -> Array:
        count = len(values[node.inputs[0]])
        graph = simulator.of(count)
        free = replace(node, args=replace(node.args, clamp=None))  # type: ignore[type-var]
        constants = simulator.constants.get(node.name, {})
        operands = [constants.get(i, simulator.value(values, n)) for i, n in enumerate(node.inputs)]
        return compute(site_of(graph, free), operands)[0]
