"""A piece of a schedule."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.stream import Compactness

BANDS = (1, 2, 3, 4, 6)
"""Output rows at a time that are tried."""
FEW_BANDS = (1, 2, 4)
"""The same in long programs."""
MOST_LAYERS = 64
"""Steps in a stream or in patches at most; longer ones would hold more than they save."""
FEWER_LAYERS = 32
"""The same in long programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Steps start..end - 1: one step as it is (band 0), a stream of them in bands of `band` rows, or patches."""

    start: int
    end: int
    band: int
    nbytes: int
    """Arena bytes while it runs: what passes by, inputs and outputs, scratch."""
    cycles: float
    limits: tuple[int | None, ...] = ()
    """Bytes of scratch that the kernels of each step may take (see netsuke.stream.Forms); empty: what they like."""
    compact: Compactness | None = None
    """Of a stream without line buffers."""
    grid: tuple[int, int] | None = None
    """Rows and columns of the tiles of patches."""
    recompute: float = 1.0
    """MACs done for each MAC of the layers."""

    @property
    def plain(self) -> bool:
        """True for one step with the kernel that it has."""
        return not self.band and self.grid is None and not self.limits
