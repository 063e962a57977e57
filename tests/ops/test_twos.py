"""How inputs are cut into pieces whose sums fit half a word."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.ops.twos import LANE, STEP, cut, words_of


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 20), st.integers(1, 127), st.integers(0, 1 << 30))
def test_pieces_hold_their_sums_and_are_as_long_as_they_can_be(rounds: int, spread: int, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(-spread, spread + 1, (4, STEP * rounds)).astype(np.int64)
    down, above = np.maximum(weights * 255, 0), np.maximum(weights * -255, 0)
    cuts = cut(down, above)
    assert cuts is not None  # two of the largest weights always fit
    assert sum(cuts) == STEP * rounds
    assert all(n % STEP == 0 for n in cuts)
    ends = np.cumsum(cuts)
    whole = down + above
    for first, last in zip([0, *ends[:-1]], ends, strict=True):
        assert whole[:, first:last].sum(axis=1).max() < LANE
        if last < STEP * rounds:
            assert whole[:, first : last + STEP].sum(axis=1).max() >= LANE


def test_what_no_piece_holds_is_refused() -> None:
    assert cut(np.full((1, 2), 1 << 15), np.zeros((1, 2), dtype=np.int64)) is None


def test_two_channels_share_a_word() -> None:
    words = words_of(np.array([[3, -5], [-1, 2]]))
    assert [int(word) for word in words] == [(3 - (5 << 16)) % (1 << 32), (2 << 16) - 1]
