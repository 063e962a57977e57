"""The passes in their order: a graph as imported becomes one that kernels can run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.ir import Graph, verify
from netsuke.lower.fold_constants import FoldConstants
from netsuke.lower.fold_dilation import FoldDilation
from netsuke.lower.fold_padding import FoldPadding
from netsuke.lower.fuse_activations import FuseActivations
from netsuke.lower.fuse_functions import FuseFunctions
from netsuke.lower.merge_requantize import MergeRequantize
from netsuke.lower.passes import Pass
from netsuke.lower.remove_dead_channels import RemoveDeadChannels
from netsuke.lower.remove_unused import RemoveUnused
from netsuke.lower.separate_outputs import SeparateOutputs
from netsuke.lower.simplify_reshapes import SimplifyReshapes
from netsuke.ops import site

PASSES: tuple[Pass, ...] = (
    RemoveUnused(),
    FoldConstants(),
    SimplifyReshapes(),
    FoldPadding(),
    FuseActivations(),
    MergeRequantize(),
    FuseFunctions(),
    RemoveDeadChannels(),
    FoldDilation(),
    SimplifyReshapes(),
    RemoveUnused(),
    SeparateOutputs(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one pass did: lines in words, none when it left the graph alone."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """The graph after all passes, and what each of them did."""

    graph: Graph
    changes: tuple[Change, ...]


def lower(graph: Graph, passes: Sequence[Pass] = PASSES) -> Lowered:
    """Runs the passes; the graph is verified after each, operators' rules included.

    Raises:
        GraphError: when the graph itself breaks a rule. After a pass it would be a bug of the pass.
    """
    changes: list[Change] = []
    check(graph)
    for each in passes:
        outcome = each.run(graph)
        if outcome.changes:
            graph = outcome.graph
            check(graph)
        changes.append(Change(name=each.name, lines=outcome.changes))
    return Lowered(graph=graph, changes=tuple(changes))


def check(graph: Graph) -> None:
    """Structure, then every node's own rules."""
    verify(graph)
    for node in graph.nodes:
        site(graph, node)
