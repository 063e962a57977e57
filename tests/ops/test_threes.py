"""How channels share words of weights: blocks that cover all channels, and places whose fields hold their sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.threes import FIELDS, LEAST_SLACK, WIDEST, blocks_of, fields_of, places_of


@pytest.mark.parametrize("channels", range(6, 200))
def test_blocks_cover_all_channels_and_end_with_the_last(channels: int) -> None:
    blocks = blocks_of(channels)
    assert blocks is not None
    assert 0 < blocks.pairs <= WIDEST
    places = blocks.channels(channels)
    assert len(places) == blocks.wide + blocks.narrow
    assert set(np.concatenate(places).tolist()) == set(range(channels))
    assert all(len(block) % 6 == 0 for block in places)
    assert places[-1][-1] == channels - 1


def test_fewer_channels_than_two_threes_have_no_blocks() -> None:
    assert [blocks_of(channels) for channels in range(1, 6)] == [None] * 5


@settings(max_examples=100, deadline=None)
@given(st.integers(6, 150), st.lists(st.integers(0, 149), max_size=20))
def test_every_channel_lies_where_its_sums_fit(channels: int, wide: list[int]) -> None:
    blocks = blocks_of(channels)
    assert blocks is not None
    reaches = np.full(channels, 1000, dtype=np.int64)
    reaches[[c for c in wide if c < channels]] = max(FIELDS) - LEAST_SLACK - 1
    places = places_of(blocks, reaches)
    if places is not None:
        assert (reaches[places.order] + LEAST_SLACK < fields_of(blocks, channels)).all()
        stored = np.arange(channels)[places.order]
        for one, other in places.swaps:
            stored[[one, other]] = stored[[other, one]]
        assert stored.tolist() == list(range(channels))


def test_too_many_wide_channels_are_refused() -> None:
    blocks = blocks_of(24)
    assert blocks is not None
    assert places_of(blocks, np.full(24, min(FIELDS))) is None
    assert places_of(blocks, np.array([max(FIELDS), *[0] * 23])) is None
