"""Where the rectangles of a tile lie in the scratch of patches: the planner's packing, over the events of one tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netsuke.ops.overlap import Overlap
from netsuke.ops.patch import Compute, Copy, Held, PatchEvent, PatchLayer
from netsuke.ops.stream import LINE_ALIGNMENT, Home
from netsuke.plan.blocks import Block, Meeting, Piece, Puzzle
from netsuke.plan.offsets import pack

DOWNWARD = Overlap(input=0, lead=0)
"""A rectangle cut out of another may lie over it, from the same place on: rows only ever move down."""


def packed(
    held: Sequence[Held], layers: Sequence[PatchLayer], events: Sequence[PatchEvent]
) -> tuple[tuple[Held, ...], tuple[PatchLayer, ...], int]:
    """Rectangles and layers with their offsets in the scratch, and its bytes.

    What a layer writes may lie over what it alone still reads as far as all its forms allow.
    """
    puzzle, own, numbers = puzzle_of(held, layers, events)
    layout = pack(puzzle)
    places = dict(zip(own, layout.offsets, strict=False))
    scratch = dict(zip(numbers, layout.offsets[len(own) :], strict=True))
    return (
        tuple(replace(h, offset=places.get(i, 0)) for i, h in enumerate(held)),
        tuple(replace(layer, scratch_offset=scratch.get(i, 0)) for i, layer in enumerate(layers)),
        layout.nbytes,
    )


def puzzle_of(
    held: Sequence[Held], layers: Sequence[PatchLayer], events: Sequence[PatchEvent]
) -> tuple[Puzzle, list[int], list[int]]:
    """The blocks, the numbers of the rectangles that they are, and of the layers whose scratch follows them."""
    first, last = lifetimes(layers, events)
    own = [i for i, h in enumerate(held) if h.home is Home.HELD]
    blocks = [block(held[i].tensor, held[i].nbytes, first[i], last[i]) for i in own]
    numbers = []
    for at, event in enumerate(events):
        if isinstance(event, Compute) and layers[event.layer].scratch_bytes:
            layer = layers[event.layer]
            numbers.append(event.layer)
            blocks.append(block(layer.node.name, layer.scratch_bytes, at, at))
    return Puzzle(blocks, meetings(held, layers, events, own)), own, numbers


def block(label: str, nbytes: int, first: int, last: int) -> Block:
    """Memory in use from one event to another."""
    piece = Piece(inner=0, nbytes=nbytes, first=first, last=last)
    return Block(label=label, pieces=(piece,), alignment=LINE_ALIGNMENT)


def lifetimes(
    layers: Sequence[PatchLayer], events: Sequence[PatchEvent]
) -> tuple[dict[int, int], dict[int, int]]:
    """For each rectangle the event that makes it and the last one that reads it."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for at, event in enumerate(events):
        reads, made = ends_of(layers, event)
        last.update((number, at) for number in (*reads, made))
        first.setdefault(made, at)
    return first, last


def ends_of(layers: Sequence[PatchLayer], event: PatchEvent) -> tuple[tuple[int, ...], int]:
    """The rectangles that an event reads, and the one it makes."""
    if isinstance(event, Copy):
        return (event.source,), event.target
    layer = layers[event.layer]
    return tuple(number for _, number in layer.inputs), layer.output


def meetings(
    held: Sequence[Held], layers: Sequence[PatchLayer], events: Sequence[PatchEvent], own: Sequence[int]
) -> list[Meeting]:
    """Which rectangles may run into one another, and how far."""
    _, last = lifetimes(layers, events)
    place = {number: at for at, number in enumerate(own)}
    found = []
    for at, event in enumerate(events):
        reads, made = ends_of(layers, event)
        for number in dict.fromkeys(reads):
            if number not in place or made not in place or last[number] != at:
                continue
            claims = (DOWNWARD,) if isinstance(event, Copy) else claims_of(held, layers[event.layer], number)
            if claims:
                found.append(Meeting(dying=(place[number], 0), born=(place[made], 0), claims=claims))
    return found


def claims_of(held: Sequence[Held], layer: PatchLayer, number: int) -> tuple[Overlap, ...]:
    """What all forms of a layer say about a rectangle that it reads once and from its start; none else."""
    operands = [i for i, n in layer.inputs if n == number]
    starts = {held[number].box.rows[i].start == layer.box.rows[i].start for i in range(len(layer.box.rows))}
    if len(operands) != 1 or starts != {True}:
        return ()
    claims = []
    for form in layer.forms:
        claim = next((c for c in form.overlaps if c.input == operands[0]), None)
        if claim is None:
            return ()
        claims.append(claim)
    return tuple(dict.fromkeys(claims))
