"""States among layers that go by rows: read, mixed in, assigned again; every schedule is exact from step to step."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.program import bind
from netsuke.ops.slice import StridedSlice
from netsuke.plan import Plan, Space, check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.schedule import Schedule, schedules
from netsuke.stream import Forms
from tests.codegen.build import Instance, shared_library
from tests.codegen.builder import Builder

ISAS = (Isa.NONE, Isa.DSP)
STEPS = 4


def ring(b: Builder, x: str, rows: int) -> str:
    """The last `rows` rows of x's past before x; the newest rows are kept for the next step."""
    _, height, width, channels = b.shape(x)
    state = b.state(1, rows, width, channels)
    joined = b.op("concatenation", [b.read(state), x], Concatenation(axis=1))[0]
    kept = StridedSlice(
        begin=(0, height, 0, 0), end=(1, height + rows, width, channels), strides=(1, 1, 1, 1)
    )
    b.assign(state, b.op("strided_slice", [joined], kept)[0])
    return joined


def mixed(b: Builder, x: str, *, initial: bool) -> str:
    """x plus its own past: the state is read, added and assigned the sum."""
    shape = b.shape(x)
    state = b.state(*shape, initial=b.random(shape) if initial else None)
    total = b.op("add", [x, b.read(state)], AddSub())[0]
    b.assign(state, total)
    return total


def late(b: Builder, x: str, work: str) -> str:
    """The state is read first, assigned x before what was read is used: the old value must be what is added."""
    state = b.state(*b.shape(x))
    before = b.read(state)
    b.assign(state, x)
    return b.op("add", [work, before], AddSub())[0] if b.shape(work) == b.shape(before) else work


def net(seed: int) -> Graph:
    """Convolutions on images with states between them."""
    chance = random.Random(seed)
    b = Builder(f"states{seed}", seed=seed)
    x = b.input(1, chance.randint(7, 14), chance.randint(2, 6), chance.randint(1, 4))
    for number in range(4):
        x = b.conv(x, chance.choice([4, 5, 8]), chance.choice([1, 3]))
        kind = (seed + number) % 4
        if kind == 0:
            x = ring(b, x, chance.randint(1, 3))
        elif kind == 1:
            x = mixed(b, x, initial=bool(number % 2))
        elif kind == 2:
            x = late(b, x, b.depthwise(x))
        else:
            x = b.depthwise(x)
    return lower(b.graph(b.conv(x, 3, 3, stride=2))).graph


def states_are_apart(plan: Plan) -> None:
    """Each state has bytes of its own in the block, and no tensor's room in the arena depends on it."""
    states = plan.program.graph.states
    ends = sorted((plan.state_offsets[s.name], plan.state_offsets[s.name] + s.type.nbytes) for s in states)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
    assert ends[-1][1] <= plan.state_bytes < ends[-1][1] + 8
    in_state = {name for name, place in plan.places.items() if place.space is Space.STATE}
    assert all(not in_state & set(buffer.tensors) for buffer in plan.buffers)
    assert plan.arena_bytes == max(buffer.end for buffer in plan.buffers)


def streamed(found: list[Schedule]) -> int:
    """Schedules that compute some layers row by row."""
    return sum(any(step.stream is not None for step in one.plan.steps) for one in found)


@pytest.mark.parametrize("seed", range(12))
def test_every_schedule_keeps_the_states(seed: int, tmp_path: Path) -> None:
    graph, isa = net(seed), ISAS[seed % 2]
    program = bind(graph, isa)
    found = list(schedules(program, Forms(isa=isa)))
    plans = [make_plan(program), *(one.plan for one in found)]
    projects = [make_project(plan, name=f"s{i}") for i, plan in enumerate(plans)]
    library = shared_library(projects, tmp_path)
    vectors = expected_vectors(graph, random_inputs(graph, STEPS, seed))
    for project in projects:
        check(project.plan)
        states_are_apart(project.plan)
        assert project.plan.state_bytes == plans[0].state_bytes
        model = Instance(library, project, ports_inside=True)
        for vector in vectors:
            assert model.invoke(vector.inputs) == [y.tobytes() for y in vector.outputs]
            model.arena[:] = 0x5A  # what a model sharing the arena may do


def test_some_of_them_stream() -> None:
    """Or the test above would show little."""
    counts = []
    for seed in range(12):
        isa = ISAS[seed % 2]
        counts.append(streamed(list(schedules(bind(net(seed), isa), Forms(isa=isa)))))
    assert sum(count > 0 for count in counts) >= 4, counts
