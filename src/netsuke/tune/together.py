"""Kernels for several models of one image: what they share must be chosen, or kept apart, together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from netsuke.ops.program import Program
from netsuke.tune.choose import Choice, picks
from netsuke.tune.concede import Conceded, Concession, Picks, against, conceded
from netsuke.tune.size import least_flash
from netsuke.tune.table import Candidate, Table, alike
from netsuke.tune.tuner import Tuner


def programs_together(tuners: Sequence[Tuner], goal: str) -> tuple[Program, ...]:
    """The models with their kernels for a goal: for size the smallest image, else each as fast as by itself."""
    if goal == "size":
        return smallest_programs(tuners)
    return as_if_alone([tuner.program(goal) for tuner in tuners])


class Together:
    """Kernel choice for several graphs, as `Tuner` has it for one. Concessions are named by `joint_name`."""

    def __init__(self, tuners: Sequence[Tuner]) -> None:
        self.tuners = tuners

    def program(self, goal: str) -> tuple[Program, ...]:
        """The graphs with the best kernels."""
        return programs_together(self.tuners, goal)

    def smaller(self, goal: str, nbytes: int) -> tuple[tuple[Program, ...], tuple[Concession, ...]]:
        """With those that save so many bytes of flash in the whole image for the fewest cycles."""
        table = joint_table(self.tuners, goal)
        programs, concessions = self._conceded(goal, conceded(table.rows, *self._had(goal), nbytes))
        return as_if_alone(programs), concessions

    def smallest(self, goal: str) -> tuple[tuple[Program, ...], tuple[Concession, ...]]:
        """With the kernels of the goal "size", compiled for this one."""
        table = joint_table(self.tuners, goal)
        return self._compact(goal, table, picks(table, "size"))

    def sized(self, goal: str) -> tuple[tuple[Program, ...], tuple[Concession, ...]]:
        """With the kernels that a build of them all for the goal "size" has, compiled for this one."""
        table = joint_table(self.tuners, goal)
        picked, expanded = least_flash(joint_table(self.tuners, "size"))
        return self._compact(goal, table, (alike(table, picked), expanded))

    def _compact(
        self, goal: str, table: Table, has: Picks
    ) -> tuple[tuple[Program, ...], tuple[Concession, ...]]:
        programs, concessions = self._conceded(goal, against(table.rows, self._had(goal), has))
        return tuple(replace(program, compact=True) for program in programs), concessions

    def _had(self, goal: str) -> Picks:
        """What each model has when it is alone."""
        picked: dict[str, Candidate] = {}
        expanded: set[str] = set()
        for i, tuner in enumerate(self.tuners):
            own, copies = picks(tuner.table(goal), goal)
            picked.update({joint_name(i, name): one for name, one in own.items()})
            expanded.update(joint_name(i, name) for name in copies)
        return picked, frozenset(expanded)

    def _conceded(self, goal: str, found: Conceded) -> tuple[tuple[Program, ...], tuple[Concession, ...]]:
        programs = tuple(
            tuner.bound(goal, own_choice(i, tuner.table(goal), found.picked, found.expanded))
            for i, tuner in enumerate(self.tuners)
        )
        return programs, found.concessions


def as_if_alone(programs: Sequence[Program]) -> tuple[Program, ...]:
    """Layers that alone in their model call a kernel get a copy of their own where another model calls it too.

    A compiler inlines a function that is called in one place, its sizes as constants; beside another model's call it
    would no longer, and the first layer of a network can then take half as long again.
    """
    calls = [
        Counter(call.kernel.name for step in program.steps for call in step.every_call)
        for program in programs
    ]
    users = Counter(name for counter in calls for name in counter)
    return tuple(
        replace(program, expanded=program.expanded | sole_callers(program, own, users))
        for program, own in zip(programs, calls, strict=True)
    )


def sole_callers(program: Program, own: Counter[str], users: Counter[str]) -> frozenset[str]:
    """Names of the nodes all of whose kernels they alone call in their model, and some other model calls too."""
    return frozenset(
        step.node.name
        for step in program.steps
        if step.calls
        and all(own[call.kernel.name] == 1 for call in step.calls)
        and any(users[call.kernel.name] > 1 for call in step.calls)
    )


def smallest_programs(tuners: Sequence[Tuner]) -> tuple[Program, ...]:
    """The models with the kernels whose image is smallest, each kernel counted once however many models use it."""
    picked, expanded = least_flash(joint_table(tuners, "size"))
    return tuple(
        tuner.bound("size", own_choice(i, tuner.table("size"), picked, expanded))
        for i, tuner in enumerate(tuners)
    )


def joint_table(tuners: Sequence[Tuner], goal: str) -> Table:
    """The layers of all models that need code, under joint names."""
    tables = [tuner.table(goal) for tuner in tuners]
    rows = tuple(
        replace(row, name=joint_name(i, row.name)) for i, table in enumerate(tables) for row in table.rows
    )
    return Table(graph=tables[0].graph, rows=rows, others={})


def own_choice(model: int, table: Table, picked: Mapping[str, Candidate], expanded: frozenset[str]) -> Choice:
    """What a joint choice has for one model."""
    names = {row.name: joint_name(model, row.name) for row in table.rows}
    return Choice(
        kernels={name: picked[joint].step.kernel for name, joint in names.items()},
        expanded=frozenset(name for name, joint in names.items() if joint in expanded),
    )


def joint_name(model: int, name: str) -> str:
    """A name for a layer among those of all models."""
    return f"{model}:{name}"


def own_name(joint: str) -> tuple[int, str]:
    """(model, layer) of a joint name."""
    model, _, name = joint.partition(":")
    return int(model), name
