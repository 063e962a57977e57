"""Schedules with patches: taken where they save bytes, and exact."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.bench.network_builder import Builder
from netsuke.bench.networks import Block, network
from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import check
from netsuke.prove import expected_vectors, random_inputs
from netsuke.schedule import schedules
from netsuke.stream import Forms
from tests.codegen.build import Instance, shared_library

BLOCKS = (
    Block(kernel=3, expand=1, channels=8, stride=1),
    Block(kernel=3, expand=6, channels=8, stride=2),
    Block(kernel=5, expand=4, channels=8, stride=1),
)


def net(seed: int) -> Graph:
    """Blocks as in MobileNetV2 on an image that takes up most of the RAM."""
    graph = network(Builder(name="blocks", seed=seed), (44, 40, 1), 8, BLOCKS, 0, 4)
    return lower(graph).graph


@pytest.mark.parametrize("isa", [Isa.NONE, Isa.DSP])
def test_patches_are_smaller_than_row_streams_beside_an_image(isa: Isa, tmp_path: Path) -> None:
    graph = net(1)
    found = list(schedules(bind(graph, isa), Forms(isa=isa)))
    patched = [s for s in found if any(segment.grid for segment in s.segments)]
    assert patched
    assert found[-1] in patched
    projects = [make_project(s.plan, name=f"p{i}") for i, s in enumerate(patched)]
    library = shared_library(projects, tmp_path)
    for schedule, project in zip(patched, projects, strict=True):
        check(schedule.plan)
        for vector in expected_vectors(graph, random_inputs(graph, 2, 5)):
            got = Instance(library, project, ports_inside=True).invoke(vector.inputs)
            assert got == [y.tobytes() for y in vector.outputs]


def test_a_segment_says_its_recomputation() -> None:
    graph = net(2)
    seen = 0
    for schedule in schedules(bind(graph, Isa.DSP), Forms(isa=Isa.DSP)):
        steps = {step.node.name: step for step in schedule.plan.steps}
        for segment in schedule.segments:
            if segment.grid is not None:
                first, last = (graph.nodes[i].name for i in (segment.start, segment.end - 1))
                patches = steps[f"{first} .. {last}"].patches
                assert patches is not None
                assert segment.recompute == pytest.approx(patches.recompute)
                seen += 1
    assert seen
