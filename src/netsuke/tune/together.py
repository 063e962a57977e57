"""Kernels for several models of one image: what they share must be chosen, or kept apart, together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from netsuke.ops.program import Program, bind
from netsuke.tune.size import least_flash
from netsuke.tune.table import Row, Table
from netsuke.tune.tuner import Tuner


def programs_together(tuners: Sequence[Tuner], goal: str) -> tuple[Program, ...]:
    """The models with their kernels for a goal: for size the smallest image, else each as fast as by itself."""
    if goal == "size":
        return smallest_programs(tuners)
    return as_if_alone([tuner.program(goal) for tuner in tuners])


def as_if_alone(programs: Sequence[Program]) -> tuple[Program, ...]:
    """Layers that alone in their model call a kernel get a copy of their own where another model calls it too.

    A compiler inlines a function that is called in one place, its sizes as constants; beside another model's call it
    would no longer, and the first layer of a network can then take half as long again.
    """
    calls = [
        Counter(call.kernel.name for step in program.steps for call in step.every_call)
        for program in programs
    ]
    users = Counter(name for counter in calls for name in counter)
    return tuple(
        replace(program, expanded=program.expanded | sole_callers(program, own, users))
        for program, own in zip(programs, calls, strict=True)
    )


def sole_callers(program: Program, own: Counter[str], users: Counter[str]) -> frozenset[str]:
    """Names of the nodes all of whose kernels they alone call in their model, and some other model calls too."""
    return frozenset(
        step.node.name
        for step in program.steps
        if step.calls
        and all(own[call.kernel.name] == 1 for call in step.calls)
        and any(users[call.kernel.name] > 1 for call in step.calls)
    )


def smallest_programs(tuners: Sequence[Tuner]) -> tuple[Program, ...]:
    """The models with the kernels whose image is smallest, each kernel counted once however many models use it."""
    tables = [tuner.table("size") for tuner in tuners]
    rows = tuple(
        replace(row, name=joint_name(i, row)) for i, table in enumerate(tables) for row in table.rows
    )
    picked, expanded = least_flash(Table(graph=tables[0].graph, rows=rows, others={}))
    return tuple(
        bind(
            tuner.graph,
            tuner.core.isa,
            small=True,
            choice={row.name: picked[joint_name(i, row)].step.kernel for row in table.rows},
            expanded=frozenset(row.name for row in table.rows if joint_name(i, row) in expanded),
        )
        for i, (tuner, table) in enumerate(zip(tuners, tables, strict=True))
    )


def joint_name(model: int, row: Row) -> str:
    """A name for the row among those of all models."""
    return f"{model}:{row.name}"
