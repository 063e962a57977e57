"""Which memory of a board holds what: what a user wishes, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.boards.board import Board
from netsuke.boards.memory import Memory, MemoryKind
from netsuke.errors import InputError

ROLES = ("arena", "state", "stack", "weights")
AUTO = "auto"
_EXAMPLE = "a text such as 'auto', 'arena=DTCM' or 'arena=DTCM+SRAM1,state=SRAM2,weights=QSPI' was wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Names of memories as a user wrote them; what is empty netsuke chooses.

    `arena` may be several: the arena is then split where one of them does not hold it. `stack` also holds variables.
    """

    arena: tuple[str, ...] = ()
    state: str = ""
    stack: str = ""
    weights: str = ""

    @property
    def any(self) -> bool:
        """True when something is named."""
        return bool(self.arena or self.state or self.stack or self.weights)


def parse_wishes(text: str | None) -> Wishes:
    """Reads `arena=DTCM+SRAM1,state=SRAM2,stack=DTCM,weights=QSPI`; `auto`, or None, wishes nothing.

    Raises:
        InputError: for a text of another form.
    """
    if text is None or text.strip().lower() == AUTO:
        return Wishes()
    found: dict[str, tuple[str, ...]] = {}
    for item in text.split(","):
        role, sign, given = (part.strip() for part in item.partition("="))
        names = tuple(name.strip() for name in given.split("+"))
        role = role.lower()
        if not sign or not all(names):
            raise InputError(f"got --place {text!r}; {_EXAMPLE}")
        if role not in ROLES:
            raise InputError(
                f"got --place {text!r}: {role!r} has no place of its own, only {', '.join(ROLES)}"
            )
        if role in found:
            raise InputError(f"got --place {text!r}: {role} stands there twice")
        if role != "arena" and len(names) > 1:
            raise InputError(f"got --place {text!r}: only the arena can be split, {role} lies in one memory")
        if len({name.lower() for name in names}) < len(names):
            raise InputError(f"got --place {text!r}: a memory stands there twice for the arena")
        found[role] = names
    single = {role: names[0] for role, names in found.items() if role != "arena"}
    return Wishes(arena=found.get("arena", ()), **single)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an image keeps what it needs. The arena's memories are in the order of the C interface's pointers."""

    arena: tuple[Memory, ...]
    state: Memory
    stack: Memory
    """Also of variables."""
    weights: Memory
    code: Memory
    constants: Memory
    """Of all other constants, and of the initial values of what is copied to RAM."""

    @property
    def copied(self) -> bool:
        """True when start-up code copies the weights to RAM."""
        return self.weights.kind is MemoryKind.RAM

    @property
    def apart(self) -> bool:
        """True when weights are not with the other constants."""
        return self.weights != self.constants

    @property
    def together(self) -> bool:
        """True when all that changes is in one memory, and weights are where constants are."""
        return not self.apart and {self.stack, self.state, *self.arena} == {self.stack}

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All of them, each once: those that change first."""
        every = (*self.arena, self.state, self.stack, self.weights, self.code, self.constants)
        return tuple(dict.fromkeys(sorted(every, key=lambda one: one.kind is not MemoryKind.RAM)))


def home(board: Board) -> Placement:
    """Everything that changes in the first RAM, everything else in flash."""
    ram, constants = board.ram, board.constants_memory
    return Placement(
        arena=(ram,), state=ram, stack=ram, weights=constants, code=board.flash, constants=constants
    )


def wished(board: Board, wishes: Wishes) -> dict[str, tuple[Memory, ...]]:
    """The memories that are named, by role.

    Raises:
        InputError: for a name that the board does not have, flash for what changes, or memories that share bytes.
    """
    found = {
        "arena": tuple(board.region(name) for name in wishes.arena),
        **{
            role: (board.region(name),)
            for role in ("state", "stack", "weights")
            if (name := getattr(wishes, role))
        },
    }
    for role, memories in found.items():
        for one in memories:
            if role != "weights" and one.kind is not MemoryKind.RAM:
                raise InputError(f"{one.name} of {board.name} is flash: {role} needs RAM")
    named = list(dict.fromkeys(one for memories in found.values() for one in memories))
    for i, one in enumerate(named):
        for other in named[:i]:
            if one.origin < other.end and other.origin < one.end:
                raise InputError(
                    f"{one.name} and {other.name} of {board.name} share bytes; name the one or the other"
                )
    return {role: memories for role, memories in found.items() if memories}
