"""Which tensors must have one quantisation, because only moves of values stand between them."""

from __future__ import annotations

from collections.abc import Mapping

from netsuke.compress.coding import asymmetric
from netsuke.compress.ranges import Range, Ranges
from netsuke.ir import DType, Graph, Quantization

PASSING = frozenset(
    {
        "average_pool_2d", "concatenation", "gather", "max_pool_2d", "maximum", "minimum", "pack", "pad",
        "reduce_max", "reshape", "resize_bilinear", "resize_nearest_neighbor", "select_v2", "split",
        "strided_slice", "tile", "transpose", "unpack",
    }
)  # fmt: skip
"""Operators whose int8 kernels do not requantise: float inputs and outputs share scale and zero point."""

FIXED: Mapping[str, Quantization] = {
    "softmax": Quantization.per_tensor(1 / 256, -128),
    "logistic": Quantization.per_tensor(1 / 256, -128),
    "tanh": Quantization.per_tensor(1 / 128, 0),
}
"""Operators whose output's quantisation the specification fixes."""


def groups(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Float tensor → all that share its quantisation, itself among them (union-find)."""
    parent = {t.name: t.name for t in graph.tensors.values() if t.dtype is DType.FLOAT32}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for node in graph.nodes:
        if node.op in PASSING:
            bound = [n for n in (*node.inputs, *node.outputs) if n in parent]
            for other in bound[1:]:
                parent[root(other)] = root(bound[0])
    members: dict[str, list[str]] = {}
    for name in parent:
        members.setdefault(root(name), []).append(name)
    return {name: tuple(members[root(name)]) for name in parent}


def activations(graph: Graph, ranges: Ranges) -> dict[str, Quantization]:
    """The int8 quantisation of every float tensor that is computed.

    A group takes the range that holds all its members'; one that softmax, logistic or tanh alone feed takes
    theirs.
    """
    found: dict[str, Quantization] = {}
    for name, group in groups(graph).items():
        if graph.tensors[name].is_constant or name in found:
            continue
        quantization = fixed_group(graph, group) or asymmetric(group_range(graph, ranges, group))
        found.update({n: quantization for n in group if not graph.tensors[n].is_constant})
    return found


def fixed_group(graph: Graph, group: tuple[str, ...]) -> Quantization | None:
    """The int8 quantisation of a group that softmax, logistic or tanh alone feed; None for any other."""
    producers = graph.producers()
    computed = [n for n in group if not graph.tensors[n].is_constant]
    sources = {producers[n].op if n in producers else "" for n in computed} - PASSING
    fixed = {FIXED.get(op) for op in sources}
    return fixed.pop() if len(fixed) == 1 and len(computed) == len(group) else None


def group_range(graph: Graph, ranges: Ranges, group: tuple[str, ...]) -> Range:
    """The smallest range that holds every member of a group, constants included."""
    seen = [_range(graph, ranges, name) for name in group]
    total = seen[0]
    for one in seen[1:]:
        total = total.joined(one)
    return total


def _range(graph: Graph, ranges: Ranges, name: str) -> Range:
    data = graph.tensors[name].data
    return ranges.of(name) if data is None else Range.of(data)
