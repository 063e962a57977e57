"""Streams of random networks give the reference's bytes, in the RAM that they say."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from netsuke.boards import Isa
from netsuke.codegen import Project, make_project
from netsuke.codegen.stream_layers import TAKE, timetable
from netsuke.errors import UnsupportedModel
from netsuke.ir import DType, Graph
from netsuke.lower import lower
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.operator import site_of
from netsuke.ops.program import Program, Step, bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.stream import Forms, make_stream, window_of
from netsuke.stream.make import MOST_LINES
from tests.codegen.build import Instance, shared_library
from tests.codegen.builder import Builder
from tests.stream.nets import Images

ISAS = (Isa.NONE, Isa.DSP, Isa.DSP | Isa.MVE)
PER_LIBRARY = 8


def streamed(program: Program, forms: Forms, chance: random.Random) -> Program:
    """Runs of steps that go by rows become streams, cut at random, in bands of random heights."""
    steps: list[Step] = []
    at = 0
    while at < len(program.steps):
        end = at
        while end < len(program.steps) and window_of(site_of(program.graph, program.steps[end].node)):
            end += 1
            if chance.random() < 0.15:
                break
        if end == at:
            steps.append(program.steps[at])
            at += 1
        else:
            nodes = [step.node for step in program.steps[at:end]]
            steps.append(make_stream(program.graph, nodes, forms, chance.randint(1, 4)))
            at = end
    return replace(program, steps=tuple(steps))


def project_of(graph: Graph, seed: int) -> Project:
    """The network with streams, as C."""
    isa = ISAS[seed % 3]
    program = streamed(bind(graph, isa), Forms(isa=isa), random.Random(seed))
    assert any(step.stream for step in program.steps)
    plan = make_plan(program)
    check(plan)
    return make_project(plan, name=f"net{seed}")


@pytest.mark.parametrize("first", range(0, 40, PER_LIBRARY))
def test_streams_of_random_networks_are_exact(first: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    seeds = range(first, first + PER_LIBRARY)
    kinds = {seed: DType.FLOAT32 if seed % 8 == 7 else DType.INT8 for seed in seeds}
    graphs = {seed: Images(seed, kinds[seed]).graph(3 + seed % 9) for seed in seeds}
    lowered = {seed: lower(graph).graph for seed, graph in graphs.items()}
    projects = {seed: project_of(lowered[seed], seed) for seed in seeds}
    library = shared_library(list(projects.values()), tmp_path)
    for seed in seeds:
        inputs = random_inputs(graphs[seed], 3, seed)
        for inside in (True, False):
            for vector in expected_vectors(graphs[seed], inputs):
                got = Instance(library, projects[seed], ports_inside=inside).invoke(vector.inputs)
                assert got == [y.tobytes() for y in vector.outputs], seed


def test_more_lines_than_an_event_can_name_are_refused() -> None:
    b = Builder("long")
    x = b.input(1, 3, 2, 1)
    for _ in range(MOST_LINES):
        (x,) = b.op("leaky_relu", [x], LeakyRelu(alpha=0.25))
    graph, forms = b.graph(x), Forms(isa=Isa.NONE)
    with pytest.raises(
        UnsupportedModel, match=f"with {MOST_LINES + 1} tensors; at most {MOST_LINES} can be held"
    ):
        make_stream(graph, graph.nodes, forms, 1)
    fewer = make_stream(graph, graph.nodes[:-1], forms, 1).stream
    assert fewer is not None
    assert timetable(fewer)[:, 0].max() == MOST_LINES - 2 < TAKE
