"""A plan whose arena is split over several memories, since none of them holds it.

Of the orders and the ways of sharing that `planner` tries, the one of which the fewest bytes are read and written
outside the fastest memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.errors import DoesNotFit
from netsuke.ir import Graph
from netsuke.ops.program import Program, Step
from netsuke.plan.assign import Assignment, assign
from netsuke.plan.blocks import Puzzle
from netsuke.plan.check import check
from netsuke.plan.order import orders
from netsuke.plan.plan import ArenaPart, Plan
from netsuke.plan.planner import Draft, drafted, same
from netsuke.plan.storage import Storages, share

MOST_PARTS = 4
"""Memories that an arena is split over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`nbytes` of a memory that the arena may take."""

    memory: str
    nbytes: int


def make_split_plan(program: Program, rooms: Sequence[Room]) -> Plan:
    """Divides the arena among memories, the fastest first. Deterministic.

    Raises:
        DoesNotFit: when no division was found, with how many bytes are missing where that is known.
    """
    best: tuple[int, int, Draft, Assignment] | None = None
    least: int | None = None
    largest = ("", 0)
    for draft in drafts(program):
        puzzle = Puzzle(draft.blocks, draft.meetings)
        bound = puzzle.lower_bound()
        if least is None or bound < least:
            least = bound
            largest = max(
                ((b.label, b.nbytes) for b in draft.blocks), key=lambda one: one[1], default=largest
            )
        weights = accesses(program.graph, draft)
        found = assign(draft.blocks, draft.meetings, [room.nbytes for room in rooms], weights)
        if found is not None:
            total = sum(layout.nbytes for layout in found.layouts)
            if best is None or (found.cost, total) < best[:2]:
                best = (found.cost, total, draft, found)
    if best is None:
        raise DoesNotFit(refusal(rooms, least or 0, *largest))
    plan = finished(program.graph, best[2], best[3], rooms)
    check(plan)
    return plan


def drafts(program: Program) -> list[Draft]:
    """Every order and way of sharing, each once."""
    found: list[Draft] = []
    for steps in orders(program.graph, program.steps):
        tried: list[Storages] = []
        for parts, in_place in ((True, True), (True, False), (False, True), (False, False)):
            storages = share(program.graph, steps, parts=parts, in_place=in_place)
            if not any(same(storages, other) for other in tried):
                tried.append(storages)
                found.append(drafted(program, steps, storages))
    return found


def accesses(graph: Graph, draft: Draft) -> list[int]:
    """Bytes of each block that steps read and write: each input and output of a step once, its scratch twice as often
    as it reads its inputs, for it is filled again and again."""
    place = {t: i for i, block in enumerate(draft.blocks) for piece in block.pieces for t in piece.tensors}
    scratch = {block.label: i for i, block in enumerate(draft.blocks) if i >= len(draft.held)}
    found = [0] * len(draft.blocks)
    for step in draft.ran:
        for name in (*step.node.inputs, *step.node.outputs):
            if name in place:
                found[place[name]] += graph.tensors[name].nbytes
        if step.node.name in scratch:
            found[scratch[step.node.name]] += through_scratch(graph, step)
    return found


def through_scratch(graph: Graph, step: Step) -> int:
    """Bytes that a step writes to its scratch and reads again, as an estimate."""
    if step.fused is not None:
        inside = sum(graph.tensors[name].nbytes for one in step.inner for name in one.node.outputs)
        return 2 * max(step.scratch_bytes, inside)
    read = sum(graph.tensors[n].nbytes for n in step.node.inputs if n and not graph.tensors[n].is_constant)
    return 2 * max(step.scratch_bytes, read)


def finished(graph: Graph, draft: Draft, found: Assignment, rooms: Sequence[Room]) -> Plan:
    """The plan; memories that nothing went to are left out."""
    used = [i for i, layout in enumerate(found.layouts) if layout.nbytes]
    number = {old: new for new, old in enumerate(used)}
    parts = tuple(
        ArenaPart(
            memory=rooms[i].memory,
            nbytes=found.layouts[i].nbytes,
            capacity=rooms[i].nbytes,
            lower_bound=found.layouts[i].lower_bound,
        )
        for i in used
    )
    weights = accesses(graph, draft)
    return draft.finished(
        found.offsets,
        sum(part.nbytes for part in parts),
        sum(part.lower_bound for part in parts),
        arenas=[number[i] for i in found.memories],
        parts=parts,
        moved_bytes=sum(w for w, i in zip(weights, found.memories, strict=True) if i),
    )


def refusal(rooms: Sequence[Room], least: int, label: str, nbytes: int) -> str:
    """What is wrong, in words."""
    total = sum(room.nbytes for room in rooms)
    listed = ", ".join(f"{room.memory} {room.nbytes:,}" for room in rooms)
    if least > total:
        return (
            f"the arena needs at least {least:,} bytes at its fullest step, the memories have {total:,} for it "
            f"({listed}): {least - total:,} bytes too many; name a larger memory, or a budget that a smaller schedule "
            "keeps (--ram)"
        )
    return (
        f"the arena's buffers cannot be divided among {listed} bytes, though their fullest step needs only {least:,}: "
        f"each lies in one memory, and {label!r} takes {nbytes:,}; name a larger memory, or a budget that a smaller "
        "schedule keeps (--ram)"
    )
