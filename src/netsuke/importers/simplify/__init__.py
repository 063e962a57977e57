"""Float graphs as people write them → the same in fewer operators, before anything is built or quantised.

Frameworks spell one thing in many ways. What is said here in one operator has an integer form, fewer roundings and one
kernel; what it was spelled in may have none of these.
"""

from __future__ import annotations

from netsuke.importers.simplify.affine import affine_folded
from netsuke.importers.simplify.norms import norms_recognised
from netsuke.ir import Graph


def simplified(graph: Graph) -> Graph:
    """The graph with normalisations that are written out as one operator each, and with products and sums a channel
    folded into their neighbours. Values change by roundings of float32; what is quantised already is left alone."""
    return affine_folded(norms_recognised(graph))


__all__ = ["simplified"]
