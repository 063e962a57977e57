"""Steps that only move whole tensors: concatenation, pack, split and slice along the outermost axis.

They need no code where the small tensors are planned as parts of the large one.
"""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.ir import Graph
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.program import Step
from netsuke.ops.state import CopyArgs
from netsuke.plan.plan import ALIGNMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Input or output number `index` of a step, and where it begins in the large tensor, in bytes."""

    index: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A plain copy; offsets in bytes."""

    source: int
    source_offset: int
    target: int
    target_offset: int
    nbytes: int


def moves(graph: Graph, step: Step) -> list[Move]:
    """The step's copies; none where it does anything else."""
    found = [move(graph, step, call) for call in step.calls]
    return [m for m in found if m is not None] if None not in found else []


def move(graph: Graph, step: Step, call: Call) -> Move | None:
    """The call as a plain copy from an input to an output."""
    if not isinstance(call.args, CopyArgs) or len(call.pointers) != 2:
        return None
    source, target = call.pointers
    if not isinstance(source, Input) or not isinstance(target, Output):
        return None
    return Move(
        source=source.index,
        source_offset=source.offset * graph.tensors[step.node.inputs[source.index]].dtype.size,
        target=target.index,
        target_offset=target.offset * graph.tensors[step.node.outputs[target.index]].dtype.size,
        nbytes=call.args.nbytes,
    )


def aligned(graph: Graph, tensor: str, offset: int) -> bool:
    """Whether a tensor may begin there."""
    return offset % max(ALIGNMENT, graph.tensors[tensor].dtype.size) == 0


def scattered(graph: Graph, step: Step) -> tuple[Part, ...]:
    """The outputs as parts of input 0; none unless each is one copy of a part of it."""
    found = moves(graph, step)
    outputs = step.node.outputs
    whole = [
        m
        for m in found
        if m.source == 0 and m.target_offset == 0 and m.nbytes == graph.tensors[outputs[m.target]].nbytes
    ]
    if len(whole) < len(found) or sorted(m.target for m in found) != list(range(len(outputs))):
        return ()
    if not all(aligned(graph, outputs[m.target], m.source_offset) for m in found):
        return ()
    return tuple(Part(index=m.target, offset=m.source_offset) for m in found)


def gathered(graph: Graph, step: Step) -> tuple[Part, ...]:
    """The inputs as parts of the one output; none unless each is one copy of all of it."""
    found = moves(graph, step)
    inputs = step.node.inputs
    whole = [m for m in found if m.source_offset == 0 and m.nbytes == graph.tensors[inputs[m.source]].nbytes]
    if len(step.node.outputs) != 1 or len(whole) < len(found):
        return ()
    if not all(aligned(graph, inputs[m.source], m.target_offset) for m in found):
        return ()
    return tuple(Part(index=m.source, offset=m.target_offset) for m in found)
