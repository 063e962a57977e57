"""Models whose input comes row by row: the three functions, and invoke, which pushes all rows by itself."""

from __future__ import annotations

import ctypes
import random
from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.boards import Isa
from netsuke.codegen import Project, make_project
from netsuke.errors import UnsupportedModel
from netsuke.ir import Array
from netsuke.ops.operator import site_of
from netsuke.ops.program import Program, bind
from netsuke.plan import Space, check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.schedule import schedules
from netsuke.stream import Forms, make_stream, window_of
from tests.codegen.build import aligned, shared_library
from tests.codegen.builder import Builder
from tests.stream.nets import Images

ERROR = -1
SEEDS = range(100, 112)


def pushed_program(seed: int) -> Program:
    """A random network whose first layers take pushed rows; a dense layer comes behind them."""
    net = Images(seed)
    graph = net.graph(2 + seed % 5)
    net.b.nodes, outputs = list(graph.nodes), graph.outputs
    dense = net.b.dense(outputs[0], 5)
    graph = net.b.graph(dense)
    isa = (Isa.NONE, Isa.DSP)[seed % 2]
    program = bind(graph, isa)
    end = 0
    while window_of(site_of(graph, program.steps[end].node)):
        end += 1
    nodes = [step.node for step in program.steps[:end]]
    band = random.Random(seed).randint(1, 3)
    stream = make_stream(graph, nodes, Forms(isa=isa), band, pushed=graph.inputs[0])
    return replace(program, steps=(stream, *program.steps[end:]))


class Pushed:
    """A model to which rows are pushed."""

    def __init__(self, library: ctypes.CDLL, project: Project) -> None:
        self.project, self.library = project, library
        self.arena = aligned(project.plan.arena_bytes)
        self.output = aligned(project.api.outputs[0].nbytes)

    def call(self, verb: str, *blocks: Array | None) -> int:
        function = getattr(self.library, f"{self.project.api.prefix}_{verb}")
        return int(function(*(None if b is None else ctypes.c_void_p(b.ctypes.data) for b in blocks)))

    def run(self, x: Array) -> bytes:
        """begin, a push for each row, finish."""
        assert self.call("begin", self.arena) == 0
        for row in x[0]:
            given = aligned(row.nbytes)
            given[:] = row.reshape(-1).view("uint8")
            assert self.call("push_row", self.arena, given) == 0
            given[:] = 0x77
        assert self.call("finish", self.arena, self.output) == 0
        return self.output.tobytes()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ctypes.CDLL, dict[int, Project]]:
    projects = {}
    for seed in SEEDS:
        plan = make_plan(pushed_program(seed))
        check(plan)
        projects[seed] = make_project(plan, name=f"pushed{seed}")
    return shared_library(list(projects.values()), tmp_path_factory.mktemp("pushed")), projects


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_pushed_one_by_one_give_the_references_bytes(
    models: tuple[ctypes.CDLL, dict[int, Project]], seed: int
) -> None:
    library, projects = models
    model = Pushed(library, projects[seed])
    graph = projects[seed].plan.program.graph
    for vector in expected_vectors(graph, random_inputs(graph, 3, seed)):
        wanted = vector.outputs[0].tobytes()
        assert model.run(vector.inputs[0]) == wanted
        model.output[:] = 0
        assert model.call("invoke", model.arena, vector.inputs[0], model.output) == 0
        assert model.output.tobytes() == wanted


def test_the_input_has_no_room_in_the_arena(models: tuple[ctypes.CDLL, dict[int, Project]]) -> None:
    plan = models[1][100].plan
    name = plan.program.graph.inputs[0]
    assert plan.places[name].space is Space.PUSHED
    assert all(name not in buffer.tensors for buffer in plan.buffers)
    header = models[1][100].files["pushed100.h"]
    assert "_INPUT_0_OFFSET" not in header
    assert "_INPUT_0_ROWS" in header


def test_rows_too_many_or_too_few_and_null_pointers_are_refused(
    models: tuple[ctypes.CDLL, dict[int, Project]],
) -> None:
    library, projects = models
    model = Pushed(library, projects[101])
    x = projects[101].api.inputs[0]
    row = aligned(x.nbytes // x.shape[1])
    assert model.call("begin", None) == ERROR
    assert model.call("begin", model.arena) == 0
    for _ in range(x.shape[1]):
        assert model.call("finish", model.arena, model.output) == ERROR
        assert model.call("push_row", model.arena, None) == ERROR
        assert model.call("push_row", model.arena, row) == 0
    assert model.call("push_row", model.arena, row) == ERROR
    assert model.call("finish", model.arena, None) == ERROR
    assert model.call("finish", model.arena, model.output) == 0


def test_a_model_without_a_layer_behind_the_rows_is_refused() -> None:
    b = Builder("bare")
    graph = b.graph(b.conv(b.input(1, 6, 4, 2), 3, 3))
    nodes, forms = graph.nodes, Forms(isa=Isa.NONE)
    with pytest.raises(UnsupportedModel, match="at least one layer must come behind them"):
        make_stream(graph, nodes, forms, 1, pushed=graph.inputs[0])
    with pytest.raises(UnsupportedModel, match="cannot come row by row"):
        list(schedules(bind(graph), forms, push=True))


def test_a_model_of_two_inputs_is_refused() -> None:
    b = Builder("two")
    graph = b.graph(b.conv(b.input(1, 6, 4, 2), 3, 3), b.conv(b.input(1, 6, 4, 2), 3, 3))
    with pytest.raises(UnsupportedModel, match="rows can be pushed into one image"):
        list(schedules(bind(graph), Forms(isa=Isa.NONE), push=True))


def test_the_source_compiles_on_a_core(tmp_path: Path) -> None:
    """Its functions are there, and nothing is kept outside the arena."""
    from tests.codegen.build import cross_object, writable_bytes, written

    project = make_project(make_plan(pushed_program(100)), name="pushed")
    made = cross_object(project, written(project, tmp_path), "cortex-m0plus")
    assert not writable_bytes(made)
