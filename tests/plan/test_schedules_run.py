"""Random networks with branches, sums, joins, splits, pools, pads and dense layers: planned as they are and at their
smallest, held by the overlap checker, and run: on the host under sanitizers and on the emulated Cortex-M4, all in one
image, whose models share one arena."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from netsuke.boards import Isa
from netsuke.boards import board as find_board
from netsuke.codegen import Vector, make_project
from netsuke.codegen.bundle import Bundle, make_bundle
from netsuke.emulate import build_image
from netsuke.emulate.interleave import Outputs, Turn, take_turns
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import Plan, check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.prove.verdict import model_io
from netsuke.schedule import schedules
from netsuke.stream import Forms
from tests.codegen.build import Instance, shared_library
from tests.plan.random_graphs import random_graph
from tests.stream.nets import Images

BOARD = "nucleo-l4r5zi"
ISA = Isa.DSP
NETWORKS = 10


def graph_of(number: int) -> Graph:
    """Small networks of all sorts of layers, and tall ones that can go by rows."""
    if number % 2:
        return Images(number).graph(4 + number % 5)
    return random_graph(random.Random(number).randrange, 14)


def plans_of(graph: Graph) -> list[Plan]:
    """As it is, and the smallest schedule."""
    program = bind(lower(graph).graph, ISA)
    return [make_plan(program), list(schedules(program, Forms(isa=ISA)))[-1].plan]


def on_emulator(bundle: Bundle, inputs: Sequence[Sequence[bytes]], folder: Path) -> Outputs:
    """One invocation of each model after the other, on one core."""
    bundle.write(folder)
    sources = [folder / name for name in bundle.sources]
    ios = [model_io(project) for project in bundle.models]
    turns = [Turn(model=m, inputs=tuple(given)) for m, given in enumerate(inputs)]
    board = find_board(BOARD)
    prefixes = [project.api.prefix for project in bundle.models]
    image = build_image(
        sources,
        board=board,
        out=folder / "models.elf",
        include=(folder,),
        defines={"NK_NO_VECTORS": ""},
        keep=[f"nk_{what}_{p}" for p in prefixes for what in ("run", "reset", "state")],
    )
    return take_turns(image, board, ios, turns)


@pytest.fixture(scope="module")
def networks() -> tuple[list[Graph], Bundle]:
    graphs, plans = [], []
    for number in range(NETWORKS):
        graph = graph_of(number)
        for plan in plans_of(graph):
            check(plan)
            graphs.append(graph)
            plans.append(plan)
    assert sum(plan.program.steps != () and any(s.fused for s in plan.steps) for plan in plans) > 2
    assert all(
        small.arena_bytes <= whole.arena_bytes for whole, small in zip(plans[::2], plans[1::2], strict=True)
    )
    return graphs, make_bundle(plans, prefixes=[f"net{i}" for i in range(len(plans))])


def on_host(bundle: Bundle, vectors: Sequence[Vector], folder: Path) -> Outputs:
    """The same in one library with sanitizers, each model by itself."""
    projects = [make_project(m.plan, name=f"net{i}") for i, m in enumerate(bundle.models)]
    library = shared_library(projects, folder)
    return [
        tuple(Instance(library, project, ports_inside=True).invoke(vector.inputs))
        for project, vector in zip(projects, vectors, strict=True)
    ]


@pytest.mark.parametrize("where", ["host", "emulated"])
def test_plans_and_smallest_schedules_are_exact(
    networks: tuple[list[Graph], Bundle], where: str, tmp_path: Path
) -> None:
    graphs, bundle = networks
    vectors = [expected_vectors(g, random_inputs(g, 1, i // 2))[0] for i, g in enumerate(graphs)]
    inputs = [[x.tobytes() for x in vector.inputs] for vector in vectors]
    got = on_host(bundle, vectors, tmp_path) if where == "host" else on_emulator(bundle, inputs, tmp_path)
    wanted = [tuple(y.tobytes() for y in vector.outputs) for vector in vectors]
    wrong = [i for i, (a, b) in enumerate(zip(got, wanted, strict=True)) if a != b]
    assert not wrong, f"networks {wrong}: even ones as they are, odd ones at their smallest"
