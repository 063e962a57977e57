"""Adjacent requantisations become one, or none, where that changes no result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType, Graph, Node, Tensor
from netsuke.lower.passes import Outcome, bypass, can_bypass, rewrite
from netsuke.ops import operator
from netsuke.ops.operator import Site

REQUANTIZE = frozenset({"quantize", "dequantize"})
SMALL = (DType.INT8, DType.UINT8)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequantize:
    """Two steps become one only if all 256 values of the first input come out the same: proof by trying them."""

    name: ClassVar[str] = "merge-requantize"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no quantize keeps scale and zero point; no pair of them could be one, exactly"

    def run(self, graph: Graph) -> Outcome:
        """Rewrites until nothing changes."""
        return rewrite(graph, merge)


def merge(graph: Graph, node: Node) -> tuple[Graph, str] | None:
    """One quantize or dequantize and the one before it."""
    if node.op not in REQUANTIZE:
        return None
    source, result = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    if source.type == result.type and can_bypass(graph, node):
        return bypass(graph, node), f"removed {node.name}: same scale and zero point on both sides"
    before = graph.producers().get(source.name)
    if before is None or before.op not in REQUANTIZE or node.op != "quantize":
        return None
    first = graph.tensors[before.inputs[0]]
    if first.dtype not in SMALL or result.dtype is DType.FLOAT32:
        return None
    direct = replace(node, inputs=before.inputs)
    wanted = apply(node, source, result, apply(before, first, source, every_value(first.dtype)))
    if first.type != result.type and not (
        supported(direct, first, result)
        and np.array_equal(apply(direct, first, result, every_value(first.dtype)), wanted)
    ):
        return None
    if first.type == result.type and not np.array_equal(every_value(first.dtype), wanted):
        return None
    return graph.with_(nodes=[direct if n is node else n for n in graph.nodes]), (
        f"{node.name} reads {first.name!r} directly: the step over {source.dtype.value} changes no value"
    )


def every_value(dtype: DType) -> Array:
    """All values of an 8-bit type, as shape [256]."""
    low, high = dtype.range
    return np.arange(low, high + 1).astype(dtype.numpy)


def flat(tensor: Tensor) -> Tensor:
    """The tensor's type with shape [256]."""
    return replace(tensor, shape=(256,), data=None)


def site_for(node: Node, source: Tensor, result: Tensor) -> Site[object]:  # type: ignore[type-var]
    """The node between 256 values and 256 results."""
    return Site(node=node, inputs=(flat(source),), outputs=(flat(result),))


def supported(node: Node, source: Tensor, result: Tensor) -> bool:
    """True when the operator takes these types."""
    constraints: tuple[Callable[..., str | None], ...] = operator(node.op).constraints
    site = site_for(node, source, result)
    return all(constraint(site) is None for constraint in constraints)


def apply(node: Node, source: Tensor, result: Tensor, values: Array) -> Array:
    """The operator's reference on 256 values."""
    return operator(node.op).reference(site_for(node, source, result), [values])[0]
