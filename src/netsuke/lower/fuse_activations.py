"""A RELU behind an operator that can clamp becomes that operator's clamp."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar

from netsuke.ir import Args, DType, Graph, Node, TensorType
from netsuke.lower.passes import Outcome, bypass, can_bypass, rewrite
from netsuke.ops.activation import Activation, Clamp, clamp_of, full_clamp

CLAMPS = {"relu": Activation.RELU, "relu6": Activation.RELU6, "relu_n1_to_1": Activation.RELU_N1_TO_1}


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseActivations:
    """Exact when the activation keeps scale and zero point: it is then a clamp of stored values."""

    name: ClassVar[str] = "fuse-activations"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no RELU that keeps its quantisation stands behind an operator with a clamp"

    def run(self, graph: Graph) -> Outcome:
        """Rewrites every such pair."""
        return rewrite(graph, fuse)


def fuse(graph: Graph, node: Node) -> tuple[Graph, str] | None:
    """One activation and the operator before it."""
    activation = CLAMPS.get(node.op)
    before = graph.producers().get(node.inputs[0]) if activation is not None and node.inputs else None
    if (
        activation is None
        or before is None
        or not hasattr(before.args, "clamp")
        or not can_bypass(graph, node)
    ):
        return None
    source, result = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    alone = len(graph.consumers()[source.name]) == 1 and source.name not in graph.outputs
    if not alone or source.type != result.type:
        return None
    clamp = both(with_clamp(before.args), clamp_of(activation, result), result)
    fused = replace(before, args=replace(before.args, clamp=clamp))  # type: ignore[type-var]
    nodes = [fused if n is before else n for n in graph.nodes]
    return bypass(graph.with_(nodes=nodes), node), f"{before.name} clamps what {node.name} clamped"


def with_clamp(args: Args) -> Clamp | None:
    """The clamp of an operator's arguments."""
    assert any(f.name == "clamp" for f in fields(args))  # type: ignore[arg-type]
    clamp: Clamp | None = args.clamp  # type: ignore[attr-defined]
    return clamp


def both(first: Clamp | None, then: Clamp | None, kind: TensorType) -> Clamp | None:
    """Clamping by one range and then by another, as one range; ends cross over when the ranges are disjoint."""
    if first is None or then is None:
        return then if first is None else first
    low, high = full_clamp(then, kind)
    ends = min(max(first[0], low), high), min(max(first[1], low), high)
    return ends if kind.dtype is DType.FLOAT32 else (int(ends[0]), int(ends[1]))
