"""A piece of a schedule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Steps start..end - 1: one step as it is (band 0), a stream of them in bands of `band` rows, or patches."""

    start: int
    end: int
    band: int
    nbytes: int
    """Arena bytes while it runs: what passes by, inputs and outputs, scratch."""
    cycles: float
    lean: bool = False
    """With the kernels that need the least scratch."""
    grid: tuple[int, int] | None = None
    """Rows and columns of the tiles of patches."""
    recompute: float = 1.0
    """MACs done for each MAC of the layers."""
