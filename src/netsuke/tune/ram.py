"""The smallest arena that the candidates allow.

Scratch counts only where memory is short, and a kernel that works in place can be worth more than one without scratch:
so whole plans are compared. From every layer's leanest candidate and from the fastest ones, layers change as long as
the arena shrinks; then every layer goes back to its fastest candidate where that costs no byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuke.plan import Plan, make_plan
from netsuke.tune.table import Candidate, Row, Table

Picked = dict[str, Candidate]


def least_ram(table: Table, fastest: Picked) -> Picked:
    """Candidate by layer."""
    lean = {row.name: min(row.candidates, key=lambda c: c.step.scratch_bytes) for row in table.rows}
    starts = [shrunk(table, start) for start in (fastest, lean)]
    size, picked = min(starts, key=lambda found: found[0])
    wanted = {name: one for name, one in fastest.items() if picked[name] is not one}
    names = sorted(wanted, key=lambda name: -gain(picked[name], wanted[name]))
    return restored(table, picked, wanted, names, size)


def arena(table: Table, picked: Mapping[str, Candidate]) -> int:
    """Bytes of arena of the whole model."""
    return make_plan(table.program(picked)).arena_bytes


def gain(slow: Candidate, fast: Candidate) -> int:
    """Cycles that the faster one saves; 0 where they are not known."""
    return slow.cost.cycles - fast.cost.cycles if slow.cost is not None and fast.cost is not None else 0


def shrunk(table: Table, picked: Picked) -> tuple[int, Picked]:
    """(arena, candidates): the layers at the peak take, one after the other, the candidate with the smallest arena;
    until none of them has a better one."""
    plan = make_plan(table.program(picked))
    for row in at_peak(table, plan):
        size, better = best_of(table, picked, row)
        if size < plan.arena_bytes:
            return shrunk(table, better)
    return plan.arena_bytes, picked


def at_peak(table: Table, plan: Plan) -> list[Row]:
    """The rows whose layers run while the highest byte of the arena is in use: the arena cannot shrink without them."""
    top = [b for b in plan.buffers if b.end == plan.arena_bytes]
    steps = enumerate(plan.steps)
    names = {step.node.name for i, step in steps if any(b.first <= i <= b.last for b in top)}
    return [row for row in table.rows if row.name in names]


def best_of(table: Table, picked: Picked, row: Row) -> tuple[int, Picked]:
    """The smallest arena over one layer's candidates; of equals the first."""
    trials = [{**picked, row.name: one} for one in distinct(row, picked[row.name])]
    return min(((arena(table, trial), trial) for trial in trials), key=lambda found: found[0])


def distinct(row: Row, now: Candidate) -> list[Candidate]:
    """The candidates that a planner can tell apart: by scratch, and by what they may overwrite."""
    seen: dict[object, Candidate] = {}
    for one in (now, *row.candidates):
        seen.setdefault((one.step.scratch_bytes, memory_claims(one)), one)
    return list(seen.values())


def memory_claims(candidate: Candidate) -> object:
    """What the kernel says of sharing memory."""
    step = candidate.step
    return step.overlaps


def restored(
    table: Table, picked: Picked, wanted: Mapping[str, Candidate], names: Sequence[str], size: int
) -> Picked:
    """As many of the layers as the arena allows get what they want: all at once, else half by half."""
    if not names:
        return picked
    trial = {**picked, **{name: wanted[name] for name in names}}
    if arena(table, trial) <= size:
        return trial
    if len(names) == 1:
        return picked
    half = len(names) // 2
    first = restored(table, picked, wanted, names[:half], size)
    return restored(table, first, wanted, names[half:], size)
