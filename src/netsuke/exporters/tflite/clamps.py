"""Clamps that none of TFLite's fused activations gives, written as a MAXIMUM and a MINIMUM behind the layer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.exporters.tflite.windows import ACTIVATION_CODES
from netsuke.ir import Graph, Node, Tensor
from netsuke.ops.activation import clamp_of, full_clamp
from netsuke.ops.operator import Site, site_of
from netsuke.ops.unary import NoArgs


def with_fused_activations(graph: Graph) -> Graph:
    """The same graph, every clamp one that TFLite has; the graph itself where that is so already."""
    if all(is_fused(site_of(graph, node)) for node in graph.nodes):
        return graph
    tensors, nodes = dict(graph.tensors), list[Node]()
    for node in graph.nodes:
        if is_fused(site_of(graph, node)):
            nodes.append(node)
        else:
            nodes += apart(graph, node, tensors)
    return graph.with_(nodes=tuple(nodes), tensors=tensors)


def is_fused(site: Site[Any]) -> bool:
    """Whether TFLite has an activation for the clamp, if there is one."""
    clamp = getattr(site.args, "clamp", None)
    if clamp is None:
        return True
    y = site.y()
    known = [clamp_of(activation, y) for activation in ACTIVATION_CODES]
    return clamp in (*known, full_clamp(None, y), (-math.inf, math.inf))


def apart(graph: Graph, node: Node, tensors: dict[str, Tensor]) -> list[Node]:
    """The node without its clamp, and what clamps behind it: exact, since a clamp is of stored values."""
    (name,) = node.outputs
    y = graph.tensors[name]
    args: Any = node.args
    whole = full_clamp(None, y)
    found = [replace(node, args=replace(args, clamp=None))]
    for op, bound, outermost in zip(("maximum", "minimum"), args.clamp, whole, strict=True):
        if bound == outermost:
            continue
        before, limit = f"{name}/before_{op}", f"{name}/{op}"
        tensors[before] = replace(y, name=before)
        data = np.full((1,) * len(y.shape), bound, y.dtype.numpy)
        tensors[limit] = replace(y, name=limit, shape=data.shape, data=data)
        found[-1] = replace(found[-1], outputs=(before,))
        found.append(
            Node(op=op, name=f"{node.name}/{op}", inputs=(before, limit), outputs=(name,), args=NoArgs())
        )
    return found
