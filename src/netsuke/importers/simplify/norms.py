"""Normalisations that are written out: layer, root mean square, and to length 1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netsuke.importers.simplify.graphs import Draft, constant, limits
from netsuke.ir import Graph, Node, Tensor
from netsuke.ops.mul import Mul
from netsuke.ops.normalize import Normalize
from netsuke.ops.reduce import Reduce

SMALLEST = 1e-30
"""Stands for no epsilon at all: what is all 0 is 0 afterwards, and not 0 / 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """x over the root of a mean (or a sum) of squares; `centred`: of its distance from its mean."""

    x: str
    axes: tuple[int, ...]
    epsilon: float
    """Under the root, beside a mean."""
    centred: bool
    factor: float = 1.0
    """By which the result of NORMALIZE is multiplied."""


def norms_recognised(graph: Graph) -> Graph:
    """The graph with NORMALIZE wherever its last step, a quotient or a product, is found. What only served the old
    spelling is left to be removed with all that nothing reads."""
    draft = Draft.of(graph)
    for node in graph.nodes:
        found = norm_of(draft, node)
        if found is not None:
            draft = with_norm(draft, node, found)
    return live(draft.graph)


def with_norm(draft: Draft, node: Node, norm: Norm) -> Draft:
    """The node replaced by the operator, and a product where one is needed."""
    y = draft.graph.tensors[node.outputs[0]]
    args = Normalize(axes=norm.axes, epsilon=float(np.float32(norm.epsilon)), centred=norm.centred)
    if norm.factor == 1.0:
        made = Node(op="normalize", name=node.name, inputs=(norm.x,), outputs=(y.name,), args=args)
        return draft.changed((), {node.name: [made]})
    between, factor = draft.fresh(f"{y.name}_normal"), draft.fresh(f"{y.name}_factor")
    first = Node(op="normalize", name=f"{node.name}_normal", inputs=(norm.x,), outputs=(between,), args=args)
    last = Node(op="mul", name=node.name, inputs=(between, factor), outputs=(y.name,), args=Mul())
    tensors = (
        Tensor(name=between, shape=y.shape, dtype=y.dtype),
        constant(factor, np.full((1,) * len(y.shape), norm.factor)),
    )
    return draft.changed((), {node.name: [first, last]}, tensors)


def norm_of(draft: Draft, node: Node) -> Norm | None:
    """What a quotient or product normalises; None where it is something else."""
    if not node.inputs or not all(map(draft.is_real, node.inputs)) or limits(node) is not None:
        return None
    for top, below in divided(draft, node):
        found = under_root(draft, below)
        if found is not None:
            norm = joined(draft, top, *found)
            if (
                norm is not None
                and draft.graph.tensors[norm.x].shape == draft.graph.tensors[node.outputs[0]].shape
            ):
                return norm
    return None


def divided(draft: Draft, node: Node) -> Iterator[tuple[str, Node]]:
    """(what is divided, the SQRT or RSQRT that it is divided or multiplied by), as the node may be read."""
    if node.op == "div":
        root = through(draft, node.inputs[1])
        if root is not None and root.op == "sqrt":
            yield node.inputs[0], root
    elif node.op == "mul":
        for top, other in (node.inputs, node.inputs[::-1]):
            root = through(draft, other)
            if root is not None and root.op == "rsqrt":
                yield top, root


def through(draft: Draft, name: str) -> Node | None:
    """The producer of a tensor, behind repetitions and a bound that keeps it from 0."""
    node = draft.producers.get(name)
    while node is not None and (node.op == "tile" or bounded(draft, node)):
        node = draft.producers.get(next(n for n in node.inputs if draft.data(n) is None))
    return node


def bounded(draft: Draft, node: Node) -> bool:
    """Whether a node only holds its operand above a small number."""
    return node.op == "maximum" and tiny(draft, node) is not None


def tiny(draft: Draft, node: Node) -> float | None:
    """The constant of a node with two operands, where it is one small positive number."""
    for name in node.inputs:
        data = draft.data(name)
        if (
            data is not None
            and data.size
            and float(data.min()) == float(data.max())
            and 0 < float(data.max()) < 1e-2
        ):
            return float(data.max())
    return None


def under_root(draft: Draft, root: Node) -> tuple[Node, float] | None:
    """(the mean or sum of squares, epsilon) that the root is taken of."""
    node, epsilon = draft.producers.get(root.inputs[0]), 0.0
    if node is not None and node.op == "add" and (found := tiny(draft, node)) is not None:
        epsilon = found
        node = draft.producers.get(next((n for n in node.inputs if draft.data(n) is None), ""))
    if node is None or node.op not in ("mean", "sum") or not isinstance(node.args, Reduce):
        return None
    return (node, epsilon) if node.args.keep_dims else None


def joined(draft: Draft, top: str, reduction: Node, epsilon: float) -> Norm | None:
    """The normalisation, when what is divided is what was squared."""
    squared = square_of(draft, draft.producers.get(reduction.inputs[0]))
    if squared is None or squared != centre_of(draft, top):
        return None
    x, about = squared
    assert isinstance(reduction.args, Reduce)
    axes = reduction.args.axes
    if about is not None and about != axes:
        return None
    count = math.prod(draft.graph.tensors[reduction.inputs[0]].shape[a] for a in axes)
    if reduction.op == "mean":
        return Norm(x=x, axes=axes, epsilon=epsilon or SMALLEST, centred=about is not None)
    each = max(epsilon / count, SMALLEST)
    return Norm(x=x, axes=axes, epsilon=each, centred=about is not None, factor=1 / math.sqrt(count))


Centre = tuple[str, tuple[int, ...] | None]
"""A tensor, and the axes whose mean is taken off it; None where none is."""


def square_of(draft: Draft, node: Node | None) -> Centre | None:
    """What a node squares."""
    if node is None:
        return None
    if node.op == "square":
        return centre_of(draft, node.inputs[0])
    if node.op == "mul":
        a, b = (centre_of(draft, n) for n in node.inputs)
        return a if a == b else None
    return distance(draft, node) if node.op == "squared_difference" else None


def centre_of(draft: Draft, name: str) -> Centre:
    """A tensor as the distance of another from its mean, where it is that."""
    node = draft.producers.get(name)
    found = distance(draft, node) if node is not None and node.op == "sub" else None
    return (name, None) if found is None else found


def distance(draft: Draft, node: Node) -> Centre | None:
    """x and the axes of its mean, of x - mean(x)."""
    if limits(node) is not None:
        return None
    mean = draft.producers.get(node.inputs[1])
    while mean is not None and mean.op == "tile":
        mean = draft.producers.get(mean.inputs[0])
    fits = mean is not None and mean.op == "mean" and mean.inputs[0] == node.inputs[0]
    if not fits or mean is None or not isinstance(mean.args, Reduce) or not mean.args.keep_dims:
        return None
    return node.inputs[0], mean.args.axes


def live(graph: Graph) -> Graph:
    """Without nodes that no output needs."""
    needed = set(graph.outputs) | {state.name for state in graph.states}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs) or not node.outputs:
            kept.append(node)
            needed.update(node.inputs)
    return graph if len(kept) == len(graph.nodes) else graph.with_(nodes=kept[::-1])
