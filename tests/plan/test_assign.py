"""Blocks in several memories: each within its own, none over another in use, the least accessed outside the first."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netsuke.errors import DoesNotFit
from netsuke.ops.program import bind
from netsuke.plan import Room, check, make_plan, make_split_plan
from netsuke.plan.assign import Assignment, Loads, assign
from netsuke.plan.blocks import Block, Piece, Puzzle
from netsuke.plan.offsets import pack
from netsuke.plan.split import accesses, drafts
from tests.plan.test_plans import planned, seeded

STEPS = 6


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    found = []
    for i in range(draw(st.integers(1, 7))):
        first = draw(st.integers(-1, STEPS - 1))
        last = draw(st.integers(first, STEPS))
        nbytes = draw(st.integers(1, 40))
        found.append(Block(label=f"b{i}", pieces=(Piece(inner=0, nbytes=nbytes, first=first, last=last),)))
    return found


def hold(found: Assignment, given_blocks: list[Block], capacities: list[int]) -> None:
    """Everything lies in its memory, and no two that are in use at once share a byte."""
    spans = []
    for block, memory, offset in zip(given_blocks, found.memories, found.offsets, strict=True):
        assert offset >= 0
        assert offset % block.alignment == 0
        assert offset + block.nbytes <= found.layouts[memory].nbytes <= capacities[memory]
        spans.append((block.pieces[0], memory, offset, offset + block.nbytes))
    for (p, m, a, b), (q, n, c, d) in combinations(spans, 2):
        assert m != n or b <= c or d <= a or not p.lives_with(q)


def every_assignment(given_blocks: list[Block], capacities: list[int], weights: list[int]) -> int | None:
    """The least cost of all assignments, each laid out by itself."""
    best: int | None = None
    for memories in product(range(len(capacities)), repeat=len(given_blocks)):
        cost = sum(w * m for w, m in zip(weights, memories, strict=True))
        if best is not None and cost >= best:
            continue
        sizes = [
            pack(
                Puzzle([block for block, at in zip(given_blocks, memories, strict=True) if at == memory])
            ).nbytes
            for memory in range(len(capacities))
        ]
        if all(size <= capacity for size, capacity in zip(sizes, capacities, strict=True)):
            best = cost
    return best


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks(), st.lists(st.integers(8, 90), min_size=2, max_size=2), st.data())
def test_two_memories_as_well_as_by_trying_everything(
    given_blocks: list[Block], capacities: list[int], data: st.DataObject
) -> None:
    weights = [data.draw(st.integers(0, 50)) for _ in given_blocks]
    found = assign(given_blocks, (), capacities, weights)
    wanted = every_assignment(given_blocks, capacities, weights)
    if found is None:
        assert wanted is None
        return
    hold(found, given_blocks, capacities)
    assert found.cost == sum(w * m for w, m in zip(weights, found.memories, strict=True))
    assert found.proven
    assert found.cost == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks(), st.lists(st.integers(8, 60), min_size=3, max_size=4), st.data())
def test_several_memories_hold_what_they_are_given(
    given_blocks: list[Block], capacities: list[int], data: st.DataObject
) -> None:
    weights = [data.draw(st.integers(0, 50)) for _ in given_blocks]
    found = assign(given_blocks, (), capacities, weights)
    if found is not None:
        hold(found, given_blocks, capacities)
    elif len(given_blocks) <= 5:
        assert every_assignment(given_blocks, capacities, weights) is None


def test_loads_are_what_the_puzzle_says() -> None:
    """The bound over some blocks is that of a puzzle of these alone, overlaps included."""
    for seed in range(20):
        for draft in drafts(planned(seeded(seed)).program):
            loads = Loads(draft.blocks, draft.meetings)
            for left_out in range(len(draft.blocks)):
                chosen = loads.in_use.any(axis=0)
                chosen[left_out] = False
                puzzle = loads.puzzle(chosen)
                assert max(loads.of(chosen), default=0) == puzzle.lower_bound()


@pytest.mark.parametrize("share", [0.55, 0.75, 0.95])
@pytest.mark.parametrize("seed", range(25))
def test_a_random_network_is_split_or_refused(seed: int, share: float) -> None:
    plan = planned(seeded(seed, most_layers=20))
    rooms = [
        Room(memory="A", nbytes=int(plan.arena_bytes * share) & ~7),
        Room(memory="B", nbytes=plan.arena_bytes),
    ]
    split = make_split_plan(plan.program, rooms)  # all of it fits into the second
    check(split)
    assert split.arena_bytes == sum(split.arenas)
    assert all(
        part.nbytes <= room.nbytes for part in split.parts for room in rooms if room.memory == part.memory
    )
    assert split.places.keys() == plan.places.keys()
    tight = [Room(memory=room.memory, nbytes=int(plan.lower_bound * 0.4) & ~7) for room in rooms]
    with pytest.raises(DoesNotFit, match=r"bytes too many|cannot be divided"):
        make_split_plan(plan.program, tight)


def test_what_is_used_most_stays_in_the_first_memory() -> None:
    """A tensor that is read at every step, and one that is written once and read once, of the same size."""
    often = Block(label="often", pieces=(Piece(inner=0, nbytes=64, first=0, last=9),))
    seldom = Block(label="seldom", pieces=(Piece(inner=0, nbytes=64, first=0, last=9),))
    found = assign([seldom, often], (), (64, 64), (128, 640))
    assert found is not None
    assert found.memories == (1, 0)


def test_accesses_count_every_use_and_scratch_twice() -> None:
    for seed in range(10):
        draft = drafts(planned(seeded(seed)).program)[0]
        weights = accesses(draft.program.graph, draft)
        uses = sum(
            draft.program.graph.tensors[name].nbytes
            for step in draft.ran
            for name in (*step.node.inputs, *step.node.outputs)
            if name and draft.program.graph.tensors[name].data is None and name in placed_names(draft)
        )
        scratch = sum(
            w for w, b in zip(weights, draft.blocks, strict=True) if b in draft.blocks[len(draft.held) :]
        )
        assert sum(weights) - scratch == uses


def placed_names(draft: object) -> set[str]:
    """Tensors that have a block."""
    return {t for block in draft.blocks for piece in block.pieces for t in piece.tensors}  # type: ignore[attr-defined]


def test_one_memory_that_holds_all_is_the_plain_plan() -> None:
    plan = planned(seeded(3))
    split = make_split_plan(
        plan.program, [Room(memory="A", nbytes=plan.arena_bytes), Room(memory="B", nbytes=8)]
    )
    assert split.arenas == (plan.arena_bytes,)
    assert split.moved_bytes == 0
    assert make_plan(bind(plan.program.graph)).arena_bytes == plan.arena_bytes
