"""The fastest schedule within a budget of bytes, and all that are worth having.

A schedule is a path from the first step to behind the last, over segments; for a budget only segments that fit it
may be taken, and the cheapest path is the fastest schedule (the way msf-CNN, Huang and Ghribi 2025, looks for fusion
blocks). What it really needs is then planned; the estimate is corrected where it was too low.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netsuke.errors import DoesNotFit, UnsupportedModel
from netsuke.ops.program import Program, Step
from netsuke.ops.rows import is_image
from netsuke.plan import Plan, plan_within
from netsuke.plan.order import orders_of
from netsuke.schedule.budget import SMALLEST
from netsuke.schedule.segment import Segment
from netsuke.schedule.segments import FEW, Segments, limited_step
from netsuke.stream import Compactness, Forms, make_patches, make_stream
from netsuke.stream.compact import NoRoomError

COARSE, FINE = 0.02, 0.005
"""Of the bytes of a long program's schedule, and of any other's: what the next one has to save at least."""
WORK, LAST_WORK = 50, 6
"""Of a long program so much is done (see effort), and so much at the end of the curve, where a path saves little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`plan` is what becomes C; `cycles` is the estimate by which it was chosen."""

    segments: tuple[Segment, ...]
    plan: Plan
    cycles: float

    @property
    def nbytes(self) -> int:
        """Arena and states."""
        return self.plan.arena_bytes + self.plan.state_bytes


def fastest_path(segments: Sequence[Segment], steps: int, budget: int) -> tuple[Segment, ...] | None:
    """The cheapest path over segments of at most `budget` bytes; None when there is none."""
    best: list[tuple[float, int]] = [(float("inf"), 0)] * (steps + 1)
    back: list[Segment | None] = [None] * (steps + 1)
    best[0] = (0.0, 0)
    for each in sorted(segments, key=lambda s: (s.end, s.start)):
        if each.nbytes > budget:
            continue
        cost, most = best[each.start]
        reached = (cost + each.cycles, max(most, each.nbytes))
        if reached < best[each.end]:
            best[each.end], back[each.end] = reached, each
    if back[steps] is None:
        return None
    path: list[Segment] = []
    at = steps
    while at > 0:
        segment = back[at]
        assert segment is not None
        path.append(segment)
        at = segment.start
    return tuple(reversed(path))


Made = dict[Segment, tuple[Step, ...]]
"""The steps of segments: schedules that are compared have most of theirs in common."""


class NotMadeError(Exception):
    """No step can be made of a segment: its rows find no order in which they could lie."""

    def __init__(self, segment: Segment) -> None:
        super().__init__()
        self.segment = segment


def effort(path: Sequence[Segment], made: Made) -> int:
    """Of planning a path: 1, and the square of how many eights of layers of compact streams have to be made for it."""
    fresh = sum(s.end - s.start for s in path if s.compact is not None and s not in made)
    return 1 + (fresh // 8) ** 2


def alike(one: Segment, other: Segment) -> bool:
    """True for segments whose rows are the same: where those of one find no place, those of the other hardly do."""
    return (one.start, one.end, one.band, one.grid, one.compact) == (
        other.start,
        other.end,
        other.band,
        other.grid,
        other.compact,
    )


def realise(
    program: Program,
    forms: Forms,
    path: Sequence[Segment],
    made: Made,
    pushed: str | None = None,
    most: int | None = None,
) -> Schedule | None:
    """Makes the streams and patches, and plans the memory; None where the arena cannot be as small as `most` bytes.

    Raises:
        NotMadeError: when one of the segments cannot be made.
    """
    for segment in path:
        if segment not in made:
            try:
                made[segment] = steps_of(program, forms, segment, pushed)
            except (NoRoomError, UnsupportedModel) as error:
                raise NotMadeError(segment) from error
    steps = tuple(step for segment in path for step in made[segment])
    plan = plan_within(replace(program, steps=steps), most)
    if plan is None:
        return None
    return Schedule(segments=tuple(path), plan=plan, cycles=sum(s.cycles for s in path))


def steps_of(program: Program, forms: Forms, segment: Segment, pushed: str | None) -> tuple[Step, ...]:
    """The steps of one segment."""
    part = program.steps[segment.start : segment.end]
    nodes, limits = [step.node for step in part], segment.limits
    if segment.grid is not None:
        return (make_patches(program.graph, nodes, forms, segment.grid, limits[0] if limits else None),)
    if segment.band:
        taken = pushed if any(pushed in node.inputs for node in nodes) else None
        made = make_stream(
            program.graph,
            nodes,
            forms,
            segment.band,
            pushed=taken,
            compact=segment.compact,
            limits=limits,
        )
        return (made,)
    if not limits:
        return part
    return tuple(limited_step(step, forms, limit) for step, limit in zip(part, limits, strict=True))


def schedules(program: Program, forms: Forms, *, push: bool = False) -> Iterator[Schedule]:
    """From the fastest to the smallest: each smaller than all before it, by a share of FINE at least but for the last
    ones; of long programs by a share of COARSE, and with a bounded effort.

    The first is the one of whole layers, which a build without a budget has: its layers were counted, what streams and
    patches add is an estimate, and one that seems a little faster is not to be trusted when it saves no byte.

    push: the caller gives the input row by row, and the model never holds it.

    Raises:
        UnsupportedModel: when the input cannot be taken row by row.
    """
    pushed = input_to_push(program) if push else None
    program = in_best_order(program)
    segments = Segments(program, forms, pushed).all()
    budget = max((s.nbytes for s in segments), default=0)
    long = len(program.steps) > FEW
    coarse, left, last = (COARSE, WORK, LAST_WORK) if long else (FINE, 1 << 60, 1 << 60)
    smallest: int | None = None
    made: Made = {}
    while left > 0:
        path = None
        if smallest is None:
            path = fastest_path([s for s in segments if s.plain], len(program.steps), budget)
        path = path or fastest_path(segments, len(program.steps), budget)
        if path is None:
            if smallest is None or not coarse:
                break
            coarse, budget, left = 0.0, smallest - 1, last
            continue
        left -= effort(path, made) if smallest is not None else 0
        try:
            found = realise(program, forms, path, made, pushed, None if smallest is None else smallest - 1)
        except NotMadeError as error:
            segments = [s for s in segments if not alike(s, error.segment)]
            continue
        wrong = too_low(path, found)
        if wrong:
            real = None if found is None else found.nbytes
            segments = [corrected(s, real) if s in wrong else s for s in segments]
            continue
        if found is not None and (smallest is None or found.plan.arena_bytes < smallest):
            smallest = found.plan.arena_bytes
            yield found
        budget = max(s.nbytes for s in path) - 1
        if coarse and smallest is not None:
            budget = min(budget, int(smallest * (1 - coarse)))
    if smallest is None:
        raise UnsupportedModel(
            f"got a model whose input {pushed!r} cannot come row by row: only layers that go by rows may read it (see "
            "`netsuke ops`), and at least one layer must come behind them; build it without pushed rows"
        )


def in_best_order(program: Program) -> Program:
    """The program with its steps in the order that holds least: runs of neighbours are what is fused."""
    _, other, _ = orders_of(program.graph, program.steps)
    return program if other is None else replace(program, steps=other)


def too_low(path: Sequence[Segment], found: Schedule | None) -> set[Segment]:
    """Segments whose bytes may have been thought fewer than they are: those whose output lies over their rows, where
    what comes next does not let it lie there, and streams of line buffers, which share less where they are cut.

    found: what the path really needs, None where that is too much.
    """
    thought = max(segment.nbytes for segment in path)
    if found is not None and found.nbytes <= thought:
        return set()
    real = math.inf if found is None else found.nbytes
    return {s for s in path if s.band and lies_over(s.compact) and s.nbytes < real}


def lies_over(compact: Compactness | None) -> bool:
    """True for a stream whose bytes depend on where the planner can place its operands."""
    return compact is None or compact.growing or compact.draining


def corrected(segment: Segment, nbytes: int | None) -> Segment:
    """The segment with the bytes that it takes; with more than there can be where they are not known."""
    return replace(segment, nbytes=1 << 60 if nbytes is None else nbytes)


def input_to_push(program: Program) -> str:
    """The only input of the graph, an image.

    Raises:
        UnsupportedModel: when it is not.
    """
    graph = program.graph
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    if len(shapes) != 1 or not is_image(shapes[0]):
        raise UnsupportedModel(
            f"got inputs of shapes {[list(s) for s in shapes]}; "
            "rows can be pushed into one image [1, height, width, channels]"
        )
    return graph.inputs[0]


def fit(program: Program, forms: Forms, budget: int, *, push: bool = False) -> Schedule:
    """The fastest schedule of at most `budget` bytes of arena and states; the smallest one for SMALLEST.

    Raises:
        DoesNotFit: by how many bytes the smallest misses the budget, and which layer is the wall.
        UnsupportedModel: see `schedules`.
    """
    return pick(list(schedules(program, forms, push=push)), budget)


def pick(found: Sequence[Schedule], budget: int) -> Schedule:
    """Of schedules from the fastest to the smallest: see `fit`."""
    smallest = found[-1]
    if budget == SMALLEST:
        return smallest
    fitting = next((each for each in found if each.nbytes <= budget), None)
    if fitting is not None:
        return fitting
    name = smallest.plan.program.graph.name
    raise DoesNotFit(
        f"got a budget of {budget:,} bytes of RAM; the smallest schedule of {name!r} needs {smallest.nbytes:,}, "
        f"{smallest.nbytes - budget:,} more. The wall is {wall(smallest)}; "
        "give it more RAM, or make that layer's tensors smaller"
    )


def wall(schedule: Schedule) -> str:
    """The step at which most bytes are in use, in words."""
    plan = schedule.plan
    used = [bytes_at(plan, i) for i in range(len(plan.steps))]
    at = max(range(len(used)), key=lambda i: used[i])
    held = sorted((b for b in plan.buffers if b.first <= at <= b.last), key=lambda b: -b.nbytes)
    parts = ", ".join(f"{b.nbytes:,} for {b.label!r}" for b in held[:3])
    return f"{plan.steps[at].node.name!r} ({parts})"


def bytes_at(plan: Plan, step: int) -> int:
    """Bytes in use at a step; what lies over other things counts once."""
    total = reached = 0
    for start, end in sorted((b.offset, b.end) for b in plan.buffers if b.first <= step <= b.last):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
