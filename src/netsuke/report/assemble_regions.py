"""From image, placement and counted accesses to the memories of a report."""

from __future__ import annotations

from netsuke.boards import Access, Memory, home
from netsuke.emulate import RunResult
from netsuke.emulate.usage import Use, usage
from netsuke.prove import Case
from netsuke.report.regions import RegionResult


def regions_of(case: Case, run: RunResult | None) -> tuple[RegionResult, ...]:
    """Every memory that the image uses, those that change first."""
    placement = case.placement or home(case.board)
    stack = 0 if run is None else run.stack_bytes
    return tuple(region(use, run) for use in usage(case.image, placement, stack))


def region(use: Use, run: RunResult | None) -> RegionResult:
    """One memory; of what runs through several parts, all of them together."""
    memory = use.memory
    traffic = () if run is None else run.traffic
    parts = [one for one in traffic if one.memory.origin < memory.end and memory.origin < one.memory.end]
    known = bool(traffic) and all(one.access is not None for one in memory.costs)
    costs = [one.access or Access() for one in memory.costs]
    return RegionResult(
        name=memory.name,
        kind=memory.kind.value,
        origin=memory.origin,
        size=memory.usable,
        used=use.nbytes,
        held=use.held,
        external=memory.external,
        read_bytes=sum(one.read_bytes for one in parts) if known else None,
        written_bytes=sum(one.written_bytes for one in parts) if known else None,
        wait_cycles=round(sum(one.wait_cycles for one in parts)) if known else None,
        model=any(cost.model for cost in costs),
        source="; ".join(dict.fromkeys(cost.source for cost in costs if cost.source)),
    )


def layer_waits(run: RunResult | None) -> dict[str, int]:
    """Name of a layer → extra cycles of all its data accesses; empty where they were not counted."""
    if run is None or not run.traffic:
        return {}
    return {
        layer.name: round(sum(one.layers[i].wait_cycles for one in run.traffic))
        for i, layer in enumerate(run.layers)
    }


def available(case: Case) -> tuple[int, int]:
    """(RAM, flash): bytes of the board's memories that the image uses, a part standing for its whole."""
    board = case.board
    where = case.placement or home(board)
    rams = {whole(case, one) for one in (*where.arena, where.state, where.stack)}
    if where.copied:
        rams.add(whole(case, where.weights))
    flash = board.flash_bytes
    if where.apart and not where.copied:
        flash += where.weights.usable
    return sum(one.usable for one in rams), flash


def whole(case: Case, memory: Memory) -> Memory:
    """The memory that it is a part of, or itself."""
    return next((one for one in case.board.memories if memory in one.parts), memory)
