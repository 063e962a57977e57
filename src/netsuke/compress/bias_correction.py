"""Bias correction: what rounding shifts on average, put back into the biases.

After Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV 2019, section 4.2 and
appendix D: the empirical form, layer by layer from first to last. The paper takes the mean of what a layer gives before
its activation. Here errors count after it, where it passes them on: what relu cuts off anyway should not move a bias.
The two are the same for a layer without one; with few bits, and behind AdaRound, the difference is large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from netsuke.compress.lockstep import Lockstep
from netsuke.compress.samples import Samples, gathered
from netsuke.compress.scheme import WEIGHT_AXIS, Scheme
from netsuke.ir import Array, DType, Graph, Node, Tensor
from netsuke.ops.activation import FLOAT32_MAX

SAMPLES = 128
"""At most so many: the means of channels hardly move beyond."""
ROUNDS = 3


def with_biases(graph: Graph) -> Graph:
    """The float graph with a bias of zeros wherever a layer with weights has none."""
    tensors = dict(graph.tensors)

    def biased(node: Node) -> Node:
        if node.op not in WEIGHT_AXIS or (len(node.inputs) > 2 and node.inputs[2]):
            return node
        name, shape = f"{node.name}@bias", (graph.tensors[node.inputs[1]].shape[WEIGHT_AXIS[node.op]],)
        zeros = np.zeros(shape, np.float32)
        tensors[name] = Tensor(name=name, shape=shape, dtype=DType.FLOAT32, data=zeros)
        return replace(node, inputs=(*node.inputs[:2], name))

    return graph.with_(nodes=[biased(node) for node in graph.nodes], tensors=tensors)


def corrected(graph: Graph, scheme: Scheme, samples: Samples, progress: Callable[[float], None]) -> Scheme:
    """The scheme with biases whose layers keep the float layers' means, channel by channel.

    A layer without a bias keeps none: see `with_biases`.
    """
    both = Lockstep(graph, scheme, gathered(samples, SAMPLES))
    for done, node in enumerate(graph.nodes):
        layer = both.scheme.layers.get(node.name)
        if layer is not None and layer.bias is not None:
            both.set_constants(node)
            bias = (layer.bias - shift_of(both.linear(node), node)).astype(np.float32)
            both.scheme = both.scheme.with_layer(node.name, replace(layer, bias=bias))
        both.advance(node)
        progress((done + 1) / len(graph.nodes))
    return both.scheme


def shift_of(pairs: list[tuple[Array, Array]], node: Node) -> Array:
    """float64 [channels]: what to take off a layer's bias, from its outputs (exact, rounded) before its activation.

    Each round takes off the mean error of what the activation passes on; which that is moves with the bias.
    """
    given = getattr(node.args, "clamp", None) or (-FLOAT32_MAX, FLOAT32_MAX)
    low, high = np.float32(given[0]), np.float32(given[1])
    channels = pairs[0][0].shape[-1]
    shift = np.zeros(channels)
    for _ in range(ROUNDS):
        total, count = np.zeros(channels), np.zeros(channels)
        for exact, rounded in pairs:
            wanted = np.clip(exact.reshape(-1, channels), low, high)
            moved = rounded.reshape(-1, channels) - shift.astype(np.float32)
            passed = (moved > low) & (moved < high)
            total += np.where(passed, moved - wanted, 0).sum(axis=0, dtype=np.float64)
            count += passed.sum(axis=0)
        shift += total / np.maximum(count, 1)
    return shift
