"""Arena offsets: never an overlap, never above the largest sum when a chain allows it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuke.plan.offsets import lower_bound, pack, padded
from netsuke.plan.plan import Buffer


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


@given(buffers())
def test_no_two_live_buffers_share_a_byte(found: list[Buffer]) -> None:
    packed = pack(found)
    for i, one in enumerate(packed):
        assert one.offset % one.alignment == 0
        for other in packed[i + 1 :]:
            assert not (one.lives_with(other) and one.overlaps(other))


@given(buffers())
def test_size_is_between_the_lower_bound_and_the_plain_sum(found: list[Buffer]) -> None:
    size = max((b.end for b in pack(found)), default=0)
    assert size <= sum(padded(b) + 8 for b in found)
    # The bound counts every buffer padded; the topmost one does not need its padding.
    assert size > lower_bound(found) - 8 or not found


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
