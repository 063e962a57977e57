"""Small moves on graphs that the steps of simplification share."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from netsuke.ir import Array, DType, Graph, Node, Tensor
from netsuke.ops.activation import FLOAT32_MAX, Clamp


@dataclass(slots=True)
class Draft:
    """A graph while it is changed: readers and producers stay up to date."""

    graph: Graph
    readers: dict[str, list[Node]]
    producers: dict[str, Node]

    @classmethod
    def of(cls, graph: Graph) -> Draft:
        """The graph as it is."""
        readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in filter(None, dict.fromkeys(node.inputs)):
                readers.setdefault(name, []).append(node)
        return cls(graph=graph, readers=readers, producers={out: n for n in graph.nodes for out in n.outputs})

    def data(self, name: str) -> Array | None:
        """A constant's value."""
        return self.graph.tensors[name].data if name else None

    def is_real(self, name: str) -> bool:
        """Whether a tensor is float32."""
        return bool(name) and self.graph.tensors[name].dtype is DType.FLOAT32

    def alone(self, name: str) -> bool:
        """Whether one node reads a tensor, and the graph does not give it."""
        return len(self.readers.get(name, [])) == 1 and name not in self.graph.outputs

    def changed(
        self, gone: Container[Node], put: Mapping[str, Iterable[Node]], tensors: Iterable[Tensor] = ()
    ) -> Draft:
        """Without some nodes, with others in the place of the ones named, with more tensors."""
        nodes: list[Node] = []
        for node in self.graph.nodes:
            if node.name in put:
                nodes += put[node.name]
            elif node not in gone:
                nodes.append(node)
        table = {**self.graph.tensors, **{t.name: t for t in tensors}}
        return Draft.of(self.graph.with_(nodes=nodes, tensors=table))

    def fresh(self, wanted: str) -> str:
        """A name that no tensor has."""
        name, count = wanted, 1
        while name in self.graph.tensors:
            count += 1
            name = f"{wanted}_{count}"
        return name


def limits(node: Node) -> Clamp | None:
    """The range that a node clamps its results to; None where that is no limit."""
    clamp: Clamp | None = getattr(node.args, "clamp", None)
    unlimited = clamp is None or (clamp[0] <= -FLOAT32_MAX and clamp[1] >= FLOAT32_MAX)
    return None if unlimited else clamp


def constant(name: str, data: Array) -> Tensor:
    """A float32 constant."""
    values = data.astype("float32")
    return Tensor(name=name, shape=values.shape, dtype=DType.FLOAT32, data=values)


def reading(node: Node, old: str, new: str) -> Node:
    """The node with another tensor in the place of one that it reads."""
    return replace(node, inputs=tuple(new if n == old else n for n in node.inputs))
