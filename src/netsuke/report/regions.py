"""What a build takes of each memory, and what the memories' wait states add, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionResult:
    """One memory that the image uses. Bytes and cycles are of one inference; None: not counted, or costs not known."""

    name: str
    kind: str
    """ram or flash."""
    origin: int
    size: int
    """Bytes that an image may use."""
    used: int
    """Bytes from its start to the last that is taken, padding included, and the stack at its end."""
    held: tuple[tuple[str, int], ...]
    """What is in it: code, constants, weights, arena, state, variables, stack, and their bytes."""
    external: bool
    read_bytes: int | None = None
    written_bytes: int | None = None
    wait_cycles: int | None = None
    """Extra cycles that data accesses cost beyond memory without wait states."""
    model: bool = False
    """True when the board's figures for it are a model."""
    source: str = ""
    """Where its costs come from; empty where they are not known."""

    @property
    def free(self) -> int:
        """Bytes that stay free; less than 0 when it does not fit."""
        return self.size - self.used
