"""Patches of random networks give the reference's bytes, in the RAM that they say, with the work that they say."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from netsuke.boards import Isa
from netsuke.codegen import Project, make_project
from netsuke.ir import DType, Graph
from netsuke.lower import lower
from netsuke.ops.operator import site_of
from netsuke.ops.program import Program, Step, bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.stream import Forms, axes_of, make_patches
from netsuke.stream.patches import outside
from tests.codegen.build import Instance, shared_library
from tests.stream.nets import Images

ISAS = (Isa.NONE, Isa.DSP, Isa.DSP | Isa.MVE)
PER_LIBRARY = 8


def patched(program: Program, forms: Forms, chance: random.Random) -> Program:
    """Runs of steps become patches, cut at random, in random grids."""
    graph, steps = program.graph, program.steps
    found: list[Step] = []
    at = 0
    while at < len(steps):
        ends = [at]
        for end in range(at + 1, len(steps) + 1):
            nodes = [step.node for step in steps[at:end]]
            if axes_of(site_of(graph, nodes[-1])) is None:
                break
            if outside(graph, nodes) == set(nodes[-1].outputs):
                ends.append(end)
        end = chance.choice(ends[-3:]) if chance.random() < 0.5 else ends[-1]
        if end == at:
            found.append(steps[at])
            at += 1
        else:
            nodes = [step.node for step in steps[at:end]]
            grid = (chance.randint(1, 5), chance.choice([1, 2, 3, 4, 20]))
            found.append(make_patches(graph, nodes, forms, grid))
            at = end
    return replace(program, steps=tuple(found))


def project_of(graph: Graph, seed: int) -> Project:
    """The network in patches, as C."""
    isa = ISAS[seed % 3]
    program = patched(bind(graph, isa), Forms(isa=isa), random.Random(seed))
    plan = make_plan(program)
    check(plan)
    return make_project(plan, name=f"net{seed}")


@pytest.mark.parametrize("first", range(0, 40, PER_LIBRARY))
def test_patches_of_random_networks_are_exact(first: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    seeds = range(first, first + PER_LIBRARY)
    kinds = {7: DType.FLOAT32, 3: DType.INT16}
    graphs = {seed: Images(seed, kinds.get(seed % 8, DType.INT8)).graph(3 + seed % 9) for seed in seeds}
    lowered = {seed: lower(graph).graph for seed, graph in graphs.items()}
    projects = {seed: project_of(lowered[seed], seed) for seed in seeds}
    assert any(step.patches for project in projects.values() for step in project.plan.steps)
    library = shared_library(list(projects.values()), tmp_path)
    for seed in seeds:
        inputs = random_inputs(graphs[seed], 3, seed)
        for inside in (True, False):
            for vector in expected_vectors(graphs[seed], inputs):
                got = Instance(library, projects[seed], ports_inside=inside).invoke(vector.inputs)
                assert got == [y.tobytes() for y in vector.outputs], seed
