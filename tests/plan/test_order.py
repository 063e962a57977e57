"""Orders: dependencies hold, and of a few steps no order keeps less memory in use."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from netsuke.lower import lower
from netsuke.ops.program import Program, bind
from netsuke.plan.exact_order import Weights, best_order
from netsuke.plan.order import dependencies
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
    done = most = 0
    for i in order:
        most = max(most, weights.held(done) + weights.extra(i, done))
        done |= 1 << i
    return most


@pytest.mark.parametrize("seed", range(25))
def test_no_order_of_a_few_steps_holds_less(seed: int) -> None:
    made = program(seed)
    needs = dependencies(made.steps)
    found = best_order(made.graph, made.steps, needs)
    assert found is not None
    place = {step.node.name: i for i, step in enumerate(made.steps)}
    order = tuple(place[step.node.name] for step in found)
    assert sorted(order) == list(range(len(needs)))
    assert all(needs[i] <= set(order[:at]) for at, i in enumerate(order))
    weights = Weights(made.graph, made.steps)
    tried = [peak(weights, other) for other, _ in zip(every_order(needs), range(3000), strict=False)]
    assert peak(weights, order) <= min(tried)


def test_too_many_sets_of_steps_are_given_up() -> None:
    """Sixteen inputs' worth of layers that do not depend on one another have 2^16 sets."""
    from tests.codegen.builder import Builder

    b = Builder("wide")
    x = b.input(1, 2, 2, 2)
    branches = [b.depthwise(x) for _ in range(16)]
    graph = b.graph(*branches)
    steps = bind(graph).steps
    assert best_order(graph, steps, dependencies(steps)) is None
