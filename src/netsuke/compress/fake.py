"""A scheme as a float graph that rounds where its integers would: what layers are studied with, one by one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from netsuke.compress import recurrent
from netsuke.compress.coding import coded
from netsuke.compress.scheme import WEIGHT_AXIS, Scheme, operand_kind
from netsuke.compress.sharing import groups
from netsuke.compress.simulate import Constants, Simulator
from netsuke.ir import Array, DType, Graph, Node, TensorType

INPUTS = ""
"""In the place of a layer's name: the graph's inputs."""


def simulator(
    graph: Graph, scheme: Scheme, *, floats: Collection[str] = (), like: Simulator | None = None
) -> Simulator:
    """The float graph with its layers' weights, and the tensors that are computed, rounded as the scheme has it.

    It differs from the integers by what fixed-point multipliers round, and by their tables for softmax and the like.

    Args:
        graph: the float32 graph.
        scheme: of the same graph.
        floats: nodes that stay in float: neither their weights are rounded, nor their outputs and what shares a scale
            with these. INPUTS stands for the graph's inputs.
        like: another simulator of the same graph.
    """
    kept = unrounded(graph, floats)
    constants = {n.name: rounded_constants(graph, scheme, n) for n in graph.nodes if n.name not in floats}
    kinds = {t: k for t, k in codings(graph, scheme).items() if t not in kept}
    return Simulator(graph, kinds, constants, like)


def unrounded(graph: Graph, floats: Collection[str]) -> set[str]:
    """The tensors that nodes in float leave as they are."""
    names = [name for node in graph.nodes if node.name in floats for name in node.outputs]
    names += graph.inputs if INPUTS in floats else ()
    shared = groups(graph)
    return {one for name in names for one in shared.get(name, (name,))}


def codings(graph: Graph, scheme: Scheme) -> dict[str, TensorType]:
    """Every float tensor that is computed → the integer type that it gets."""
    computed = [t for t in graph.tensors.values() if t.dtype is DType.FLOAT32 and not t.is_constant]
    return {t.name: scheme.kind(t) for t in computed}


def rounded_constants(graph: Graph, scheme: Scheme, node: Node) -> Constants:
    """A node's float constants as their integers stand for."""
    if node.op in WEIGHT_AXIS:
        layer = scheme.layers[node.name]
        found = {1: layer.real}
        if layer.bias is not None:
            found[2] = layer.bias.reshape(graph.tensors[node.inputs[2]].shape).astype(np.float32)
        return found
    if node.op in recurrent.OPERATORS:
        x, y = (scheme.kind(graph.tensors[name]) for name in (node.inputs[0], node.outputs[0]))
        return recurrent.rounded_constants(graph, node, x, y)
    found = {}
    for at, name in enumerate(node.inputs):
        tensor = graph.tensors[name] if name else None
        if tensor is not None and tensor.data is not None and tensor.dtype is DType.FLOAT32:
            found[at] = real_values(tensor.data, operand_kind(scheme, graph, node, tensor))
    return found


def real_values(data: Array, kind: TensorType) -> Array:
    """A constant rounded to an integer type with one scale, as float32."""
    whole = coded(data, kind).astype(np.float32) - np.float32(kind.zero_point)
    result: Array = whole * np.float32(kind.scale)
    return result
