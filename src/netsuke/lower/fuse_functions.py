"""Several operators that together compute a function of one number become its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType, Graph, Node, Tensor
from netsuke.lower.passes import Outcome
from netsuke.ops import operator
from netsuke.ops.operator import Site
from netsuke.ops.unary import NoArgs

BYTES = (DType.INT8, DType.UINT8)
OF_TWO = frozenset({"add", "sub", "mul", "maximum", "minimum"})
"""Operators of two operands, element by element."""
OF_ONE = frozenset(
    {
        "abs", "elu", "erf", "exp", "gelu", "hard_swish", "leaky_relu", "log", "logistic", "lookup", "quantize", "relu",
        "relu6", "relu_n1_to_1", "softplus", "sqrt", "tanh",
    }
)  # fmt: skip
"""Operators of one operand, element by element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A tensor as a function of another: `results` [256] by that one's stored value, from the lowest up."""

    of: str
    results: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseFunctions:
    """x times its own sigmoid, scaled and shifted numbers, one function after the other: all 256 results are worked out
    by the operators' references, so that none changes."""

    name: ClassVar[str] = "fuse-functions"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = (
        "no product or sum depends on one 8-bit number alone; no table reads a table that nothing else reads"
    )

    def run(self, graph: Graph) -> Outcome:
        """Walks the graph once, with every tensor as a function of the earliest one that it depends on alone."""
        origins: dict[str, Origin] = {}
        readers = graph.consumers()
        tensors, nodes, changes = dict(graph.tensors), [], []
        for node in graph.nodes:
            origin = origin_of(graph, node, origins)
            if origin is None:
                nodes.append(node)
                continue
            y = node.outputs[0]
            origins[y] = origin
            if not pays(graph, node, origins, readers):
                nodes.append(node)
                continue
            table = replace(
                graph.tensors[y], name=fresh(f"{y}_table", tensors), shape=(256,), data=origin.results
            )
            tensors[table.name] = table
            nodes.append(replace(node, op="lookup", inputs=(origin.of, table.name), args=NoArgs()))
            changes.append(f"{node.name} is a table of {origin.of!r}")
        if not changes:
            return Outcome(graph=graph)
        return Outcome(graph=graph.with_(nodes=nodes, tensors=tensors), changes=tuple(changes))


def origin_of(graph: Graph, node: Node, origins: Mapping[str, Origin]) -> Origin | None:
    """The node's result as a function of one tensor; None where it is no such function."""
    if node.op not in OF_TWO | OF_ONE or len(node.outputs) != 1:
        return None
    y = graph.tensors[node.outputs[0]]
    computed = [n for n in node.inputs if n and graph.tensors[n].data is None]
    fixed = [graph.tensors[n] for n in node.inputs if n and graph.tensors[n].data is not None]
    if node.op == "lookup":
        fixed = []
    plain = all(graph.tensors[n].shape == y.shape and graph.tensors[n].dtype in BYTES for n in computed)
    if not computed or not plain or y.dtype not in BYTES or any(t.elements != 1 for t in fixed):
        return None
    known = [origins.get(n) or itself(graph.tensors[n]) for n in computed]
    if len({o.of for o in known}) != 1:
        # The same tensor may stand behind one operand as itself, behind the other through a table.
        return None
    results = {n: o.results for n, o in zip(computed, known, strict=True)}
    return Origin(of=known[0].of, results=computed_for(graph, node, results))


def itself(tensor: Tensor) -> Origin:
    """A tensor as a function of itself."""
    low, high = tensor.dtype.range
    return Origin(of=tensor.name, results=np.arange(low, high + 1).astype(tensor.dtype.numpy))


def computed_for(graph: Graph, node: Node, values: Mapping[str, Array]) -> Array:
    """The node's reference on 256 values of each operand."""

    def flat(name: str) -> Tensor | None:
        tensor = graph.tensors[name] if name else None
        if tensor is None or name not in values:
            return (
                tensor
                if tensor is None or tensor.elements != 1
                else replace(tensor, shape=(1,), data=lone(tensor))
            )
        return replace(tensor, shape=(256,))

    site: Site[object] = Site(  # type: ignore[type-var]
        node=node,
        inputs=tuple(map(flat, node.inputs)),
        outputs=(replace(graph.tensors[node.outputs[0]], shape=(256,)),),
    )
    operands = [
        None if t is None else values.get(n, t.data) for n, t in zip(node.inputs, site.inputs, strict=True)
    ]
    reference: Callable[..., tuple[Array, ...]] = operator(node.op).reference
    return np.ascontiguousarray(reference(site, operands)[0])


def lone(tensor: Tensor) -> Array:
    """A constant of one element as [1]."""
    assert tensor.data is not None
    return tensor.data.reshape(1)


def pays(graph: Graph, node: Node, origins: Mapping[str, Origin], readers: Mapping[str, list[Node]]) -> bool:
    """A product or sum costs more than a table; a table behind one that nothing else reads saves that one."""
    if node.op in OF_TWO:
        return True
    source = node.inputs[0]
    return source in origins and len(readers[source]) == 1 and source not in graph.outputs


def fresh(wanted: str, taken: Mapping[str, Tensor]) -> str:
    """A name that no tensor has."""
    name, count = wanted, 1
    while name in taken:
        name, count = f"{wanted}_{count + 1}", count + 1
    return name
