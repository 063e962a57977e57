"""What the offsets are found for: blocks of memory, and how far two of them must keep apart.

A block is a storage or a step's scratch. Its pieces are in use at different times: parts of a concatenation are born
one after the other. Offsets of blocks are free, those of pieces within a block are not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from netsuke.ops.overlap import Overlap
from netsuke.plan.plan import ALIGNMENT, align

Gap = tuple[int, int]
"""(low, high): a difference of two offsets may not lie strictly between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """`nbytes` from byte `inner` of a block on, in use from step `first` to step `last`, both included."""

    inner: int
    nbytes: int
    first: int
    last: int
    tensors: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """First byte after it."""
        return self.inner + self.nbytes

    def lives_with(self, other: Piece) -> bool:
        """True when there is a step at which both are in use."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What gets one offset."""

    label: str
    pieces: tuple[Piece, ...]
    alignment: int = ALIGNMENT

    @property
    def nbytes(self) -> int:
        """Bytes from its start to its last piece's end."""
        return max(p.end for p in self.pieces)

    @property
    def first(self) -> int:
        """The first step at which some of it is in use."""
        return min(p.first for p in self.pieces)

    @property
    def last(self) -> int:
        """The last one."""
        return max(p.last for p in self.pieces)

    def in_use(self, step: int) -> int:
        """Bytes in use at a step, each piece rounded up to ALIGNMENT."""
        spans = sorted((p.inner, align(p.end, ALIGNMENT)) for p in self.pieces if p.first <= step <= p.last)
        total = reached = 0
        for start, end in spans:
            total += max(0, end - max(start, reached))
            reached = max(reached, end)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Piece `dying` of one block and piece `born` of another, whose bytes a step may let run into one another.

    `claims` are about the difference of the pieces' own offsets, born - dying; all of them must allow it.
    """

    dying: tuple[int, int]
    born: tuple[int, int]
    """(block, piece)."""
    claims: tuple[Overlap, ...]


def together(claims: Sequence[Overlap]) -> tuple[int, int]:
    """(largest difference allowed by all, a multiple of the step; the step), offsets being multiples of ALIGNMENT."""
    step = ALIGNMENT
    for claim in claims:
        step = claim.largest_step(step)
    return -max(claim.lead for claim in claims) // step * step, step


def gaps_between(dying: Piece, born: Piece, claims: Sequence[Overlap]) -> list[Gap]:
    """Forbidden differences of the pieces' offsets, born - dying; `claims` are what the step allows, if anything.

    Of claims that allow multiples of a step only three are kept: the largest, and the largest at which the starts or
    the ends come together.
    """
    low, high = -born.nbytes, dying.nbytes
    if not claims:
        return [(low, high)]
    top, step = together(claims)
    if step == ALIGNMENT:
        return [(max(low, top), high)]
    points = {min(top, end // step * step) for end in (top, 0, low + high)}
    edges = [low, *sorted(d for d in points if low < d < high), high]
    return list(pairwise(edges))


def least_union(dying: Piece, born: Piece, claims: Sequence[Overlap]) -> int:
    """The fewest bytes that the two can take up together, each rounded up to ALIGNMENT."""
    a, b = align(dying.nbytes, ALIGNMENT), align(born.nbytes, ALIGNMENT)
    top, step = together(claims)
    best = a + b
    for end in (min(0, a - b), max(0, a - b)):  # between them the one lies within the other
        nearest = min(top, end // step * step)
        for d in (nearest, nearest + step):
            if d <= top and -b < d < a:
                best = min(best, max(a, d + b) - min(0, d))
    return best


@dataclass(slots=True)
class Puzzle:
    """Blocks, and for every two that live together the gaps between their offsets."""

    blocks: Sequence[Block]
    meetings: Sequence[Meeting] = ()
    gaps: list[dict[int, list[Gap]]] = field(default_factory=list)
    """gaps[i][j]: of offset i - offset j."""
    sizes: list[int] = field(default_factory=list)
    """Bytes of each block."""
    beside: list[list[tuple[int, int, int]]] = field(default_factory=list)
    """The same in one list for each block i: j, and the ends of the gap."""
    used: dict[int, int] = field(default_factory=dict)
    """What `usage` has found."""

    def __post_init__(self) -> None:
        self.sizes = [block.nbytes for block in self.blocks]
        if not self.gaps:
            self.gaps = self.all_gaps()
        self.beside = [[(j, *gap) for j, found in gaps.items() for gap in found] for gaps in self.gaps]

    def all_gaps(self) -> list[dict[int, list[Gap]]]:
        """See `gaps`."""
        met = {(m.dying, m.born): m.claims for m in self.meetings}
        lives = [(block.first, block.last) for block in self.blocks]
        made: list[dict[int, list[Gap]]] = [{} for _ in self.blocks]
        for i, one in enumerate(self.blocks):
            first, last = lives[i]
            for j in range(i):
                if lives[j][0] > last or lives[j][1] < first:
                    continue
                found = block_gaps(one, self.blocks[j], i, j, met)
                if found:
                    made[i][j] = found
                    made[j][i] = sorted((-high, -low) for low, high in found)
        return made

    def lower_bound(self) -> int:
        """No layout, its size rounded up to ALIGNMENT, is smaller: the fullest step, its overlaps at their best."""
        return max(self.usage().values(), default=0)

    def usage(self) -> dict[int, int]:
        """For each step at which something comes into use: the fewest bytes that all in use can take up."""
        if not self.used:
            steps = sorted({piece.first for block in self.blocks for piece in block.pieces})
            # Summed up from the changes from one step to the next: most blocks are one piece.
            changes = dict.fromkeys(steps, 0)
            for block in self.blocks:
                before = 0
                inside = steps[bisect_left(steps, block.first) : bisect_right(steps, block.last)]
                for step in inside if len(block.pieces) > 1 else inside[:1]:
                    now = block.in_use(step)
                    changes[step] += now - before
                    before = now
                behind = steps[bisect_right(steps, block.last) :][:1]
                for step in behind:
                    changes[step] -= before
            saved = self.saved()
            total = 0
            for step in steps:
                total += changes[step]
                self.used[step] = total - saved.get(step, 0)
        return self.used

    def part(self, chosen: Sequence[int]) -> Puzzle:
        """The puzzle of some blocks; what is true of any layout of it is true of any layout of all."""
        number = {old: new for new, old in enumerate(chosen)}
        gaps = [{number[j]: gap for j, gap in self.gaps[i].items() if j in number} for i in chosen]
        return Puzzle([self.blocks[i] for i in chosen], self.meetings_of(chosen), gaps)

    def meetings_of(self, chosen: Sequence[int]) -> list[Meeting]:
        """The meetings of some blocks, by their new numbers."""
        number = {old: new for new, old in enumerate(chosen)}
        return [
            Meeting(
                dying=(number[m.dying[0]], m.dying[1]),
                born=(number[m.born[0]], m.born[1]),
                claims=m.claims,
            )
            for m in self.meetings
            if m.dying[0] in number and m.born[0] in number
        ]

    def saved(self) -> dict[int, int]:
        """For steps at which pieces meet: the most bytes that they can have in common."""
        saved: dict[int, int] = {}
        most: dict[int, dict[tuple[int, int], int]] = {}
        for meeting in self.meetings:
            dying, born = (self.blocks[b].pieces[p] for b, p in (meeting.dying, meeting.born))
            both = align(dying.nbytes, ALIGNMENT) + align(born.nbytes, ALIGNMENT)
            union = least_union(dying, born, meeting.claims)
            saved[born.first] = saved.get(born.first, 0) + both - union
            most.setdefault(born.first, {})[meeting.born] = align(born.nbytes, ALIGNMENT)
        return {step: min(nbytes, sum(most[step].values())) for step, nbytes in saved.items()}


Met = Mapping[tuple[tuple[int, int], tuple[int, int]], tuple[Overlap, ...]]


def block_gaps(one: Block, other: Block, i: int, j: int, met: Met) -> list[Gap]:
    """Forbidden differences of the blocks' offsets, one - other, sorted and merged."""
    found: list[Gap] = []
    for k, p in enumerate(one.pieces):
        for m, q in enumerate(other.pieces):
            if not p.lives_with(q):
                continue
            if ((j, m), (i, k)) in met:
                gaps = gaps_between(q, p, met[(j, m), (i, k)])
            else:
                gaps = [(-high, -low) for low, high in gaps_between(p, q, met.get(((i, k), (j, m)), ()))]
            shift = q.inner - p.inner
            found += [(low + shift, high + shift) for low, high in gaps if low < high]
    return merged(found)


def merged(gaps: list[Gap]) -> list[Gap]:
    """The same forbidden differences in as few gaps as can be."""
    kept: list[Gap] = []
    for low, high in sorted(gaps):
        if kept and low < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], high))
        else:
            kept.append((low, high))
    return kept
