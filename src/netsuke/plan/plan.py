"""Where every value lives: the planner's result, and the one interface to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from netsuke.ops.program import Program, Step

ALIGNMENT = 4
"""Bytes to which every arena offset is rounded, whatever the element type; the arena itself is aligned to 8."""
SCRATCH_ALIGNMENT = 8


class Space(Enum):
    """What kind of memory a tensor is in."""

    ARENA = "arena"
    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"
    FLASH = "flash"
    PUSHED = "pushed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tensor is. `offset` is in bytes, and in a split arena from the start of part number `arena`.

    ARENA: from the arena's start. INPUT and OUTPUT: the caller's pointer number `index`, for which the arena keeps
    room at `offset` so that the caller needs no memory of its own; the tensor begins `inner` bytes behind the pointer.
    STATE: from the state block's start. FLASH: a constant, offset 0.
    PUSHED: input number `index`, whose rows the caller gives one by one.
    """

    space: Space
    offset: int = 0
    index: int = 0
    inner: int = 0
    arena: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """A stretch of arena in use from step `first` to step `last`, both included (-1: filled before the first step).

    Tensors share a buffer when one is a view of the other or is computed in place. Two buffers may share bytes though
    both are in use at a step, where that step reads the one for the last time and writes the other, and its kernel
    says how far the output may lie over the input (Overlap).
    """

    label: str
    tensors: tuple[str, ...]
    nbytes: int
    first: int
    last: int
    offset: int = 0
    alignment: int = ALIGNMENT
    arena: int = 0
    """The part of a split arena that it is in."""

    @property
    def end(self) -> int:
        """First byte after it."""
        return self.offset + self.nbytes

    def lives_with(self, other: Buffer) -> bool:
        """True when there is a step at which both are in use."""
        return self.first <= other.last and other.first <= self.last

    def overlaps(self, other: Buffer) -> bool:
        """True when they share a byte."""
        return self.arena == other.arena and self.offset < other.end and other.offset < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaPart:
    """A part of a split arena: `nbytes` of the `capacity` bytes that memory `memory` has for it."""

    memory: str
    nbytes: int
    capacity: int
    lower_bound: int
    """No offsets of what is in it can do better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`steps` is the order of execution; `dropped` names the nodes that became views and need no code."""

    program: Program
    steps: tuple[Step, ...]
    dropped: frozenset[str]
    places: Mapping[str, Place]
    scratch: Mapping[str, int]
    """Node name → arena offset of its scratch."""
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    state_bytes: int
    state_offsets: Mapping[str, int]
    lower_bound: int
    """No offsets can do better in this order: the fewest bytes that the fullest step can take up, or more where every
    layout was looked at."""
    naive_peak: int
    """The largest sum of live tensors, without views and in-place: what a plain allocator would need."""
    parts: tuple[ArenaPart, ...] = ()
    """Of a split arena, whose pointers the C gets one by one, the fastest memory first; empty where it is one piece.
    `arena_bytes` and `lower_bound` are sums over them."""
    scratch_arena: Mapping[str, int] = field(default_factory=dict)
    """Node name → the part that its scratch is in, where that is not the first."""
    order_bound: int = 0
    """No order of these steps can do better, with any offsets; 0 where that is not known."""
    moved_bytes: int = 0
    """Bytes that one inference reads and writes outside the first part, each tensor counted once a use."""

    @property
    def arenas(self) -> tuple[int, ...]:
        """Bytes of each piece of the arena."""
        return tuple(part.nbytes for part in self.parts) or (self.arena_bytes,)

    @property
    def optimal(self) -> bool:
        """True when no offsets are better in this order of steps."""
        return self.arena_bytes <= self.lower_bound

    @property
    def best_order(self) -> bool:
        """True when no order and no offsets are better: the arena cannot be smaller with these kernels."""
        return self.arena_bytes <= self.order_bound


def align(value: int, to: int) -> int:
    """The next multiple of `to`."""
    return -(-value // to) * to
