"""What a build could have been optimised for, and which kernels it chose from, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalResult:
    """The model built for one goal ("speed", "size" or "ram") and run on the emulated core. Sizes are bytes."""

    goal: str
    chosen: bool
    """True for the build that the report is about."""
    ram_bytes: int
    """Arena, state, static data and stack."""
    arena_bytes: int
    flash_code_bytes: int
    flash_weights_bytes: int
    cycles: int
    exact: bool

    @property
    def flash_bytes(self) -> int:
        """Code and weights."""
        return self.flash_code_bytes + self.flash_weights_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionResult:
    """A layer that takes another kernel than its fastest, or the same one as a shared copy, since flash is short."""

    layer: str
    kernel: str
    """What it gave up."""
    instead: str
    saved_bytes: int
    """Flash, by estimate."""
    cycles: int | None
    """How many more it needs, by the counts of the layer by itself; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """What was given up for a smaller image."""

    limit: int | None
    """Bytes of flash that the image may take; None for all that the board has."""
    short: int
    """Bytes by which the image with the fastest kernels missed; 0 where it did not."""
    concessions: tuple[ConcessionResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateResult:
    """A kernel that could compute a layer. Counts are of the layer by itself; None where they were never measured."""

    kernel: str
    chosen: bool
    cycles: int | None
    instructions: int | None
    code_bytes: int | None
    constant_bytes: int
    scratch_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCandidates:
    """A layer and the kernels that it was chosen from. `expanded`: the chosen one is compiled into the layer."""

    layer: str
    expanded: bool
    candidates: tuple[CandidateResult, ...]

    @property
    def measured(self) -> bool:
        """False where the operator's order of preference decided."""
        return self.candidates[0].cycles is not None
