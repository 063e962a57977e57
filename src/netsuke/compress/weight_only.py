"""Weights in few bits, all else in float32: the graph stays what it is, its weights become what integers stand for.

Each weight is an int8 number times its channel's scale, to the bit (`ops.int8_form`): files and kernels keep the
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netsuke.compress.coding import HIGHEST, symmetric_scales
from netsuke.compress.scheme import WEIGHT_AXIS, Layer, constant, least_error_scales, nearest
from netsuke.errors import UnsupportedModel
from netsuke.ir import Array, Graph, Node
from netsuke.ops.int8_form import int8_form_of


def rounded_weights(graph: Graph, bits: Mapping[str, int]) -> Graph:
    """The float32 graph with every layer's weights rounded to 8 bits, or as many as `bits` says for the layer.

    Raises:
        UnsupportedModel: when it has no layer with weights, or computes weights at run time.
    """
    weighted = [node for node in graph.nodes if node.op in WEIGHT_AXIS]
    if not weighted:
        raise UnsupportedModel(f"{graph.name} has no layers with weights; nothing to quantise")
    tensors = dict(graph.tensors)
    for node in weighted:
        name = node.inputs[1]
        tensors[name] = replace(tensors[name], data=rounded(graph, node, bits.get(node.name, 8)))
    return graph.with_(nodes=graph.nodes, tensors=tensors)


def rounded(graph: Graph, node: Node, bits: int) -> Array:
    """A layer's weights, each to the nearest step."""
    weights, axis = constant(graph, node, 1), WEIGHT_AXIS[node.op]
    scales = symmetric_scales(weights, axis, bits)
    if bits < 8:
        scales = least_error_scales(weights, axis, scales, HIGHEST[bits])
    layer = Layer(values=np.zeros(0, np.int8), scales=scales, axis=axis, bits=bits)
    return np.ascontiguousarray(replace(layer, values=nearest(weights, layer)).real)


def stored_bytes(graph: Graph) -> int:
    """Bytes of all constants, weights that have an int8 form in it."""
    compact = {
        node.inputs[1]: form
        for node in graph.nodes
        if node.op in WEIGHT_AXIS
        and (form := int8_form_of(graph.tensors[node.inputs[1]], WEIGHT_AXIS[node.op])) is not None
    }
    whole = sum(t.nbytes for t in graph.tensors.values() if t.is_constant and t.name not in compact)
    return whole + sum(form.values.nbytes + form.scales.nbytes for form in compact.values())
