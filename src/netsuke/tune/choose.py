"""The best kernels for a goal. Where nothing was measured, the operators' order of preference holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netsuke.ops.kernel import Kernel
from netsuke.tune.expand import expanded_for_speed
from netsuke.tune.size import least_flash
from netsuke.tune.table import Candidate, Row, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What `ops.bind` is told: a kernel for each node, and the nodes whose kernels are expanded into their layers."""

    kernels: Mapping[str, Kernel]
    expanded: frozenset[str]


def choose(table: Table, goal: str) -> Choice:
    """The choice for "speed", "size" or "ram".

    speed: the fewest cycles of every layer; ties go to less scratch, then to less flash. size: the least flash of the
    whole image, kernels being shared between layers, none of them far slower than a layer's fastest. ram: as speed;
    what makes the arena small is the schedule (netsuke.schedule), with leaner kernels where it needs them.
    """
    picked, expanded = picks(table, goal)
    return Choice(kernels={name: one.step.kernel for name, one in picked.items()}, expanded=expanded)


def picks(table: Table, goal: str) -> tuple[dict[str, Candidate], frozenset[str]]:
    """(candidate by layer, layers whose kernel is expanded): see `choose`."""
    if goal == "size":
        return least_flash(table)
    picked = {row.name: fastest(row) for row in table.rows}
    return picked, expanded_for_speed(list(picked.values()))


def fastest(row: Row) -> Candidate:
    """The fewest cycles of those that were measured; the first choice when it was not."""
    if row.candidates[0].cost is None:
        return row.candidates[0]
    return min((c for c in row.candidates if c.cost is not None), key=speed_order)


def speed_order(candidate: Candidate) -> tuple[int, int, int]:
    """Smaller is better."""
    assert candidate.cost is not None
    return candidate.cost.cycles, candidate.step.scratch_bytes, candidate.constant_bytes + candidate.cost.code
