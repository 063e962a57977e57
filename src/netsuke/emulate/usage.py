"""What a linked image takes of each memory, and for what."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.boards import Memory, MemoryKind, Placement
from netsuke.emulate.image import Image

STATE, WEIGHTS = ".nk_state", ".nk_weights"
"""Sections of what is put apart."""


_HARNESS = "nk_input"


def arena_section(number: int) -> str:
    """Name of the section of arena number 0, 1, ... where it has one of its own."""
    return f".nk_arena{number + 1 if number else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """`nbytes` of a memory, from its first usable byte to the last that is taken, and the stack; `held`: for what."""

    memory: Memory
    nbytes: int
    held: tuple[tuple[str, int], ...]

    @property
    def parts(self) -> str:
        """In words."""
        return ", ".join(f"{what} {nbytes:,}" for what, nbytes in self.held)


def usage(image: Image, placement: Placement, stack_bytes: int = 0) -> tuple[Use, ...]:
    """Of every memory that the image uses. What is in one memory lies together, but for the stack at its end."""
    return tuple(
        one for memory in placement.memories if (one := _use(image, placement, memory, stack_bytes)).held
    )


def _use(image: Image, where: Placement, memory: Memory, stack_bytes: int) -> Use:
    found = _sections(image, where, memory)
    # A memory and a part of it count by themselves; sections begin where the script says, so their ends say how full
    # it is, padding included.
    end = max((address + size for _, address, size in found), default=memory.start)
    held: dict[str, int] = {}
    for what, _, size in found:
        held[what] = held.get(what, 0) + size
    stack = stack_bytes if memory == where.stack else 0
    # The input of the test program, where rows are pushed: a product has none.
    harness = image.objects.get(_HARNESS, 0) if memory == where.stack else 0
    if memory == where.stack:
        _tell_apart(held, image)
        if harness:
            held["variables"] -= harness
    if stack:
        held["stack"] = stack
    return Use(
        memory=memory,
        nbytes=end - memory.start + stack - harness,
        held=tuple((what, size) for what, size in held.items() if size),
    )


def _tell_apart(held: dict[str, int], image: Image) -> None:
    """What of the zeroed variables are arenas and states."""
    for name, size in image.objects.items():
        what = "arena" if name.startswith("nk_arena") else "state" if name.startswith("nk_state") else ""
        if what and _in_bss(image, name):
            held[what] = held.get(what, 0) + size
            held["variables"] -= size


def _in_bss(image: Image, name: str) -> bool:
    address, size = image.sections.get(".bss", (0, 0))
    return address <= image.symbols[name] < address + size


def _sections(image: Image, where: Placement, memory: Memory) -> list[tuple[str, int, int]]:
    """(what, address, bytes) of the sections in a memory, and of the values that wait there to be copied."""
    rows = [
        (".vectors", "code", where.code),
        (".text", "code", where.code),
        (".rodata", "constants", where.constants),
        (STATE, "state", where.state),
        (WEIGHTS, "weights", where.weights),
        (".data", "variables", where.stack),
        (".bss", "variables", where.stack),
        *((arena_section(i), "arena", one) for i, one in enumerate(where.arena)),
    ]
    found = [
        (what, *image.sections[name])
        for name, what, home in rows
        if home == memory and name in image.sections and image.sections[name][1]
    ]
    if memory == where.constants:
        for name, what in ((".data", "initial values"), (WEIGHTS, "weights to copy")):
            if name in image.loads and (name != WEIGHTS or where.weights.kind is MemoryKind.RAM):
                found.append((what, *image.loads[name]))
    return found
