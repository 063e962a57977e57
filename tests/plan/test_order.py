"""Orders: dependencies hold, of a few steps no order keeps less memory in use, and what is proved is true."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from netsuke.lower import lower
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.program import Program, bind
from netsuke.plan import make_plan
from netsuke.plan.exact_order import Search, Weights, best_order
from netsuke.plan.order import dependencies, orders, orders_of
from netsuke.plan.plan import align
from netsuke.plan.planner import lay_outs
from tests.codegen.builder import Builder
from tests.plan.random_graphs import random_graph


def program(seed: int, most_layers: int = 9) -> Program:
    return bind(lower(random_graph(random.Random(seed).randrange, most_layers)).graph)


def every_order(needs: list[set[int]], done: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    if len(done) == len(needs):
        yield done
    for i, before in enumerate(needs):
        if i not in done and before <= set(done):
            yield from every_order(needs, (*done, i))


def peak(weights: Weights, order: tuple[int, ...]) -> int:
    done, held, most = 0, weights.at_start, weights.at_start
    for i in order:
        used, held = weights.run(i, done, held)
        most = max(most, used)
        done |= 1 << i
    return most


@pytest.mark.parametrize("seed", range(25))
def test_no_order_of_a_few_steps_holds_less(seed: int) -> None:
    made = program(seed)
    needs = dependencies(made.steps)
    found = best_order(made.graph, made.steps, needs)
    assert sorted(found.steps) == list(range(len(needs)))
    assert all(needs[i] <= set(found.steps[:at]) for at, i in enumerate(found.steps))
    weights = Weights(made.graph, made.steps)
    tried = [peak(weights, other) for other, _ in zip(every_order(needs), range(3000), strict=False)]
    assert peak(weights, found.steps) == max(found.peak, weights.at_start) <= min(tried)
    assert found.bound <= min(tried)
    assert found.optimal


@pytest.mark.parametrize("seed", range(25))
def test_no_plan_is_below_what_every_order_needs(seed: int) -> None:
    """The bound holds for real plans, of the order found and of the given one."""
    made = program(seed, most_layers=20)
    _, _, bound = orders_of(made.graph, made.steps)
    for steps in orders(made.graph, made.steps):
        for plan in lay_outs(made, steps):
            assert align(plan.arena_bytes, 4) >= bound
    plan = make_plan(made)
    assert plan.order_bound == bound
    assert not plan.best_order or align(plan.arena_bytes, 4) == bound


def test_more_sets_of_steps_than_can_be_looked_at() -> None:
    """Sixteen branches of their own have 2^16 sets and more: an order is found, its bound is not its peak."""
    b = Builder("wide")
    x = b.input(1, 4, 4, 2)
    ends = []
    for i in range(16):
        wide = b.conv(x, 12 + i % 5, 1)
        ends.append(b.conv(b.depthwise(wide), 1 + i % 3, 1))
    graph = b.graph(*b.op("concatenation", ends, Concatenation(axis=3)))
    steps = bind(graph).steps
    needs = dependencies(steps)
    found = best_order(graph, steps, needs)
    assert sorted(found.steps) == list(range(len(steps)))
    assert found.bound <= found.peak
    search = Search(Weights(graph, steps), needs)
    assert search.run(0, None, None) is None
    assert not search.complete
