"""Arena offsets: never an overlap, never above the largest sum when a chain allows it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.plan.offsets import EXACT_BUFFERS, exact, lower_bound, pack, padded
from netsuke.plan.plan import Buffer, align


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    count = draw(st.integers(0, 14))
    found = []
    for i in range(count):
        first = draw(st.integers(-1, 10))
        found.append(
            Buffer(
                label=f"b{i}",
                tensors=(f"b{i}",),
                nbytes=draw(st.integers(1, 500)),
                first=first,
                last=first + draw(st.integers(0, 5)),
                alignment=draw(st.sampled_from([4, 8])),
            )
        )
    return found


@settings(deadline=None, max_examples=60)
@given(buffers())
def test_no_two_live_buffers_share_a_byte(found: list[Buffer]) -> None:
    packed = pack(found)
    for i, one in enumerate(packed):
        assert one.offset % one.alignment == 0
        for other in packed[i + 1 :]:
            assert not (one.lives_with(other) and one.overlaps(other))


@settings(deadline=None, max_examples=60)
@given(buffers())
def test_size_is_between_the_lower_bound_and_the_plain_sum(found: list[Buffer]) -> None:
    size = max((b.end for b in pack(found)), default=0)
    assert size <= sum(padded(b) + 8 for b in found)
    # The bound counts every buffer padded; the topmost one does not need its padding.
    assert align(size, 4) >= lower_bound(found)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 4000), min_size=2, max_size=30))
def test_a_chain_reaches_the_lower_bound(sizes: list[int]) -> None:
    """Each buffer lives with the next one only: two stacks growing from both ends always do."""
    chain = [
        Buffer(label=str(i), tensors=(str(i),), nbytes=n, first=i, last=i + 1) for i, n in enumerate(sizes)
    ]
    assert max(b.end for b in pack(chain)) <= lower_bound(chain)


def test_packing_is_deterministic() -> None:
    found = [
        Buffer(label=str(i), tensors=(), nbytes=37 * (i % 7 + 1), first=i // 2, last=i // 2 + 3)
        for i in range(20)
    ]
    assert pack(found) == pack(found)


def smallest(placed: list[Buffer], rest: list[Buffer], limit: int) -> int:
    """The smallest layout, by trying every buffer at every height that others leave: not the packer's search."""
    if not rest:
        return max((b.end for b in placed), default=0)
    for i, buffer in enumerate(rest):
        ends = {0, *(b.end for b in placed if b.lives_with(buffer))}
        for end in ends:
            one = replace(buffer, offset=align(end, buffer.alignment))
            if one.end < limit and not any(one.lives_with(b) and one.overlaps(b) for b in placed):
                limit = min(limit, smallest([*placed, one], rest[:i] + rest[i + 1 :], limit))
    return limit


@settings(max_examples=60, deadline=None)
@given(buffers().filter(lambda found: 0 < len(found) <= 5))
def test_no_layout_of_a_few_is_smaller(found: list[Buffer]) -> None:
    assert len(found) <= EXACT_BUFFERS
    size = max(b.end for b in pack(found))
    assert align(smallest([], found, size + 1), 4) == align(size, 4)
    neighbours = [[j for j, b in enumerate(found) if b is not a and a.lives_with(b)] for a in found]
    # Seldom needed: the search before it nearly always meets the lower bound.
    tried = exact(found, neighbours)
    assert max(offset + b.nbytes for offset, b in zip(tried, found, strict=True)) <= size
