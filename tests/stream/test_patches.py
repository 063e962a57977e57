"""Patches of random networks give the reference's bytes, in the RAM that they say, with the work that they say."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netsuke.boards import Isa
from netsuke.codegen import Project, make_project
from netsuke.errors import UnsupportedModel
from netsuke.ir import DType, Graph
from netsuke.lower import lower
from netsuke.ops.add import AddSub
from netsuke.ops.operator import site_of
from netsuke.ops.patch import Copy
from netsuke.ops.program import Program, Step, bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.stream import Forms, axes_of, make_patches
from netsuke.stream.patches import outside
from tests.codegen.build import Instance, aligned, cross_object, shared_library, writable_bytes, written
from tests.codegen.builder import Builder
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


def step_of_patches(graph: Graph, grid: tuple[int, int], isa: Isa = Isa.DSP) -> Step:
    """All of a graph as patches."""
    return make_patches(graph, graph.nodes, Forms(isa=isa), grid)


def run_as_patches(graph: Graph, grids: list[tuple[int, int]], folder: Path) -> None:
    """Holds the graph in each grid against the reference."""
    projects = [
        make_project(make_plan(Program(graph=graph, steps=(step_of_patches(graph, grid),))), name=f"p{i}")
        for i, grid in enumerate(grids)
    ]
    library = shared_library(projects, folder)
    for project in projects:
        for vector in expected_vectors(graph, random_inputs(graph, 2, 1)):
            got = Instance(library, project, ports_inside=True).invoke(vector.inputs)
            assert got == [y.tobytes() for y in vector.outputs], project.api.prefix


def two_convolutions() -> Graph:
    """8 x 8 pixels, 3 x 3 windows: 1 to 2 to 1 channels."""
    b = Builder("two")
    return b.graph(b.conv(b.conv(b.input(1, 8, 8, 1), 2, 3), 1, 3))


def residual_block() -> Graph:
    """As in MobileNetV2: expanded, seen through 3 x 3 windows, narrowed again, added to what it was."""
    b = Builder("block")
    x = b.conv(b.input(1, 11, 9, 4), 6, 3, 2)
    y = b.conv(b.depthwise(b.conv(x, 12, 1)), 6, 1)
    return b.graph(b.op("add", [x, y], AddSub())[0])


def test_the_recomputation_is_exact_on_paper() -> None:
    """Four tiles of 4 x 4 need 5 x 5 pixels of the middle each: 100 of 64. A pixel is 18 MACs in either layer."""
    patches = step_of_patches(two_convolutions(), (2, 2)).patches
    assert patches is not None
    assert [layer.made.total for layer in patches.layers] == [100, 64]
    assert (patches.macs, patches.done) == (2 * 64 * 18, (100 + 64) * 18)
    assert patches.recompute == 164 / 128


def test_bands_of_full_width_are_neither_gathered_nor_scattered() -> None:
    patches = step_of_patches(two_convolutions(), (4, 1)).patches
    assert patches is not None
    assert not any(isinstance(event, Copy) for event in patches.events)
    assert [layer.made.total for layer in patches.layers] == [(3 + 4 + 4 + 3) * 8, 64]


def test_a_residual_block_inside_a_patch(tmp_path: Path) -> None:
    graph = residual_block()
    patches = step_of_patches(graph, (2, 2)).patches
    assert patches is not None
    copied = [patches.held[e.target].tensor for e in patches.events if isinstance(e, Copy)]
    assert graph.nodes[0].outputs[0] in copied, "what is added is cut out of what was expanded"
    run_as_patches(graph, [(2, 2), (3, 1), (1, 3), (3, 2)], tmp_path)


@pytest.mark.parametrize("make", [two_convolutions, residual_block])
def test_tiles_of_a_pixel_and_grids_larger_than_the_image(make: Callable[[], Graph], tmp_path: Path) -> None:
    graph = make()
    height, width = graph.tensors[graph.outputs[0]].shape[1:3]
    patches = step_of_patches(graph, (99, 99)).patches
    assert patches is not None
    assert patches.grid == (height, width)
    run_as_patches(graph, [(99, 99), (height, 1), (1, width)], tmp_path)


def test_no_byte_but_the_planned_ones_is_touched(tmp_path: Path) -> None:
    graph = residual_block()
    plan = make_plan(Program(graph=graph, steps=(step_of_patches(graph, (2, 3)),)))
    project = make_project(plan, name="touched")
    library = shared_library([project], tmp_path)
    changed = np.zeros(plan.arena_bytes + 64, bool)
    for paint in (0x5A, 0xA5):
        instance = Instance(library, project, ports_inside=True)
        whole = aligned(plan.arena_bytes + 64)
        whole[:] = paint
        instance.arena = whole[: plan.arena_bytes]
        place = plan.places[graph.inputs[0]].offset
        instance.inputs = [whole[place : place + instance.inputs[0].size]]
        place = plan.places[graph.outputs[0]].offset
        instance.outputs = [whole[place : place + instance.outputs[0].size]]
        instance.invoke(random_inputs(graph, 1, 3)[0])
        changed |= whole != paint
    assert plan.arena_bytes - 8 < np.flatnonzero(changed)[-1] + 1 <= plan.arena_bytes


def test_what_cannot_be_patches_is_refused() -> None:
    graph, forms = residual_block(), Forms(isa=Isa.NONE)
    with pytest.raises(UnsupportedModel, match=r"grid of 0 x 2 patches; one of each at least was wanted"):
        make_patches(graph, graph.nodes, forms, (0, 2))
    with pytest.raises(UnsupportedModel, match="got 0 layers"):
        make_patches(graph, (), forms, (1, 1))
    with pytest.raises(UnsupportedModel, match="read outside; only the last layer's output may be"):
        make_patches(graph, graph.nodes[:3], forms, (2, 2))
    b = Builder("dense")
    dense = b.graph(b.dense(b.conv(b.input(1, 6, 6, 2), 3, 3), 4))
    with pytest.raises(UnsupportedModel, match="cannot be computed in patches"):
        make_patches(dense, dense.nodes, forms, (2, 2))


def test_the_source_compiles_on_a_core(tmp_path: Path) -> None:
    """Its functions are there, and nothing is kept outside the arena."""
    graph = residual_block()
    plan = make_plan(Program(graph=graph, steps=(step_of_patches(graph, (3, 2), Isa.NONE),)))
    project = make_project(plan, name="patches")
    assert not writable_bytes(cross_object(project, written(project, tmp_path), "cortex-m0plus"))
