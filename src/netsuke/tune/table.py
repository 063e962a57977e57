"""Every layer of a graph with its candidates and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from netsuke.boards import Isa
from netsuke.ir import Graph
from netsuke.ops.choice import candidates
from netsuke.ops.kernel import Constant, KernelArgs
from netsuke.ops.program import Program, Step, step_of
from netsuke.tune.costs import KernelCost, LayerCost
from netsuke.tune.store import Costs

WORD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A kernel for a layer. `cost` and `kernel_cost` are None where nothing was measured.

    `standing`: helpers that are functions of their own in expanded kernels too; a layer needs those that it has there.
    """

    step: Step
    cost: LayerCost | None
    kernel_cost: KernelCost | None
    standing: frozenset[str] = frozenset()

    @property
    def kernel(self) -> str:
        """The kernel's name."""
        return self.step.kernel.name

    @property
    def helpers(self) -> Mapping[str, int]:
        """What the shared kernel calls of it for this layer."""
        if self.kernel_cost is None:
            return {}
        needed = self.kernel_cost.helpers if self.cost is None else self.cost.helpers
        found = self.kernel_cost.helpers.items()
        return {name: size for name, size in found if name in needed or name not in self.standing}

    @property
    def constant_bytes(self) -> int:
        """Flash for weights, biases, scales and tables, each array once."""
        pointers = (p for call in self.step.calls for p in call.pointers if isinstance(p, Constant))
        return sum({(p.label, p.data.tobytes()): p.data.nbytes for p in pointers}.values())

    @property
    def folded_bytes(self) -> int:
        """What of them a compiler does without where the kernel is expanded: arrays of one number again and again."""
        pointers = (p for call in self.step.calls for p in call.pointers if isinstance(p, Constant))
        alike = (p for p in pointers if p.data.size > 1 and (p.data == p.data.flat[0]).all())
        return sum({(p.label, p.data.tobytes()): p.data.nbytes for p in alike}.values())

    @property
    def args_bytes(self) -> int:
        """Flash for the argument structs of a kernel that is shared."""
        return sum(struct_bytes(args) for args in {call.args for call in self.step.calls})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A layer; its candidates in the operator's order of preference, never none."""

    name: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All layers of a graph that need code, in its order. `others`: the steps of views, by name."""

    graph: Graph
    rows: tuple[Row, ...]
    others: Mapping[str, Step]

    def program(self, picked: Mapping[str, Candidate]) -> Program:
        """The graph with a candidate for every row."""
        steps = {**self.others, **{name: one.step for name, one in picked.items()}}
        return Program(graph=self.graph, steps=tuple(steps[node.name] for node in self.graph.nodes))

    def steps(self, most: int) -> Iterator[tuple[Graph, Step]]:
        """What is measured: the first `most` candidates of every layer."""
        for row in self.rows:
            for candidate in row.candidates[:most]:
                yield self.graph, candidate.step

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Layer → kernel → cycles, where they were measured."""
        return {
            row.name: {one.kernel: one.cost.cycles for one in row.candidates if one.cost is not None}
            for row in self.rows
        }

    @property
    def unknown(self) -> int:
        """Layers with a choice, but without the counts to make it."""
        return sum(1 for row in self.rows if len(row.candidates) > 1 and row.candidates[0].cost is None)


def alike(table: Table, picked: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """The candidates of a table with the kernels that were picked in another one of the same graph."""
    return {
        row.name: next(one for one in row.candidates if one.kernel == picked[row.name].kernel)
        for row in table.rows
    }


def struct_bytes(args: KernelArgs) -> int:
    """Bytes of the C struct: all members are words, or tuples of words."""
    values = (getattr(args, field.name) for field in fields(args))  # type: ignore[arg-type]
    return sum(WORD * (len(v) if isinstance(v, tuple) else 1) for v in values)


Bound = Mapping[str, tuple[Step, ...]]
"""Node name → a step for each of its candidates."""


def bound(graph: Graph, isa: Isa) -> Bound:
    """Every node with every candidate: most of the time that a choice takes.

    Raises:
        UnsupportedModel: when no kernel computes a node.
    """
    found = {}
    for node in graph.nodes:
        steps = tuple(step_of(graph, node, isa, kernel=kernel) for kernel in candidates(graph, node, isa))
        found[node.name] = steps or (step_of(graph, node, isa),)
    return found


def make_table(graph: Graph, steps: Bound, costs: Costs) -> Table:
    """The candidates with what is known of them."""
    rows = tuple(
        Row(name=name, candidates=tuple(candidate(step, costs) for step in some))
        for name, some in steps.items()
        if not some[0].view
    )
    others = {name: some[0] for name, some in steps.items() if some[0].view}
    return Table(graph=graph, rows=rows, others=others)


def candidate(step: Step, costs: Costs) -> Candidate:
    """One candidate with what is known of it."""
    return Candidate(
        step=step, cost=costs.layer(step), kernel_cost=costs.kernel(step.kernel), standing=costs.standing
    )
