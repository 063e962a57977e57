"""Which memories of a board hold arena, state, stack and weights: what the user named, and for the rest the fastest.

The arena goes to the fastest memory that holds it with stack and state, else to the fastest that holds it, else it is
split. Stack and state go to the fastest memory that has room for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.boards import Board, Memory, MemoryKind, Placement, Wishes, home, wished
from netsuke.errors import DoesNotFit
from netsuke.ops.kernel import Constant, Input
from netsuke.plan.plan import Plan
from netsuke.plan.split import MOST_PARTS, Room, make_split_plan

STACK_ALLOWANCE = 1024
"""Bytes that are kept for stack and variables while memories are chosen; the build then measures what they are."""


def placed(plan: Plan, board: Board, wishes: Wishes) -> tuple[Plan, Placement]:
    """The plan, its arena split where that must be, and the memories.

    Raises:
        InputError: for a name that the board does not have, or of a memory that cannot hold what it is named for.
        DoesNotFit: when a memory that is named is too small, by so many bytes, or all are.
    """
    named = wished(board, wishes)
    rams = automatic(board, named)
    if not named and len(rams) == 1:
        # No choice: the linked image says whether it fits.
        return plan, home(board)
    return Chooser(plan=plan, board=board, named=named, rams=rams).choose()


def automatic(board: Board, named: dict[str, tuple[Memory, ...]]) -> list[Memory]:
    """The memories that may be chosen, fastest first: wholes, and the parts of those whose parts differ in speed.

    What shares bytes with a memory that is named, and is another one, is left out.
    """
    found: list[Memory] = []
    for memory in board.memories:
        if memory.kind is not MemoryKind.RAM or memory.external or not memory.auto:
            continue
        if len({part.speed for part in memory.costs}) > 1 or any(
            overlap(memory, one) for one in taken(named)
        ):
            found += [part for part in memory.parts if part.auto]
        found.append(memory)
    free = [one for one in found if all(one == other or not overlap(one, other) for other in taken(named))]
    return sorted(free, key=lambda one: one.speed)


def taken(named: dict[str, tuple[Memory, ...]]) -> list[Memory]:
    """The memories that are named."""
    return [one for memories in named.values() for one in memories]


def overlap(one: Memory, other: Memory) -> bool:
    """True when they share bytes."""
    return one.origin < other.end and other.origin < one.end


@dataclass(slots=True, kw_only=True)
class Chooser:
    """Bytes that are still free, while one thing after the other gets its place."""

    plan: Plan
    board: Board
    named: dict[str, tuple[Memory, ...]]
    rams: list[Memory]

    def choose(self) -> tuple[Plan, Placement]:
        """Arena first, then what has no name yet."""
        room = {one: one.usable for one in (*taken(self.named), *self.rams)}
        self.take_named(room)
        open_needs = [role for role in ("state", "stack") if role not in self.named]
        plan, arena = self.arena(room, sum(self.needs(role) for role in open_needs))
        others = {role: self.named[role][0] for role in ("state", "stack") if role in self.named}
        for role in ("stack", "state"):
            if role not in others:
                others[role] = self.other(role, room, arena)
        where = home(self.board)
        return plan, Placement(
            arena=arena,
            state=others["state"],
            stack=others["stack"],
            weights=self.named.get("weights", (where.weights,))[0],
            code=where.code,
            constants=where.constants,
        )

    def needs(self, role: str) -> int:
        """Bytes of what is not the arena."""
        if role == "weights":
            return weight_bytes(self.plan)
        return self.plan.state_bytes if role == "state" else STACK_ALLOWANCE

    def take_named(self, room: dict[Memory, int]) -> None:
        """What is named takes its room, the arena excepted.

        Raises:
            DoesNotFit: where there is not enough.
        """
        for role in ("weights", "state", "stack"):
            for memory in self.named.get(role, ()):
                self.require(role, self.needs(role), memory, room[memory])
                room[memory] -= self.needs(role)

    def require(self, role: str, needed: int, memory: Memory, free: int) -> None:
        """Raises DoesNotFit where there is not enough room."""
        if needed > free:
            raise DoesNotFit(
                f"{role}: {needed:,} bytes do not fit into {memory.name} of {self.board.name}, which has {free:,} for "
                f"it: {needed - free:,} bytes too many; name a larger memory"
                + (", several (arena=A+B), or a budget (--ram)" if role == "arena" else "")
            )

    def arena(self, room: dict[Memory, int], beside: int) -> tuple[Plan, tuple[Memory, ...]]:
        """The arena's memories, and the plan, which is another one where there are several. Takes the room.

        beside: bytes of state and stack that want a place too.
        """
        wanted = self.plan.arena_bytes
        named = sorted(self.named.get("arena", ()), key=lambda one: one.speed)
        if len(named) == 1:
            self.require("arena", wanted, named[0], room[named[0]])
        for more in (0,) if named else (beside, 0):
            for memory in named or self.rams:
                if wanted + more <= room[memory]:
                    room[memory] -= wanted
                    return self.plan, (memory,)
        rooms = self.split_rooms(named, room, beside)
        plan = make_split_plan(self.plan.program, [Room(memory=m.name, nbytes=n) for m, n in rooms])
        memories = tuple(next(m for m, _ in rooms if m.name == part.memory) for part in plan.parts)
        for memory, nbytes in zip(memories, plan.arenas, strict=True):
            room[memory] -= nbytes
        return plan, memories

    def split_rooms(
        self, named: Sequence[Memory], room: dict[Memory, int], beside: int
    ) -> list[tuple[Memory, int]]:
        """The memories for a split arena, without two that share bytes, and their bytes for it.

        State and stack keep room in the fastest that has it, unless there is one that the arena does not use.
        """
        chosen: list[Memory] = []
        for memory in named or sorted(self.rams, key=lambda one: (one.speed, -one.usable)):
            if not any(overlap(memory, one) for one in chosen) and len(chosen) < MOST_PARTS:
                chosen.append(memory)
        free = {memory: room[memory] for memory in chosen}
        if not chosen:
            raise DoesNotFit(
                f"arena: {self.board.name} has no memory left for its {self.plan.arena_bytes:,} bytes; name one"
            )
        elsewhere = [one for one in self.rams if not any(overlap(one, other) for other in chosen)]
        if beside and not any(room[one] >= beside for one in elsewhere):
            keeper = next((one for one in chosen if free[one] >= beside), chosen[0])
            free[keeper] = max(0, free[keeper] - beside)
        return [(memory, nbytes & ~7) for memory, nbytes in free.items() if nbytes >= 8]

    def other(self, role: str, room: dict[Memory, int], arena: Sequence[Memory]) -> Memory:
        """The place of state or stack: with the arena, or in the fastest memory that has room for it. Takes the room.

        Raises:
            DoesNotFit: where there is none.
        """
        needed = self.needs(role)
        used = (*arena, *taken(self.named))
        apart = [one for one in self.rams if all(one == other or not overlap(one, other) for other in used)]
        named = (one for one in room if one.kind is MemoryKind.RAM and one not in self.rams)
        ordered = [*sorted(dict.fromkeys((*arena, *apart)), key=lambda one: one.speed), *named]
        for memory in ordered:
            if room[memory] >= needed and not any(overlap(memory, a) and memory != a for a in arena):
                room[memory] -= needed
                return memory
        raise DoesNotFit(
            f"{role}: no memory of {self.board.name} has {needed:,} bytes left for it; name another memory for the "
            "arena, or a budget (--ram)"
        )


def weight_bytes(plan: Plan) -> int:
    """Bytes of the constants that kernels read, each array once; argument structs are not among them."""
    graph = plan.program.graph
    calls = [(node, call) for step in plan.steps for node, call in step.calls_by_node]
    arrays = {
        (node.name, p.label, str(p.data.dtype), p.data.tobytes()): p.data.nbytes
        for node, call in calls
        for p in call.pointers
        if isinstance(p, Constant)
    }
    direct = {
        node.inputs[p.index]
        for node, call in calls
        for p in call.pointers
        if isinstance(p, Input) and graph.tensors[node.inputs[p.index]].is_constant
    }
    return sum(arrays.values()) + sum(graph.tensors[name].nbytes for name in direct)
