"""Kernel choice for one graph on one core: bound once, asked for any goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from netsuke.boards import Core
from netsuke.ir import Graph
from netsuke.ops.program import Program, bind
from netsuke.tune.choose import Choice, choose, picks
from netsuke.tune.concede import Conceded, Concession, Picks, against, conceded
from netsuke.tune.goals import FLAGS, MOST_CANDIDATES
from netsuke.tune.measure import jobs_for, measure
from netsuke.tune.store import Costs
from netsuke.tune.table import Table, alike, bound, make_table
from netsuke.tune.toolchain import Toolchain

Progress = Callable[[str, float], None]


class Tuner:
    """`compiler` as in find_compiler; `file` is the user's cache of measurements, by default netsuke's own."""

    def __init__(
        self,
        graph: Graph,
        core: Core,
        compiler: str | None = None,
        *,
        file: Path | None = None,
        use_shipped: bool = True,
    ) -> None:
        self.graph, self.core, self.compiler = graph, core, compiler
        self._file, self._use_shipped = file, use_shipped
        self._steps = bound(graph, core.isa)
        self._costs: dict[str, Costs] = {}

    def costs(self, goal: str) -> Costs:
        """What is known of the goal's toolchain."""
        flag = FLAGS[goal]
        if flag not in self._costs:
            toolchain = Toolchain.find(self.core, self.compiler, flag)
            self._costs[flag] = Costs(toolchain, file=self._file, use_shipped=self._use_shipped)
        return self._costs[flag]

    def table(self, goal: str) -> Table:
        """The layers and their candidates, with what is known now."""
        return make_table(self.graph, self._steps, self.costs(goal))

    def measure(self, goal: str, progress: Progress) -> int:
        """Measures what is not known; how many results there were.

        Raises:
            CompileError: when there is no such compiler.
        """
        costs = self.costs(goal)
        jobs = jobs_for(self.table(goal).steps(MOST_CANDIDATES[FLAGS[goal]]), costs)
        return measure(jobs, costs, progress) if jobs else 0

    def choice(self, goal: str) -> Choice:
        """The best kernels by what is known."""
        return choose(self.table(goal), goal)

    def program(self, goal: str) -> Program:
        """The graph with them."""
        return self.bound(goal, self.choice(goal))

    def smaller(self, goal: str, nbytes: int) -> tuple[Program, tuple[Concession, ...]]:
        """The graph with kernels that save so many bytes of flash for the fewest cycles, and what gave way for it.

        The most that can be saved, where that is less. Not for the goal "size", whose kernels are the smallest.
        """
        table = self.table(goal)
        return self._conceded(goal, conceded(table.rows, *picks(table, goal), nbytes))

    def smallest(self, goal: str) -> tuple[Program, tuple[Concession, ...]]:
        """The graph with the kernels of the goal "size", compiled for this one, and what gave way for it."""
        return self._compact(goal, picks(self.table(goal), "size"))

    def sized(self, goal: str) -> tuple[Program, tuple[Concession, ...]]:
        """The graph with the kernels that a build for the goal "size" has, none of them far slower than a layer's
        fastest; compiled for this one, and what gave way for it."""
        picked, expanded = picks(self.table("size"), "size")
        return self._compact(goal, (alike(self.table(goal), picked), expanded))

    def _compact(self, goal: str, has: Picks) -> tuple[Program, tuple[Concession, ...]]:
        table = self.table(goal)
        program, concessions = self._conceded(goal, against(table.rows, picks(table, goal), has))
        return replace(program, compact=True), concessions

    def _conceded(self, goal: str, found: Conceded) -> tuple[Program, tuple[Concession, ...]]:
        kernels = {name: one.step.kernel for name, one in found.picked.items()}
        return self.bound(goal, Choice(kernels=kernels, expanded=found.expanded)), found.concessions

    def bound(self, goal: str, choice: Choice) -> Program:
        """The graph with what was chosen for a goal."""
        program = bind(
            self.graph,
            self.core.isa,
            small=goal == "size",
            choice=choice.kernels,
            expanded=choice.expanded,
        )
        return replace(program, counts=self.table(goal).counts)
