"""Program → Plan: order, shared storage, arena offsets, state block."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.ir import Graph
from netsuke.ops.program import Program, Step
from netsuke.plan.check import check
from netsuke.plan.offsets import lower_bound, pack
from netsuke.plan.order import live_peak, orders
from netsuke.plan.plan import ALIGNMENT, SCRATCH_ALIGNMENT, Buffer, Place, Plan, Space, align
from netsuke.plan.storage import Storage, Storages, share


def make_plan(program: Program) -> Plan:
    """Decides where every value of the program lives: the best of a few orders. Deterministic.

    What is guaranteed: the arena is never larger than the one of the given order, and that is never larger than its
    packing (see `offsets`). In the given order the sum of buffers in use at a step is at most the sum of live
    tensors, each rounded up to its alignment: a view or a value computed in place adds nothing to its source.
    """
    laid_out = [lay_out(program, steps) for steps in orders(program.graph, program.steps)]
    plan = min(laid_out, key=lambda each: each.arena_bytes)
    check(plan)
    return plan


def lay_out(program: Program, steps: Sequence[Step]) -> Plan:
    """The plan for one order."""
    graph = program.graph
    storages = share(graph, steps)
    ran = tuple(step for step in steps if step.node.name not in storages.dropped)
    time = {step.node.name: index for index, step in enumerate(ran)}
    held = [s for s in storages.distinct() if s.state is None]
    buffers = pack([tensor_buffer(graph, s, steps, time) for s in held] + scratch_buffers(ran))
    offset = {id(s): b.offset for s, b in zip(held, buffers, strict=False)}
    state_offsets, state_bytes = lay_out_states(graph)
    return Plan(
        program=program,
        steps=ran,
        dropped=storages.dropped,
        places=places(graph, storages, offset, state_offsets),
        scratch={b.label: b.offset for b in buffers[len(held) :]},
        buffers=buffers,
        arena_bytes=max((b.end for b in buffers), default=0),
        state_bytes=state_bytes,
        state_offsets=state_offsets,
        lower_bound=lower_bound(buffers),
        naive_peak=live_peak(graph, program.steps),
    )


def tensor_buffer(graph: Graph, storage: Storage, steps: Sequence[Step], time: dict[str, int]) -> Buffer:
    """The storage as a buffer, its life counted in steps that run."""

    def moment(index: int) -> int:
        """Index over all steps → index over those that run (a dropped view takes no time)."""
        return sum(1 for step in steps[: index + 1] if step.node.name in time) - 1

    first = -1 if storage.input is not None else moment(storage.first)
    last = len(time) if set(storage.tensors) & set(graph.outputs) else max(moment(storage.last), first)
    return Buffer(
        label=storage.tensors[0],
        tensors=tuple(storage.tensors),
        nbytes=storage.nbytes,
        first=first,
        last=last,
        alignment=max(ALIGNMENT, *(graph.tensors[name].dtype.size for name in storage.tensors)),
    )


def scratch_buffers(ran: Sequence[Step]) -> list[Buffer]:
    """One buffer for each step that needs scratch, labelled with the node's name."""
    return [
        Buffer(
            label=step.node.name,
            tensors=(),
            nbytes=step.scratch_bytes,
            first=index,
            last=index,
            alignment=SCRATCH_ALIGNMENT,
        )
        for index, step in enumerate(ran)
        if step.scratch_bytes
    ]


def lay_out_states(graph: Graph) -> tuple[dict[str, int], int]:
    """Offsets of the states, one after the other, and the block's bytes."""
    offsets: dict[str, int] = {}
    at = 0
    for state in graph.states:
        offsets[state.name] = at
        at = align(at + state.type.nbytes, ALIGNMENT)
    return offsets, at


def places(
    graph: Graph, storages: Storages, offset: dict[int, int], state_offsets: dict[str, int]
) -> dict[str, Place]:
    """The place of every tensor; constants are in flash."""
    found = {name: Place(space=Space.FLASH) for name, tensor in graph.tensors.items() if tensor.is_constant}
    for name, storage in storages.of.items():
        if storage.state is not None:
            found[name] = Place(space=Space.STATE, offset=state_offsets[storage.state])
        elif storage.input is not None:
            found[name] = Place(space=Space.INPUT, offset=offset[id(storage)], index=storage.input)
        elif storage.output is not None:
            found[name] = Place(space=Space.OUTPUT, offset=offset[id(storage)], index=storage.output)
        else:
            found[name] = Place(space=Space.ARENA, offset=offset[id(storage)])
    return found
