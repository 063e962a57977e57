"""Holds a plan against its promises, independently of how it was made."""

from __future__ import annotations

from itertools import combinations

from netsuke.plan.plan import Plan


def check(plan: Plan) -> None:
    """Every buffer inside the arena and aligned, no two that live at once overlapping.

    Raises:
        AssertionError: naming the buffers; a plan that fails is a bug of ours, not the user's.
    """
    for buffer in plan.buffers:
        if buffer.offset < 0 or buffer.end > plan.arena_bytes or buffer.offset % buffer.alignment:
            raise AssertionError(
                f"buffer {buffer.label!r} at {buffer.offset}..{buffer.end} is outside or misaligned"
            )
    for one, other in combinations(plan.buffers, 2):
        if one.lives_with(other) and one.overlaps(other):
            raise AssertionError(f"buffers {one.label!r} and {other.label!r} overlap while both are in use")
