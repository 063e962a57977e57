"""Program → Plan: order, shared storage, arena offsets, state block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netsuke.ir import Graph
from netsuke.ops.program import Program, Step
from netsuke.plan.blocks import Block, Meeting, Piece, Puzzle
from netsuke.plan.check import check
from netsuke.plan.offsets import pack
from netsuke.plan.order import live_peak, orders
from netsuke.plan.plan import ALIGNMENT, SCRATCH_ALIGNMENT, Buffer, Place, Plan, Space, align
from netsuke.plan.storage import Range, Storage, Storages, share


def make_plan(program: Program) -> Plan:
    """Decides where every value of the program lives: the best of a few orders. Deterministic.

    What is guaranteed: the arena is never larger than the one of the given order, and that is never larger than its
    packing (see `offsets`). Concatenations and splits are copied only where that makes the arena smaller.
    """
    best: Plan | None = None
    for steps in orders(program.graph, program.steps):
        for plan in lay_outs(program, steps):
            if best is None or plan.arena_bytes < best.arena_bytes:
                best = plan
    assert best is not None
    check(best)
    return best


def lay_outs(program: Program, steps: Sequence[Step]) -> Iterator[Plan]:
    """The plans for one order, by different ways of sharing; only the first where no offsets can do better.

    Parts are planned inside their wholes, or copied; what is computed in place stays where it is, or may move.
    """
    tried: list[Storages] = []
    for parts, in_place in ((True, True), (True, False), (False, True), (False, False)):
        storages = share(program.graph, steps, parts=parts, in_place=in_place)
        if any(same(storages, other) for other in tried):
            continue
        tried.append(storages)
        plan = lay_out(program, steps, storages)
        yield plan
        if plan.optimal and parts:
            return


def same(one: Storages, other: Storages) -> bool:
    """True when both share alike."""
    return one.dropped == other.dropped and len(one.distinct()) == len(other.distinct())


def lay_out(program: Program, steps: Sequence[Step], storages: Storages) -> Plan:
    """The plan for one order and one sharing."""
    graph = program.graph
    ran = tuple(step for step in steps if step.node.name not in storages.dropped)
    held = [s for s in storages.distinct() if s.state is None]
    clock = Clock(steps, ran)
    blocks = [storage_block(graph, s, clock) for s in held] + scratch_blocks(ran)
    number = {id(s): i for i, s in enumerate(held)}
    layout = pack(Puzzle(blocks, meetings(storages, ran, number, blocks)))
    offset = {id(s): o for s, o in zip(held, layout.offsets, strict=False)}
    state_offsets, state_bytes = lay_out_states(graph)
    buffers = tuple(
        buffer for block, o in zip(blocks, layout.offsets, strict=True) for buffer in buffers_of(block, o)
    )
    return Plan(
        program=program,
        steps=ran,
        dropped=storages.dropped,
        places=places(graph, storages, offset, state_offsets),
        scratch={b.label: o for b, o in zip(blocks[len(held) :], layout.offsets[len(held) :], strict=True)},
        buffers=buffers,
        arena_bytes=layout.nbytes,
        state_bytes=state_bytes,
        state_offsets=state_offsets,
        lower_bound=layout.lower_bound,
        naive_peak=live_peak(graph, program.steps),
    )


class Clock:
    """Steps that need no code take no time."""

    def __init__(self, steps: Sequence[Step], ran: Sequence[Step]) -> None:
        names = {step.node.name for step in ran}
        self.moments: list[int] = []
        now = -1
        for step in steps:
            now += step.node.name in names
            self.moments.append(now)
        self.end = len(ran)

    def __call__(self, index: int) -> int:
        """Index over all steps → index over those that run."""
        if index < 0:
            return -1
        return self.moments[index] if index < len(self.moments) else self.end


def storage_block(graph: Graph, storage: Storage, clock: Clock) -> Block:
    """The storage, a piece for every stretch of it that tensors take up."""
    stretches: dict[tuple[int, int], list[Range]] = {}
    for held in storage.ranges:
        stretches.setdefault((held.inner, held.nbytes), []).append(held)
    pieces = []
    for (inner, nbytes), ranges in stretches.items():
        first = min(clock(r.first) for r in ranges)
        last = max(first, *(clock(r.last) for r in ranges))
        names = tuple(r.tensor for r in ranges)
        pieces.append(Piece(inner=inner, nbytes=nbytes, first=first, last=last, tensors=names))
    return Block(
        label=storage.ranges[0].tensor,
        pieces=tuple(pieces),
        alignment=max(ALIGNMENT, *(graph.tensors[r.tensor].dtype.size for r in storage.ranges)),
    )


def scratch_blocks(ran: Sequence[Step]) -> list[Block]:
    """One block for each step that needs scratch, labelled with the node's name."""
    return [
        Block(
            label=step.node.name,
            pieces=(Piece(inner=0, nbytes=step.scratch_bytes, first=index, last=index),),
            alignment=SCRATCH_ALIGNMENT,
        )
        for index, step in enumerate(ran)
        if step.scratch_bytes
    ]


def meetings(
    storages: Storages, ran: Sequence[Step], number: dict[int, int], blocks: Sequence[Block]
) -> list[Meeting]:
    """For every step whose output may lie over inputs that die with it: the pieces, and what the kernel allows."""
    places = {
        t: (b, p)
        for b, block in enumerate(blocks)
        for p, piece in enumerate(block.pieces)
        for t in piece.tensors
    }
    found = []
    for now, step in enumerate(ran):
        claims = {claim.input: claim for claim in step.overlaps}
        born = places.get(step.node.outputs[0]) if step.node.outputs else None
        if born is None or not claims or blocks[born[0]].pieces[born[1]].first != now:
            continue
        for name in dict.fromkeys(step.node.inputs[i] for i in claims):
            dying = places.get(name)
            if dying is None or dying[0] == born[0] or blocks[dying[0]].pieces[dying[1]].last != now:
                continue
            storage = storages.of[name]
            where = storage.range(name)
            uses = [
                (i, storages.of[n].range(n))
                for i, n in enumerate(step.node.inputs)
                if storages.of.get(n) is storage and storage.range(n).meets(where.inner, where.nbytes)
            ]
            if all(i in claims and (r.inner, r.nbytes) == (where.inner, where.nbytes) for i, r in uses):
                found.append(Meeting(dying=dying, born=born, claims=tuple(claims[i] for i, _ in uses)))
    return found


def buffers_of(block: Block, offset: int) -> Iterator[Buffer]:
    """A block's pieces at their places."""
    for piece in block.pieces:
        yield Buffer(
            label=piece.tensors[0] if piece.tensors else block.label,
            tensors=piece.tensors,
            nbytes=piece.nbytes,
            first=piece.first,
            last=piece.last,
            offset=offset + piece.inner,
            alignment=block.alignment if len(block.pieces) == 1 else ALIGNMENT,
        )


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
        inner = storage.range(name).inner
        if storage.state is not None:
            found[name] = Place(space=Space.STATE, offset=state_offsets[storage.state] + inner)
            continue
        at = offset[id(storage)] + inner
        if storage.input is not None:
            found[name] = Place(space=Space.INPUT, offset=at, index=storage.input, inner=inner)
        elif storage.output is not None:
            found[name] = Place(space=Space.OUTPUT, offset=at, index=storage.output, inner=inner)
        else:
            found[name] = Place(space=Space.ARENA, offset=at)
    for index, name in enumerate(graph.inputs):
        if name not in found:
            found[name] = Place(space=Space.PUSHED, index=index)
    return found
