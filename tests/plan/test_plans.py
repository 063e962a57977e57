"""Plans of random networks: replayed byte by byte, never above the plain peak, and the same C as the reference."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import Plan, check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from tests.codegen.build import Instance, shared_library
from tests.codegen.nets import NETS
from tests.plan.random_graphs import random_graph
from tests.plan.replay import BrokenPlanError, Replay, padded_peak

ISAS = (Isa.NONE, Isa.DSP, Isa.DSP | Isa.MVE)
IN_C = 30
"""Networks that are compiled."""


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    return random_graph(lambda n: draw(st.integers(0, n - 1)))


def seeded(seed: int, most_layers: int = 14) -> Graph:
    return random_graph(random.Random(seed).randrange, most_layers)


def planned(graph: Graph, isa: Isa = Isa.NONE) -> Plan:
    return make_plan(bind(lower(graph).graph, isa))


def hold(plan: Plan) -> None:
    """Every promise of a plan."""
    check(plan)
    Replay(plan, inside=True).run()
    Replay(plan, inside=False).run()
    assert plan.arena_bytes <= plan.lower_bound
    assert plan.arena_bytes <= padded_peak(plan)
    assert plan.naive_peak <= padded_peak(plan)
    again = make_plan(plan.program)
    assert again == plan


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from(ISAS))
def test_a_random_network_is_planned_well(graph: Graph, isa: Isa) -> None:
    hold(planned(graph, isa))


@pytest.mark.parametrize("seed", range(40))
def test_a_long_random_network_is_planned_well(seed: int) -> None:
    hold(planned(seeded(seed, most_layers=50), ISAS[seed % 3]))


def test_the_random_networks_have_what_can_go_wrong() -> None:
    """Views, sharing, scratch, states that are read where they are, several ports, an order of our own."""
    plans = [planned(seeded(seed, most_layers=30), ISAS[seed % 3]) for seed in range(40)]
    nodes = {n.name: n for plan in plans for n in plan.program.graph.nodes}
    assert len({n.op for n in nodes.values()}) >= 14
    assert sum(len(plan.dropped) for plan in plans) > 10
    assert sum(len(b.tensors) > 1 for plan in plans for b in plan.buffers) > 20
    assert sum(bool(plan.scratch) for plan in plans) > 5
    assert sum(plan.state_bytes > 0 for plan in plans) > 10
    assert sum(len(plan.program.graph.outputs) > 1 for plan in plans) > 10
    assert sum(len(plan.program.graph.inputs) > 1 for plan in plans) > 10
    assert sum(plan.naive_peak > plan.arena_bytes for plan in plans) > 10
    assert sum(lies_over(plan) for plan in plans) > 10
    assert sum(
        n.op in ("concatenation", "split")
        for p in plans
        for n in p.program.graph.nodes
        if n.name in p.dropped
    )
    given_order = [[s for s in plan.program.steps if s.node.name not in plan.dropped] for plan in plans]
    assert any(list(plan.steps) != order for plan, order in zip(plans, given_order, strict=True))


def lies_over(plan: Plan) -> bool:
    """Some two buffers in use at once share bytes."""
    pairs = combinations(plan.buffers, 2)
    return any(a.lives_with(b) and a.overlaps(b) and not set(a.tensors) & set(b.tensors) for a, b in pairs)


# -- the replay itself


def broken(plan: Plan, how: str) -> Plan:
    """The plan with a mistake."""
    if how == "two tensors at one place":
        return replace(plan, places={n: replace(p, offset=0) for n, p in plan.places.items()})
    if how == "another order":
        return replace(plan, steps=plan.steps[::-1])
    if how == "a step left out":
        return replace(plan, steps=plan.steps[:-1])
    if how == "the arena too small":
        return replace(plan, arena_bytes=plan.arena_bytes - 1)
    assert how == "a step twice"
    return replace(plan, steps=(*plan.steps, plan.steps[0]))


@pytest.mark.parametrize(
    "how",
    ["two tensors at one place", "another order", "a step left out", "the arena too small", "a step twice"],
)
def test_the_replay_finds_mistakes(how: str) -> None:
    plan = planned(NETS["stream"]())
    hold(plan)
    with pytest.raises(BrokenPlanError):
        Replay(broken(plan, how), inside=True).run()


def test_the_check_finds_overlaps_and_buffers_outside() -> None:
    plan = planned(seeded(1))
    with pytest.raises(AssertionError, match="overlap"):
        check(replace(plan, buffers=tuple(replace(b, offset=0) for b in plan.buffers)))
    with pytest.raises(AssertionError, match="outside or misaligned"):
        check(replace(plan, arena_bytes=plan.arena_bytes - 1))


# -- in C


def test_the_c_of_random_networks_computes_what_the_reference_does(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One library of them all; five invocations each, which is a sequence where there are states.

    Kernels for other cores run in plain C.
    """
    graphs = [seeded(seed) for seed in range(IN_C)]
    plans = [planned(graph, ISAS[i % 3]) for i, graph in enumerate(graphs)]
    projects = [make_project(plan, name=f"net_{i}") for i, plan in enumerate(plans)]
    library = shared_library(projects, tmp_path_factory.mktemp("random"))
    for i, (graph, project) in enumerate(zip(graphs, projects, strict=True)):
        inputs = random_inputs(graph, 5, seed=i)
        wanted = [[v.tobytes() for v in vector.outputs] for vector in expected_vectors(graph, inputs)]
        for inside in (True, False):
            instance = Instance(library, project, ports_inside=inside)
            assert [instance.invoke(given) for given in inputs] == wanted, f"network {i}, inside: {inside}"
