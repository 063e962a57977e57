"""Networks of two hundred nodes: planned near what is proved to be needed, in a bounded number of search steps.

Steps are counted, not seconds: `netsuke bench planning` prints those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from netsuke.bench.large_networks import LARGE
from netsuke.boards import Isa
from netsuke.ir import verify
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import check, exact, exact_order, make_plan, offsets
from netsuke.plan.blocks import Puzzle
from netsuke.plan.exact_order import Reached

MOST_PLACED = 400_000
MOST_LOOKED_AT = 40_000
NEAR = 1.1
"""Of what no order can do without."""


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_network_is_planned_in_bounded_steps(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: Counter[str] = Counter()
    fit, level, raised = offsets.first_fit, exact_order.Search.level, exact.Search.worst

    def first_fit(
        puzzle: Puzzle,
        order: Sequence[int],
        limit: int | None = None,
        fixed: Mapping[int, int] = MappingProxyType({}),
    ) -> tuple[int, list[int]]:
        counts["placed"] += len(order)
        return fit(puzzle, order, limit, fixed)

    def levels(
        self: exact_order.Search, before: dict[int, Reached], low: int, budget: int | None
    ) -> dict[int, Reached]:
        counts["sets"] += len(before)
        return level(self, before, low, budget)

    def worst(self: exact.Search, found: list[int]) -> tuple[int, int] | None:
        counts["nodes"] += 1
        return raised(self, found)

    monkeypatch.setattr(offsets, "first_fit", first_fit)
    monkeypatch.setattr(exact_order.Search, "level", levels)
    monkeypatch.setattr(exact.Search, "worst", worst)
    graph = LARGE[kind]()
    verify(graph)
    assert 190 <= len(graph.nodes) <= 215
    plan = make_plan(bind(lower(graph).graph, Isa.DSP))
    check(plan)
    assert counts["placed"] <= MOST_PLACED
    assert counts["sets"] <= MOST_LOOKED_AT
    assert counts["nodes"] <= MOST_LOOKED_AT
    assert plan.order_bound <= plan.arena_bytes <= NEAR * plan.order_bound
