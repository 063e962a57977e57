"""Schedules and streams of the planner become the values that reports show."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.boards import Board
from netsuke.ops.program import Step
from netsuke.report.schedules import LineResult, Point, StreamResult, Survey, choose, curve
from netsuke.schedule import Schedule
from netsuke.schedule.choose import wall
from netsuke.stream.make import StreamArgs
from netsuke.stream.patches import PatchArgs


def stream_result(step: Step) -> StreamResult | None:
    """What a step of several layers computes and holds; None for any other step."""
    if step.patches is not None and isinstance(step.node.args, PatchArgs):
        return StreamResult(
            layers=step.node.args.nodes,
            band=0,
            lines=(),
            grid=step.patches.grid,
            recompute=step.patches.recompute,
            tile_bytes=step.patches.held_bytes,
        )
    if step.stream is None or not isinstance(step.node.args, StreamArgs):
        return None
    room = step.stream.room
    lines = tuple(
        LineResult(
            tensor=line.tensor,
            held=0 if line.sums_bytes else line.capacity,
            rows=0 if line.sums_bytes else line.rows,
            nbytes=line.own_bytes if room is None else 0,
        )
        for line in step.stream.lines
        if line.own_bytes
    )
    args = step.node.args
    return StreamResult(layers=args.nodes, band=args.band, lines=lines, tile_bytes=room or 0)


def point(schedule: Schedule) -> Point:
    """The schedule with its estimate."""
    steps = schedule.plan.steps
    streams = [stream_result(step) for step in steps]
    lines = [0 if stream is None else stream.line_bytes for stream in streams]
    return Point(
        arena_bytes=schedule.plan.arena_bytes,
        state_bytes=schedule.plan.state_bytes,
        line_bytes=max(lines, default=0),
        scratch_bytes=max((s.scratch_bytes - n for s, n in zip(steps, lines, strict=True)), default=0),
        streams=tuple(stream for stream in streams if stream is not None),
        estimated_cycles=round(schedule.cycles),
    )


def survey_of(
    model: str, board: Board, found: Sequence[Schedule], points: Sequence[Point], budget: int | None
) -> Survey:
    """The curve of `points`, which tell of the schedules `found`, one of each at least."""
    best, others = curve(points)
    return Survey(
        model=model,
        board=board.name,
        board_title=board.title,
        core=board.core.name,
        clock_hz=board.clock_hz,
        measured=any(p.counted is not None for p in points),
        points=best,
        dropped=others,
        budget=budget,
        chosen=choose(best, budget),
        wall=wall(min(found, key=lambda s: s.nbytes)),
        timing_source=board.core.timing_table().source,
    )
