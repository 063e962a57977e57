"""What data accesses cost on a board's memories: counted on the emulated core, priced with the board's figures.

Cycles elsewhere are those of memory without wait states. Here every data access of one inference goes through a model
of what is in front of its memory (see boards.Access), by layer, caches being empty at the start. Instructions are taken
to come without waiting, and a waiting core to do nothing else: stores that a buffer hides cost all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.boards import Access, Board, Memory
from netsuke.emulate.counter import Stretch, StretchCount


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTraffic:
    """Bytes that a layer reads and writes of a memory in one inference, lines that come, and extra cycles."""

    read_bytes: int
    written_bytes: int
    lines: int
    wait_cycles: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTraffic:
    """Of one memory; `layers` in the model's order, then what belongs to none."""

    memory: Memory
    layers: tuple[LayerTraffic, ...]

    @property
    def read_bytes(self) -> int:
        """Bytes read in one inference, every access counted."""
        return sum(layer.read_bytes for layer in self.layers)

    @property
    def written_bytes(self) -> int:
        """Bytes written."""
        return sum(layer.written_bytes for layer in self.layers)

    @property
    def wait_cycles(self) -> float:
        """Extra cycles of one inference."""
        return sum(layer.wait_cycles for layer in self.layers)


def known(board: Board) -> tuple[Memory, ...]:
    """The stretches of memory whose costs are known."""
    return tuple(one for memory in board.memories for one in memory.costs if one.access is not None)


def stretches(board: Board) -> tuple[Stretch, ...]:
    """What a run has to count; nothing where no memory makes the core wait."""
    found = known(board)
    if not any(access.read or access.write for access in map(access_of, found)):
        return ()
    names = [access_of(one).shared or one.name for one in found]
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return tuple(stretch(one, number[name]) for one, name in zip(found, names, strict=True))


def access_of(memory: Memory) -> Access:
    """Its costs; none where they are not known."""
    return memory.access or Access()


def stretch(memory: Memory, cache: int) -> Stretch:
    """A memory behind cache number `cache`."""
    access = access_of(memory)
    return Stretch(
        start=memory.origin,
        end=memory.end,
        line=access.line,
        sets=access.sets,
        ways=access.ways,
        cache=cache,
        cached=access.cache > 0,
    )


def priced(board: Board, counts: Sequence[Sequence[StretchCount]]) -> tuple[MemoryTraffic, ...]:
    """The counts of `stretches` with their costs; memories that were not touched are left out."""
    found = (
        MemoryTraffic(memory=memory, layers=tuple(layer_traffic(access_of(memory), one) for one in row))
        for memory, row in zip(known(board) if counts else (), counts, strict=True)
    )
    return tuple(one for one in found if one.read_bytes or one.written_bytes)


def layer_traffic(access: Access, count: StretchCount) -> LayerTraffic:
    """One layer's accesses and what they cost."""
    words = count.write_backs * access.line // 4 if access.cache else count.written_words
    return LayerTraffic(
        read_bytes=count.read_bytes,
        written_bytes=count.written_bytes,
        lines=count.fills,
        wait_cycles=count.fills * access.read + words * access.write,
    )
