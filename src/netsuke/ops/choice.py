"""All the kernels that can compute a node on a core: what a choice is made from."""

from __future__ import annotations

from netsuke.boards import Isa
from netsuke.ir import Graph, Node
from netsuke.ops.kernel import Kernel
from netsuke.ops.registry import operator, site


def candidates(graph: Graph, node: Node, isa: Isa = Isa.NONE) -> tuple[Kernel, ...]:
    """The kernels that accept the node and that the core can run, in the operator's order of preference.

    Where weights have four or two bits, and some kernel keeps them packed, only such kernels are; a core with Helium
    may still have them unpacked in flash, since the packed kernels are scalar.

    Raises:
        GraphError: when the node breaks a rule of its operator.
    """
    found = site(graph, node)
    here = (kernel for kernel in operator(node.op).kernels if kernel.needs in isa)
    accepting = tuple(kernel for kernel in here if kernel.accepts(found))
    packed = tuple(kernel for kernel in accepting if kernel.packs)
    return packed if packed and Isa.MVE not in isa else accepting
