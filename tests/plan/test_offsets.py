"""Arena offsets: never a gap violated, never above the largest sum when a chain allows it, smallest where few."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.overlap import Overlap
from netsuke.plan.blocks import Block, Meeting, Piece, Puzzle
from netsuke.plan.offsets import Layout, pack
from netsuke.plan.plan import align


def block(label: int, *pieces: tuple[int, int, int, int], alignment: int = 4) -> Block:
    """A block of pieces (inner, nbytes, first, last)."""
    made = tuple(Piece(inner=i, nbytes=n, first=f, last=t) for i, n, f, t in pieces)
    return Block(label=str(label), pieces=made, alignment=alignment)


@st.composite
def puzzles(draw: st.DrawFn, most: int = 14, largest: int = 500) -> Puzzle:
    """Blocks of one piece or two side by side; some that die when others are born may partly overlap."""
    blocks = []
    for i in range(draw(st.integers(0, most))):
        first = draw(st.integers(-1, 10))
        nbytes, last = draw(st.integers(1, largest)), first + draw(st.integers(0, 5))
        pieces = [(0, nbytes, first, last)]
        if draw(st.integers(0, 3)) == 0:
            later = first + draw(st.integers(0, 2))
            pieces.append(
                (align(nbytes, 4), draw(st.integers(1, largest)), later, later + draw(st.integers(0, 3)))
            )
        blocks.append(block(i, *pieces, alignment=draw(st.sampled_from([4, 8]))))
    return Puzzle(blocks, meetings(draw, blocks))


def meetings(draw: st.DrawFn, blocks: list[Block]) -> list[Meeting]:
    """At most one block born at a step lies over blocks that die there."""
    found = []
    for step in range(-1, 12):
        born = [i for i, b in enumerate(blocks) if b.pieces[0].first == step]
        if not born or not draw(st.booleans()):
            continue
        over = draw(st.sampled_from(born))
        for i, other in enumerate(blocks):
            if i != over and other.pieces[0].last == step and draw(st.booleans()):
                claim = Overlap(
                    input=0, lead=draw(st.integers(-40, 200)), step=draw(st.sampled_from([1, 1, 8, 12, 64]))
                )
                found.append(Meeting(dying=(i, 0), born=(over, 0), claims=(claim,)))
    return found


def fits(puzzle: Puzzle, offsets: tuple[int, ...]) -> bool:
    """Every two pieces in use at once are apart, or lie as their claims allow. Not by way of gaps."""
    met = {(m.dying, m.born): m.claims for m in puzzle.meetings}
    pieces = [
        ((b, p), offsets[b] + piece.inner, piece)
        for b, one in enumerate(puzzle.blocks)
        for p, piece in enumerate(one.pieces)
    ]
    for key, at, piece in pieces:
        for other_key, other_at, other in pieces:
            if key[0] == other_key[0] or not piece.lives_with(other):
                continue
            if at < other_at + other.nbytes and other_at < at + piece.nbytes:
                claims = met.get((key, other_key), ())
                back = met.get((other_key, key), ())
                if not claims + back or not all(c.allows(other_at - at) for c in claims):
                    return False
                if not all(c.allows(at - other_at) for c in back):
                    return False
    return all(o % b.alignment == 0 for o, b in zip(offsets, puzzle.blocks, strict=True))


def size_of(puzzle: Puzzle, offsets: tuple[int, ...]) -> int:
    return max((o + b.nbytes for o, b in zip(offsets, puzzle.blocks, strict=True)), default=0)


@settings(deadline=None, max_examples=80)
@given(puzzles())
def test_blocks_that_live_together_are_apart_or_overlap_as_allowed(puzzle: Puzzle) -> None:
    layout = pack(puzzle)
    assert fits(puzzle, layout.offsets)
    assert layout.nbytes == size_of(puzzle, layout.offsets)


@settings(deadline=None, max_examples=60)
@given(puzzles())
def test_size_is_between_the_lower_bound_and_the_plain_sum(puzzle: Puzzle) -> None:
    layout = pack(puzzle)
    assert layout.nbytes <= sum(align(b.nbytes, 8) for b in puzzle.blocks)
    # The bound counts every piece padded; the topmost one does not need its padding.
    assert align(layout.nbytes, 4) >= puzzle.lower_bound()
    assert align(layout.nbytes, 4) >= layout.lower_bound


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 4000), min_size=2, max_size=30))
def test_a_chain_reaches_the_lower_bound(sizes: list[int]) -> None:
    """Each block lives with the next one only: two stacks growing from both ends always do."""
    layout = pack(Puzzle([block(i, (0, n, i, i + 1)) for i, n in enumerate(sizes)]))
    assert layout.optimal


def test_packing_is_deterministic() -> None:
    blocks = [block(i, (0, 37 * (i % 7 + 1), i // 2, i // 2 + 3)) for i in range(20)]
    assert pack(Puzzle(blocks)) == pack(Puzzle(blocks))


def smallest(puzzle: Puzzle, limit: int) -> int:
    """The smallest layout, by trying all offsets."""
    places = [range(0, limit, b.alignment) for b in puzzle.blocks]
    found = [size_of(puzzle, o) for o in product(*places) if size_of(puzzle, o) <= limit and fits(puzzle, o)]
    return min(found)


@settings(max_examples=40, deadline=None)
@given(puzzles(most=4, largest=16).filter(lambda p: bool(p.blocks)))
def test_no_layout_of_a_few_is_smaller(puzzle: Puzzle) -> None:
    """Of claims with a step the packer looks at three differences only: those it may miss by less than the step."""
    layout = pack(puzzle)
    best = smallest(puzzle, layout.nbytes)
    if all(c.step == 1 for m in puzzle.meetings for c in m.claims):
        assert align(best, 4) == align(layout.nbytes, 4)
        assert layout.optimal
    assert puzzle.lower_bound() <= align(best, 4) <= align(layout.nbytes, 4)


@settings(max_examples=60, deadline=None)
@given(puzzles(most=6, largest=64))
def test_what_is_known_to_fit_is_found_by_asking_for_it(puzzle: Puzzle) -> None:
    layout = pack(puzzle)
    asked = pack(puzzle, layout.nbytes)
    assert fits(puzzle, asked.offsets)
    assert align(asked.nbytes, 4) <= align(layout.nbytes, 4)
    if layout.optimal and puzzle.blocks:
        less = pack(puzzle, layout.nbytes - 1)
        assert fits(puzzle, less.offsets)
        assert align(less.nbytes, 4) >= layout.nbytes


def test_a_size_asked_for_below_its_padded_bound_is_found() -> None:
    """The bound counts the topmost block padded (32 bytes), what is asked for does not (29)."""
    puzzle = Puzzle(
        [
            block(0, (0, 1, 0, 0)),
            block(1, (0, 13, 9, 10)),
            block(2, (0, 9, 0, 0), (12, 13, 1, 4)),
            block(3, (0, 5, 4, 9)),
            block(4, (0, 5, 9, 9), (8, 5, 10, 10)),
        ]
    )
    assert pack(puzzle).nbytes == 29
    assert pack(puzzle, 29).nbytes == 29


@settings(max_examples=60, deadline=None)
@given(puzzles())
def test_usage_is_what_each_step_holds_less_what_may_meet(puzzle: Puzzle) -> None:
    for step, used in puzzle.usage().items():
        held = sum(b.in_use(step) for b in puzzle.blocks)
        assert used == held - puzzle.saved().get(step, 0) > 0
    assert set(puzzle.usage()) == {p.first for b in puzzle.blocks for p in b.pieces}


def chain(lead: int, count: int, nbytes: int = 100) -> Layout:
    """Layers of one size, each of which may lie over the one before."""
    blocks = [block(i, (0, nbytes, i - 1, i)) for i in range(count)]
    claim = Overlap(input=0, lead=lead)
    return pack(
        Puzzle(blocks, [Meeting(dying=(i, 0), born=(i + 1, 0), claims=(claim,)) for i in range(count - 1)])
    )


@pytest.mark.parametrize(
    ("lead", "count", "nbytes"),
    [(0, 8, 100), (12, 2, 112), (10, 2, 112), (12, 5, 148), (60, 9, 200), (-8, 3, 100)],
)
def test_layers_over_their_inputs_step_down_by_their_lead(lead: int, count: int, nbytes: int) -> None:
    """Or use two places in turn, where that is less."""
    assert chain(lead, count).nbytes == nbytes
