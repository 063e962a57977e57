"""A PAD in front of a convolution becomes the convolution's own padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from netsuke.ir import Graph, Node, Tensor
from netsuke.lower.passes import Outcome, rewrite
from netsuke.ops.conv_geometry import Convolution
from netsuke.ops.geometry import Padding
from netsuke.ops.pad import Pad

CONVOLUTIONS = frozenset({"conv_2d", "depthwise_conv_2d"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPadding:
    """Exact when the pad value stands for zero, and the convolution adds no padding of another kind."""

    name: ClassVar[str] = "fold-padding"
    requires: ClassVar[str] = "a verified graph"
    ensures: ClassVar[str] = "no convolution reads a PAD of rows and columns with zeros"

    def run(self, graph: Graph) -> Outcome:
        """Rewrites every convolution that reads such a PAD; the PAD goes when nobody else reads it."""
        return rewrite(graph, fold)


def fold(graph: Graph, node: Node) -> tuple[Graph, str] | None:
    """One convolution."""
    if (
        node.op not in CONVOLUTIONS
        or not isinstance(node.args, Convolution)
        or node.args.padding is Padding.SAME
    ):
        return None
    pad = graph.producers().get(node.inputs[0])
    if (
        pad is None
        or not isinstance(pad.args, Pad)
        or not pads_with_zeros(pad.args, graph.tensors[pad.outputs[0]])
    ):
        return None
    if graph.tensors[pad.inputs[0]].quantization != graph.tensors[pad.outputs[0]].quantization:
        return None
    rows, columns = pad.args.amounts[1], pad.args.amounts[2]
    own = node.args.explicit if node.args.padding is Padding.EXPLICIT else ((0, 0), (0, 0))
    explicit = ((rows[0] + own[0][0], rows[1] + own[0][1]), (columns[0] + own[1][0], columns[1] + own[1][1]))
    args = replace(node.args, padding=Padding.EXPLICIT, explicit=explicit)
    folded = replace(node, inputs=(pad.inputs[0], *node.inputs[1:]), args=args)
    nodes = [folded if n is node else n for n in graph.nodes]
    if len(graph.consumers()[pad.outputs[0]]) == 1 and pad.outputs[0] not in graph.outputs:
        nodes = [n for n in nodes if n is not pad]
    return graph.with_(nodes=nodes), f"{node.name} pads by itself what {pad.name} padded"


def pads_with_zeros(args: Pad, padded: Tensor) -> bool:
    """True for a PAD of an NHWC image's rows and columns with the stored value of zero."""
    zero = padded.zero_point if padded.quantization is not None else 0
    return len(args.amounts) == 4 and args.amounts[0] == args.amounts[3] == (0, 0) and args.value == zero
