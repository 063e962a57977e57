"""The least flash of an image of several models: they share kernels, so that they are chosen together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netsuke.ops.program import Program, bind
from netsuke.tune.size import least_flash
from netsuke.tune.table import Row, Table
from netsuke.tune.tuner import Tuner


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
