"""Products and sums with a constant a channel: folded into the layer before or behind, else one operator.

Batch normalisation away from its convolution, scale and shift of layer normalisation, layer scale, normalised inputs,
biases of their own. What cannot be folded is a depthwise convolution of 1 x 1: a weight and a bias a channel, one
rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.importers.simplify.graphs import Draft, constant, limits
from netsuke.importers.simplify.norms import live
from netsuke.ir import Array, Graph, Node, Tensor
from netsuke.ops.activation import Clamp
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.geometry import Padding
from netsuke.ops.reshape import Reshape

OUTPUT_AXIS = {"conv_2d": 0, "depthwise_conv_2d": 3, "fully_connected": 0, "transpose_conv": 0}
"""Layers with weights as input 1 and a bias as input 2: where their output channels run."""
INPUT_AXIS = {"conv_2d": 3, "depthwise_conv_2d": 3, "fully_connected": 1}
"""Layers into which what stands before them can be folded: where their input channels run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """y = scale x + shift along the last axis, then a clamp; float64 [channels], or one number for all."""

    source: str
    y: str
    scale: Array
    shift: Array
    nodes: tuple[Node, ...]
    """First to last."""
    clamp: Clamp | None = None

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        return bool((self.scale == 1).all() and (self.shift == 0).all()) and self.clamp is None


def affine_folded(graph: Graph) -> Graph:
    """The graph with every chain of such steps folded or made one; what is quantised is left alone."""
    draft, at = Draft.of(graph), 0
    while at < len(draft.graph.nodes):
        found = chain_from(draft, draft.graph.nodes[at])
        changed = None if found is None else made(draft, found)
        draft, at = (draft, at + 1) if changed is None else (changed, max(at - 1, 0))
    return live(draft.graph)


def made(draft: Draft, chain: Affine) -> Draft | None:
    """The graph with the chain folded; None where it stays."""
    if chain.idle and chain.y not in draft.graph.outputs:
        readers = draft.readers.get(chain.y, [])
        put = {
            r.name: [replace(r, inputs=tuple(chain.source if n == chain.y else n for n in r.inputs))]
            for r in readers
        }
        return draft.changed(chain.nodes, put)
    folded = into_producer(draft, chain) or into_readers(draft, chain)
    several = chain.shift.any() and max(chain.scale.size, chain.shift.size) > 1
    return as_depthwise(draft, chain) if folded is None and several else folded


def step_of(draft: Draft, node: Node) -> Affine | None:
    """One product, sum, difference or quotient with a constant a channel."""
    if node.op not in ("mul", "add", "sub", "div") or len(node.inputs) != 2:
        return None
    values = [draft.data(n) for n in node.inputs]
    at = next((i for i, v in enumerate(values) if v is not None), None)
    y = draft.graph.tensors[node.outputs[0]]
    if at is None or None not in [v if v is None else 0 for v in values] or (node.op == "div" and at == 0):
        return None
    source, data = node.inputs[1 - at], values[at]
    assert data is not None
    along = data.size == 1 or (data.shape[-1:] == y.shape[-1:] and data.size == data.shape[-1])
    if not along or draft.graph.tensors[source].shape != y.shape or not y.shape or not draft.is_real(y.name):
        return None
    if not draft.is_real(source) or not np.isfinite(data).all():
        return None
    number = data.reshape(-1).astype(np.float64)
    one, none = np.ones(1), np.zeros(1)
    scale, shift = {
        "mul": (number, none), "add": (one, number), "div": (1 / number if number.all() else none, none),
        "sub": (one, -number) if at == 1 else (-one, number),
    }[node.op]  # fmt: skip
    if node.op == "div" and not number.all():
        return None
    return Affine(
        source=source, y=y.name, scale=scale, shift=shift, nodes=(node,), clamp=limits(node)
    )  # fmt: skip


def chain_from(draft: Draft, node: Node) -> Affine | None:
    """The longest run of such steps from a node on, when it is the first of its run."""
    chain = step_of(draft, node)
    if chain is None or preceded(draft, chain):
        return None
    while chain.clamp is None and draft.alone(chain.y):
        then = step_of(draft, draft.readers[chain.y][0])
        if then is None or then.source != chain.y:
            break
        chain = Affine(
            source=chain.source, y=then.y, scale=then.scale * chain.scale,
            shift=then.scale * chain.shift + then.shift, nodes=(*chain.nodes, *then.nodes), clamp=then.clamp,
        )  # fmt: skip
    return chain


def preceded(draft: Draft, chain: Affine) -> bool:
    """Whether the step before is part of the same chain."""
    before = draft.producers.get(chain.source)
    step = None if before is None else step_of(draft, before)
    return step is not None and step.clamp is None and draft.alone(step.y)


def into_producer(draft: Draft, chain: Affine) -> Draft | None:
    """Folded into the weights of the layer before, which nothing else reads."""
    layer = draft.producers.get(chain.source)
    if layer is None or layer.op not in OUTPUT_AXIS or not draft.alone(chain.source) or limits(layer):
        return None
    weights, bias = weights_of(draft, layer)
    if weights is None or bias is None:
        return None
    axis = OUTPUT_AXIS[layer.op]
    count = weights.shape[axis]
    if max(chain.scale.size, chain.shift.size) not in (1, count):
        return None
    scale, shift = (np.broadcast_to(v, count) for v in (chain.scale, chain.shift))
    shape = [-1 if a == axis else 1 for a in range(weights.ndim)]
    node, tensors = with_weights(draft, layer, weights * scale.reshape(shape), bias * scale + shift)
    args: Any = replace(layer.args, clamp=chain.clamp)  # type: ignore[type-var]
    put = {layer.name: [replace(node, outputs=(chain.y,), args=args)]}
    return draft.changed(chain.nodes, put, tensors)


def into_readers(draft: Draft, chain: Affine) -> Draft | None:
    """Folded into the weights of every layer behind, when only such layers read it."""
    readers = draft.readers.get(chain.y, [])
    if chain.clamp is not None or not readers or chain.y in draft.graph.outputs:
        return None
    put: dict[str, list[Node]] = {}
    added: list[Tensor] = []
    for layer in readers:
        done = before_layer(draft, chain, layer)
        if done is None:
            return None
        put[layer.name] = [done[0]]
        added += done[1]
    return draft.changed(chain.nodes, put, added)


def before_layer(draft: Draft, chain: Affine, layer: Node) -> tuple[Node, list[Tensor]] | None:
    """One layer that reads the chain's source, and its new constants."""
    if layer.op not in INPUT_AXIS or layer.inputs[0] != chain.y or chain.y in layer.inputs[1:]:
        return None
    weights, bias = weights_of(draft, layer)
    channels = draft.graph.tensors[chain.source].shape[-1]
    if weights is None or bias is None or weights.shape[INPUT_AXIS[layer.op]] % channels:
        return None
    each = weights.shape[INPUT_AXIS[layer.op]] // channels
    if each != 1 and layer.op != "depthwise_conv_2d":
        return None
    if chain.shift.any() and pads(layer, weights):
        return None
    scale, shift = (np.repeat(np.broadcast_to(v, channels), each) for v in (chain.scale, chain.shift))
    axes = (1, 2) if layer.op == "depthwise_conv_2d" else tuple(range(1, weights.ndim))
    moved = (weights * shift).sum(axis=axes).reshape(-1)
    node, tensors = with_weights(draft, layer, weights * scale, bias + moved)
    return replace(node, inputs=(chain.source, *node.inputs[1:])), tensors


def pads(layer: Node, weights: Array) -> bool:
    """Whether zeros are put around what a layer reads."""
    args: Any = layer.args
    padding = getattr(args, "padding", Padding.VALID)
    if padding is Padding.EXPLICIT:
        return any(map(any, args.explicit))
    return bool(padding is Padding.SAME and max(weights.shape[1:3]) > 1)


def as_depthwise(draft: Draft, chain: Affine) -> Draft:
    """One weight and one bias a channel."""
    y = draft.graph.tensors[chain.y]
    channels = y.shape[-1]
    image = (1, 1, y.elements // channels, channels)
    flat = len(y.shape) != 4 or y.shape[0] != 1
    last = chain.nodes[-1].name
    names = [draft.fresh(f"{chain.y}_{part}") for part in ("weights", "bias", "rows", "image")]
    tensors = [
        constant(names[0], np.broadcast_to(chain.scale, channels).reshape(1, 1, 1, channels)),
        constant(names[1], np.broadcast_to(chain.shift, channels)),
    ]
    source, result = (names[2], names[3]) if flat else (chain.source, chain.y)
    args = DepthwiseConv2d(clamp=chain.clamp)
    nodes = [
        Node(op="depthwise_conv_2d", name=last, inputs=(source, *names[:2]), outputs=(result,), args=args)
    ]
    if flat:
        tensors += [Tensor(name=n, shape=image, dtype=y.dtype) for n in names[2:]]
        view, back = Reshape(shape=image), Reshape(shape=y.shape)
        first = Node(op="reshape", name=f"{last}_rows", inputs=(chain.source,), outputs=(source,), args=view)
        end = Node(op="reshape", name=f"{last}_back", inputs=(result,), outputs=(chain.y,), args=back)
        nodes = [first, *nodes, end]
    return draft.changed(chain.nodes[:-1], {last: nodes}, tensors)


def weights_of(draft: Draft, layer: Node) -> tuple[Array | None, Array | None]:
    """Constant weights and bias (zeros where there is none), float64; None for what is computed."""
    weights = draft.data(layer.inputs[1])
    if weights is None or not draft.is_real(layer.inputs[1]):
        return None, None
    if len(layer.inputs) < 3 or not layer.inputs[2]:
        return weights.astype(np.float64), np.zeros(weights.shape[OUTPUT_AXIS[layer.op]])
    bias = draft.data(layer.inputs[2])
    return weights.astype(np.float64), None if bias is None else bias.reshape(-1).astype(np.float64)


def with_weights(draft: Draft, layer: Node, weights: Array, bias: Array) -> tuple[Node, list[Tensor]]:
    """The layer with other constants, under names of their own: others may read the old ones."""
    given = [*layer.inputs, ""][:3]
    names = [draft.fresh(f"{given[1]}_folded"), draft.fresh(f"{given[2] or given[1] + '_bias'}_folded")]
    tensors = [constant(names[0], weights), constant(names[1], bias)]
    return replace(layer, inputs=(layer.inputs[0], *names)), tensors
