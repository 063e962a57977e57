"""A dilated convolution of a signal becomes a plain one of an image: the same bytes seen in rows of the dilation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node, Tensor
from netsuke.lower.passes import Outcome
from netsuke.ops.conv_geometry import WEIGHTS, Convolution, windows
from netsuke.ops.geometry import Padding, Window
from netsuke.ops.operator import site_of
from netsuke.ops.reshape import Reshape

CONVOLUTIONS = {"conv_2d": (0, 2, 1, 3), "depthwise_conv_2d": (0, 2, 1, 3)}
"""Convolutions, and how the kernel's width becomes its height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldDilation:
    """[1, 1, L, C] with taps d apart is [1, L / d, d, C] with taps one row apart: element l = row d + column.

    Exact, since every output adds up the same products in the same order. It asks for d to divide the length and the
    padding on both sides.
    """

    name: ClassVar[str] = "fold-dilation"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = (
        "no convolution of one row is dilated where its dilation divides its length and padding"
    )

    def run(self, graph: Graph) -> Outcome:
        """Rewrites every such convolution."""
        nodes: list[Node] = []
        tensors = dict(graph.tensors)
        changes: list[str] = []
        for node in graph.nodes:
            along = dilated_window(graph, node)
            if along is None:
                nodes.append(node)
                continue
            nodes += in_rows(graph, node, along, tensors)
            changes.append(f"{node.name} takes rows of {along.dilation} for its dilation")
        if not changes:
            return Outcome(graph=graph)
        return Outcome(graph=graph.with_(nodes=nodes, tensors=tensors), changes=tuple(changes))


def dilated_window(graph: Graph, node: Node) -> Window | None:
    """The window along the signal, of a convolution that can be seen so."""
    if node.op not in CONVOLUTIONS or not isinstance(node.args, Convolution):
        return None
    x, weights = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[WEIGHTS]]
    if weights.data is None or x.shape[:2] != (1, 1) or weights.shape[1] != 1:
        return None
    down, along = windows(site_of(graph, node))
    d = along.dilation
    divides = not any(size % d for size in (along.size, along.before, along.after))
    fits = d > 1 and along.stride == 1 and along.kernel > 1 and divides and not (down.before or down.after)
    return along if fits else None


def in_rows(graph: Graph, node: Node, along: Window, tensors: dict[str, Tensor]) -> list[Node]:
    """The convolution between two views; its new tensors go into `tensors`."""
    x, y, weights = (graph.tensors[n] for n in (node.inputs[0], node.outputs[0], node.inputs[WEIGHTS]))
    assert isinstance(node.args, Convolution)
    assert weights.data is not None
    d = along.dilation
    seen = added(tensors, x, f"{x.name}_rows", (1, x.shape[2] // d, d, x.shape[3]))
    made = added(tensors, y, f"{y.name}_rows", (1, y.shape[2] // d, d, y.shape[3]))
    turned = weights.data.transpose(CONVOLUTIONS[node.op]).copy()
    kernel = added(tensors, replace(weights, data=None), f"{weights.name}_turned", turned.shape)
    tensors[kernel.name] = replace(kernel, data=turned)
    explicit = ((along.before // d, along.after // d), (0, 0))
    args = replace(node.args, dilation=(1, 1), stride=(1, 1), padding=Padding.EXPLICIT, explicit=explicit)
    inputs = (seen.name, kernel.name, *node.inputs[2:])
    return [
        view(f"{node.name}_rows", x.name, seen),
        replace(node, inputs=inputs, outputs=(made.name,), args=args),
        view(f"{node.name}_back", made.name, y),
    ]


def view(name: str, source: str, result: Tensor) -> Node:
    """A RESHAPE."""
    args = Reshape(shape=result.shape)
    return Node(op="reshape", name=name, inputs=(source,), outputs=(result.name,), args=args)


def added(tensors: dict[str, Tensor], like: Tensor, wanted: str, shape: tuple[int, ...]) -> Tensor:
    """A new tensor of another shape."""
    name, count = wanted, 1
    while name in tensors:
        count += 1
        name = f"{wanted}_{count}"
    tensors[name] = replace(like, name=name, shape=shape)
    return tensors[name]
