"""Holds a plan against its promises, independently of how it was made."""

from __future__ import annotations

from itertools import combinations

from netsuke.ops.program import Step
from netsuke.plan.plan import Buffer, Plan, Space

Bytes = tuple[int, int, int]
"""(part of the arena, first byte, first byte after)."""


def check(plan: Plan) -> None:
    """Every buffer inside the arena and aligned; no two that live at once overlapping but where a kernel allows it.

    Raises:
        AssertionError: naming the buffers; a plan that fails is a bug of ours, not the user's.
    """
    for buffer in plan.buffers:
        if buffer.offset < 0 or buffer.end > plan.arenas[buffer.arena] or buffer.offset % buffer.alignment:
            raise AssertionError(
                f"buffer {buffer.label!r} at {buffer.offset}..{buffer.end} is outside or misaligned"
            )
    for one, other in combinations(plan.buffers, 2):
        if one.lives_with(other) and one.overlaps(other) and not one_memory(plan, one, other):
            first, second = (one, other) if one.first < other.first else (other, one)
            scratch = any(
                may(plan, *pair) for may in (grows_over, drains) for pair in ((one, other), (other, one))
            )
            if not scratch and not hands_over(plan, first, second):
                raise AssertionError(
                    f"buffers {one.label!r} and {other.label!r} overlap while both are in use"
                )
    for step in plan.steps:
        check_step(plan, step)


def one_memory(plan: Plan, one: Buffer, other: Buffer) -> bool:
    """True for a tensor and a part of it: one lies within the other, and a step that needs no code relates them."""
    inside = one.arena == other.arena and min(one.nbytes, other.nbytes) == min(one.end, other.end) - max(
        one.offset, other.offset
    )
    large, small = (one, other) if one.nbytes >= other.nbytes else (other, one)
    return inside and bool(set(large.tensors) & wholes(plan, small))


def wholes(plan: Plan, part: Buffer) -> set[str]:
    """The buffer's tensors, and those that they are parts of: a part of a part is one of the whole."""
    sizes = plan.program.graph.tensors
    found = set(part.tensors)
    nodes = [node for node in plan.program.graph.nodes if node.name in plan.dropped]
    while True:
        larger = {
            b
            for node in nodes
            for near, far in ((node.inputs, node.outputs), (node.outputs, node.inputs))
            for a in near
            for b in far
            if a in found and b in sizes and sizes[b].nbytes >= sizes[a].nbytes
        }
        if larger <= found:
            return found
        found |= larger


def hands_over(plan: Plan, dying: Buffer, born: Buffer) -> bool:
    """True when the one's last step is the other's first, and that step's kernel lets them lie so."""
    if dying.last != born.first or not 0 <= born.first < len(plan.steps):
        return False
    step = plan.steps[born.first]
    read = set(dying.tensors) & set(step.node.inputs)
    return bool(read) and step.node.outputs[0] in born.tensors


def grows_over(plan: Plan, scratch: Buffer, born: Buffer) -> bool:
    """True for a step's scratch and the output that it lets lie over it so."""
    if scratch.tensors or scratch.first != born.first:
        return False
    step = plan.steps[scratch.first]
    claim = step.over_scratch
    mine = scratch.label == step.node.name and step.node.outputs[0] in born.tensors
    return mine and claim is not None and claim.allows(born.offset - scratch.offset)


def drains(plan: Plan, scratch: Buffer, dying: Buffer) -> bool:
    """True for a step's scratch and the input over which it may lie so."""
    if scratch.tensors or scratch.first != dying.last:
        return False
    step = plan.steps[scratch.first]
    claim = step.draining
    if claim is None or scratch.label != step.node.name:
        return False
    return step.node.inputs[claim.input] in dying.tensors and claim.allows(scratch.offset - dying.offset)


def check_step(plan: Plan, step: Step) -> None:
    """A step's outputs and scratch share no byte with its inputs but as its kernel allows.

    Raises:
        AssertionError: naming the step and the tensors.
    """
    claims = {claim.input: claim for claim in step.overlaps}
    outputs = [region(plan, name) for name in step.node.outputs]
    for position, name in enumerate(step.node.inputs):
        if not name or plan.places[name].space in (Space.FLASH, Space.STATE):
            continue
        read = region(plan, name)
        scratch = plan.scratch.get(step.node.name)
        part = plan.scratch_arena.get(step.node.name, 0)
        under = step.draining if step.draining is not None and step.draining.input == position else None
        allowed = under is not None and scratch is not None and read and under.allows(scratch - read[1])
        over_input = scratch is not None and meet(read, (part, scratch, scratch + step.scratch_bytes))
        if over_input and not allowed:
            raise AssertionError(f"step {step.node.name!r}: its scratch lies over its input {name!r}")
        for number, written in enumerate(outputs):
            if written is None or read is None or not meet(read, written):
                continue
            claim = claims.get(position) if number == 0 else None
            if claim is None or not claim.allows(written[1] - read[1]):
                raise AssertionError(
                    f"step {step.node.name!r}: output {step.node.outputs[number]!r} at {written[1]} lies over input "
                    f"{name!r} at {read[1]}, which its kernel does not allow"
                )


def region(plan: Plan, tensor: str) -> Bytes | None:
    """A tensor's bytes in the arena; None elsewhere."""
    place = plan.places[tensor]
    if place.space in (Space.FLASH, Space.STATE):
        return None
    return place.arena, place.offset, place.offset + plan.program.graph.tensors[tensor].nbytes


def meet(one: Bytes | None, other: Bytes | None) -> bool:
    """True when they share a byte."""
    if one is None or other is None or one[0] != other[0]:
        return False
    return one[1] < other[2] and other[1] < one[2]
