"""Program → Plan: order, shared storage, arena offsets, state block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from netsuke.ir import Graph
from netsuke.ops.program import Program, Step
from netsuke.plan.blocks import Block, Meeting, Piece, Puzzle
from netsuke.plan.check import check
from netsuke.plan.offsets import pack
from netsuke.plan.order import live_peak, orders_of
from netsuke.plan.plan import ALIGNMENT, SCRATCH_ALIGNMENT, ArenaPart, Buffer, Place, Plan, Space, align
from netsuke.plan.storage import Range, Storage, Storages, share


def make_plan(program: Program) -> Plan:
    """Decides where every value of the program lives: the best of a few orders. Deterministic.

    What is guaranteed: the arena is never larger than the one of the given order, and that is never larger than its
    packing (see `offsets`). Concatenations and splits are copied only where that makes the arena smaller.
    """
    plan = plan_within(program, None)
    assert plan is not None
    return plan


def plan_within(program: Program, most: int | None) -> Plan | None:
    """The same, and None where no plan can be as small as `most` bytes; not each that is larger is found out so."""
    graph = program.graph
    given, other, bound = orders_of(graph, program.steps)
    found: list[tuple[int, int, bool, Plan]] = []
    # The order of our own mostly needs less, and then says how little the given one would have to need.
    for steps in (other, given) if other is not None else (given,):
        limit = min((one[0] for one in found), default=most)
        found += [
            (plan.arena_bytes, -len(plan.dropped), steps is not given, plan)
            for plan in lay_outs(program, steps, limit)
        ]
    if not found:
        return None
    best = min(found, key=lambda one: one[:3])[3]  # of one size: the fewest copies, then the given order
    check(best)
    return replace(best, order_bound=bound)


def lay_outs(program: Program, steps: Sequence[Step], most: int | None = None) -> Iterator[Plan]:
    """The plans for one order, by different ways of sharing; parts are copied only where offsets may do better.

    Parts are planned inside their wholes, or copied; what is computed in place stays where it is, or may move: either
    can be the smaller one, also where the offsets are the best that the sharing allows. Ways that cannot do with `most`
    bytes are left out, and so are those that cannot do with fewer than one before them.
    """
    tried: list[Storages] = []
    settled = False
    for parts, in_place in ((True, True), (True, False), (False, True), (False, False)):
        if settled and not parts:
            return
        storages = share(program.graph, steps, parts=parts, in_place=in_place)
        if any(same(storages, other) for other in tried):
            continue
        tried.append(storages)
        draft = drafted(program, steps, storages)
        puzzle = Puzzle(draft.blocks, draft.meetings)
        if most is not None and puzzle.lower_bound() > most:
            continue
        layout = pack(puzzle, most)
        plan = draft.finished(layout.offsets, layout.nbytes, layout.lower_bound)
        yield plan
        most = plan.arena_bytes - 1 if most is None else min(most, plan.arena_bytes - 1)
        settled = settled or plan.optimal


def same(one: Storages, other: Storages) -> bool:
    """True when both share alike."""
    return one.dropped == other.dropped and len(one.distinct()) == len(other.distinct())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order and a sharing, whose blocks want offsets: first those of the storages, then the scratch of steps."""

    program: Program
    ran: tuple[Step, ...]
    storages: Storages
    held: Sequence[Storage]
    blocks: Sequence[Block]
    meetings: Sequence[Meeting]

    def finished(
        self,
        offsets: Sequence[int],
        nbytes: int,
        lower_bound: int,
        *,
        arenas: Sequence[int] = (),
        parts: tuple[ArenaPart, ...] = (),
        moved_bytes: int = 0,
    ) -> Plan:
        """The plan; `arenas` is the part of a split arena that each block is in."""
        graph, count = self.program.graph, len(self.held)
        inside = arenas or [0] * len(self.blocks)
        where = {id(s): (o, a) for s, o, a in zip(self.held, offsets, inside, strict=False)}
        state_offsets, state_bytes = lay_out_states(graph)
        buffers = tuple(
            buffer
            for block, offset, arena in zip(self.blocks, offsets, inside, strict=True)
            for buffer in buffers_of(block, offset, arena)
        )
        scratch = list(zip(self.blocks[count:], offsets[count:], inside[count:], strict=True))
        return Plan(
            program=self.program,
            steps=self.ran,
            dropped=self.storages.dropped,
            places=places(graph, self.storages, where, state_offsets),
            scratch={block.label: offset for block, offset, _ in scratch},
            buffers=buffers,
            arena_bytes=nbytes,
            state_bytes=state_bytes,
            state_offsets=state_offsets,
            lower_bound=lower_bound,
            naive_peak=live_peak(graph, self.program.steps),
            parts=parts,
            scratch_arena={block.label: arena for block, _, arena in scratch if arena},
            moved_bytes=moved_bytes,
        )


def drafted(program: Program, steps: Sequence[Step], storages: Storages) -> Draft:
    """The blocks of one order and one sharing."""
    ran = tuple(step for step in steps if step.node.name not in storages.dropped)
    held = [s for s in storages.distinct() if s.state is None]
    clock = Clock(steps, ran)
    blocks = [storage_block(program.graph, s, clock) for s in held] + scratch_blocks(ran)
    number = {id(s): i for i, s in enumerate(held)}
    return Draft(
        program=program,
        ran=ran,
        storages=storages,
        held=held,
        blocks=blocks,
        meetings=meetings(storages, ran, number, blocks),
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
    return [*found, *scratch_meetings(ran, places, blocks)]


def scratch_meetings(
    ran: Sequence[Step], places: dict[str, tuple[int, int]], blocks: Sequence[Block]
) -> list[Meeting]:
    """For every step whose output may lie over its own scratch, or that over an input which dies with it."""
    found = []
    for now, step in enumerate(ran):
        over, under = step.over_scratch, step.draining
        if over is None and under is None:
            continue
        scratch = (
            next(i for i, b in enumerate(blocks) if b.label == step.node.name and not b.pieces[0].tensors),
            0,
        )
        born = places[step.node.outputs[0]]
        if over is not None and blocks[born[0]].pieces[born[1]].first == now:
            found.append(Meeting(dying=scratch, born=born, claims=(over,)))
        read = [places.get(name) for name in dict.fromkeys(step.node.inputs)]
        dying = None if under is None else places.get(step.node.inputs[under.input])
        alone = dying is not None and sum(place is not None and place[0] == dying[0] for place in read) == 1
        if (
            under is not None
            and dying is not None
            and alone
            and blocks[dying[0]].pieces[dying[1]].last == now
        ):
            found.append(Meeting(dying=dying, born=scratch, claims=(under,)))
    return found


def buffers_of(block: Block, offset: int, arena: int = 0) -> Iterator[Buffer]:
    """A block's pieces at their places."""
    for piece in block.pieces:
        yield Buffer(
            label=piece.tensors[0] if piece.tensors else block.label,
            tensors=piece.tensors,
            nbytes=piece.nbytes,
            first=piece.first,
            last=piece.last,
            offset=offset + piece.inner,
            arena=arena,
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
    graph: Graph,
    storages: Storages,
    where: Mapping[int, tuple[int, int]],
    state_offsets: Mapping[str, int],
) -> dict[str, Place]:
    """The place of every tensor; constants are in flash. `where`: id of a storage → its offset, part of the arena."""
    found = {name: Place(space=Space.FLASH) for name, tensor in graph.tensors.items() if tensor.is_constant}
    for name, storage in storages.of.items():
        inner = storage.range(name).inner
        if storage.state is not None:
            found[name] = Place(space=Space.STATE, offset=state_offsets[storage.state] + inner)
            continue
        start, arena = where[id(storage)]
        at = start + inner
        if storage.input is not None:
            found[name] = Place(space=Space.INPUT, offset=at, index=storage.input, inner=inner, arena=arena)
        elif storage.output is not None:
            found[name] = Place(space=Space.OUTPUT, offset=at, index=storage.output, inner=inner, arena=arena)
        else:
            found[name] = Place(space=Space.ARENA, offset=at, arena=arena)
    for index, name in enumerate(graph.inputs):
        if name not in found:
            found[name] = Place(space=Space.PUSHED, index=index)
    return found
