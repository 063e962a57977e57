"""Compact streams of random networks: exact, in the bytes that the estimate says, and nothing over what is needed."""

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
from netsuke.ops.stream import Band, Form, Home, Move, Stream, StreamLayer, Take
from netsuke.plan import Buffer, check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.stream import Compactness, Forms, flow_of, make_stream, window_of
from netsuke.stream.arrange import in_order
from tests.codegen.build import Instance, shared_library
from tests.codegen.builder import Builder
from tests.stream.nets import Images
from tests.stream.test_push import Pushed

ISAS = (Isa.NONE, Isa.DSP, Isa.DSP | Isa.MVE)
PER_LIBRARY = 8


def compactly(program: Program, isa: Isa, chance: random.Random, pushed: str | None = None) -> Program:
    """Runs of steps that go by rows become compact streams of all kinds; only the first takes pushed rows."""
    forms, steps, at = Forms(isa=isa), list[Step](), 0
    while at < len(program.steps):
        end = at
        while end < len(program.steps) and window_of(site_of(program.graph, program.steps[end].node)):
            end += 1
            if pushed is None and chance.random() < 0.15:
                break
        if end == at:
            steps.append(program.steps[at])
            at += 1
            continue
        nodes = [step.node for step in program.steps[at:end]]
        how = Compactness(
            slack=chance.choice([0, 0, 24, 200]),
            growing=chance.random() < 0.5,
            draining=chance.random() < 0.6,
        )
        limits = [chance.choice([None, None, 0, 100]) for _ in nodes]
        band = chance.randint(1, 4)
        steps.append(
            make_stream(
                program.graph,
                nodes,
                forms,
                band,
                compact=how,
                limits=limits,
                pushed=None if at else pushed,
            )
        )
        at = end
    return replace(program, steps=tuple(steps))


def graph_of(seed: int) -> Graph:
    kind = DType.FLOAT32 if seed % 8 == 7 else DType.INT8
    return Images(seed, kind).graph(3 + seed % 9)


def project_of(graph: Graph, seed: int) -> Project:
    isa = ISAS[seed % 3]
    plan = make_plan(compactly(bind(graph, isa), isa, random.Random(seed)))
    check(plan)
    return make_project(plan, name=f"net{seed}")


@pytest.mark.parametrize("first", range(300, 340, PER_LIBRARY))
def test_compact_streams_of_random_networks_are_exact(first: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    seeds = range(first, first + PER_LIBRARY)
    graphs = {seed: graph_of(seed) for seed in seeds}
    projects = {seed: project_of(lower(graphs[seed]).graph, seed) for seed in seeds}
    library = shared_library(list(projects.values()), tmp_path)
    for seed in seeds:
        for inside in (True, False):
            for vector in expected_vectors(graphs[seed], random_inputs(graphs[seed], 3, seed)):
                got = Instance(library, projects[seed], ports_inside=inside).invoke(vector.inputs)
                assert got == [y.tobytes() for y in vector.outputs], seed


@pytest.mark.parametrize("first", range(400, 416, PER_LIBRARY))
def test_pushed_rows_of_compact_streams_are_exact(first: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    projects = {}
    for seed in range(first, first + PER_LIBRARY):
        net = Images(seed)
        graph = net.graph(2 + seed % 5)
        net.b.nodes = list(graph.nodes)
        graph = net.b.graph(net.b.dense(graph.outputs[0], 5))
        isa = ISAS[seed % 3]
        if window_of(site_of(graph, graph.nodes[0])) is None:
            continue
        program = compactly(bind(graph, isa), isa, random.Random(seed), graph.inputs[0])
        plan = make_plan(program)
        check(plan)
        projects[seed] = make_project(plan, name=f"pushed{seed}")
    library = shared_library(list(projects.values()), tmp_path)
    for seed, project in projects.items():
        model, graph = Pushed(library, project), project.plan.program.graph
        for vector in expected_vectors(graph, random_inputs(graph, 2, seed)):
            assert model.run(vector.inputs[0]) == vector.outputs[0].tobytes(), seed


class Memory:
    """Walks the events of a compact stream and holds every byte against what is in memory: its room, and an input that
    is drained as near to the room as it may lie."""

    def __init__(self, stream: Stream) -> None:
        assert stream.room is not None
        self.stream = stream
        self.drained = -1
        self.bytes: list[object] = [None] * stream.room
        self.used = stream.room
        self.top = 0
        if stream.draining is not None:
            homes = [(line.home, line.index) for line in stream.lines]
            self.drained = homes.index((Home.INPUT, stream.draining.input))
            line = stream.lines[self.drained]
            rows = [b for row in range(line.rows) for b in self.row(self.drained, row)]
            self.bytes = (
                self.bytes[: stream.draining.lead] + [None] * (stream.draining.lead - stream.room) + rows
            )
            self.bytes += [None] * (stream.room - len(self.bytes))
        self.done = [0] * len(stream.layers)
        self.end = [line.rows if line.home is Home.INPUT else 0 for line in stream.lines]

    def fill(self, at: int, what: list[object]) -> None:
        assert at >= 0
        assert at + len(what) <= self.used
        self.top = max(self.top, at + len(what))
        self.bytes[at : at + len(what)] = what

    def row(self, line: int, row: int) -> list[object]:
        return [(line, row, i) for i in range(self.stream.lines[line].row_bytes)]

    def walk(self) -> None:
        for event in self.stream.events:
            if isinstance(event, Move):
                self.fill(event.to, self.bytes[event.origin : event.origin + event.nbytes])
            elif isinstance(event, Take):
                assert event.places is not None
                self.append(*event.places.rows[0], 1)
            else:
                assert isinstance(event, Band)
                self.band(event)

    def append(self, line: int, at: int, rows: int) -> None:
        size = self.stream.lines[line].row_bytes
        for i in range(rows):
            self.fill(at + i * size, self.row(line, self.end[line] + i))
        self.end[line] += rows

    def band(self, event: Band) -> None:
        layer, places = self.stream.layers[event.layer], event.places
        assert places is not None
        form, at = layer.forms[event.form], dict(places.rows)
        row = self.done[event.layer]
        start = max(0, row * layer.window.stride - layer.window.before)
        for _, line in layer.lines:
            held = self.stream.lines[line]
            if held.home is Home.HELD and not held.sums_bytes:
                wanted = [b for r in range(start, start + form.window) for b in self.row(line, r)]
                assert self.bytes[at[line] : at[line] + len(wanted)] == wanted
            elif line == self.drained:
                assert self.stream.draining is not None
                first = self.stream.draining.lead + start * held.row_bytes
                wanted = [b for r in range(start, start + form.window) for b in self.row(line, r)]
                assert self.bytes[first : first + len(wanted)] == wanted
        self.fill(places.scratch, [None] * form.scratch_bytes)
        self.drains(layer, row, form)
        for _, line in layer.lines:  # the scratch lies over nothing that is read
            held = self.stream.lines[line]
            if held.home is Home.HELD and not held.sums_bytes:
                size = form.window * held.row_bytes
                assert None not in self.bytes[at[line] : at[line] + size]
        self.done[event.layer] += form.rows
        if layer.output in at and not self.stream.lines[layer.output].sums_bytes:
            self.append(layer.output, at[layer.output], form.rows)

    def drains(self, layer: StreamLayer, row: int, form: Form) -> None:
        """The scratch lies over nothing that is read of the input that is drained."""
        if self.drained in dict(layer.lines).values():
            assert self.stream.draining is not None
            held, start = (
                self.stream.lines[self.drained],
                max(0, row * layer.window.stride - layer.window.before),
            )
            first = self.stream.draining.lead + start * held.row_bytes
            assert None not in self.bytes[first : first + form.window * held.row_bytes]


@pytest.mark.parametrize("seed", range(500, 530))
def test_rows_are_where_events_say(seed: int) -> None:
    graph, isa = lower(graph_of(seed)).graph, ISAS[seed % 3]
    program = compactly(bind(graph, isa), isa, random.Random(seed))
    for step in program.steps:
        if step.stream is not None:
            memory = Memory(step.stream)
            memory.walk()
            if not any(line.sums_bytes for line in step.stream.lines):
                assert memory.top == step.stream.room, "the last byte of the room is used"


@pytest.mark.parametrize("seed", range(600, 620))
def test_a_part_of_a_run_takes_what_the_flow_says(seed: int) -> None:
    """The room of every part of a run is known before the part is made."""
    graph, chance = lower(graph_of(seed)).graph, random.Random(seed)
    forms, nodes = Forms(isa=Isa.DSP), []
    for node in graph.nodes:
        if not window_of(site_of(graph, node)):
            break
        nodes.append(node)
    if not nodes:
        return
    band = chance.randint(1, 3)
    flow = flow_of(graph, nodes, forms, band, None)
    for _ in range(6):
        start = chance.randrange(len(nodes))
        end = chance.randint(start + 1, len(nodes))
        stream = make_stream(graph, nodes[start:end], forms, band, compact=Compactness()).stream
        assert stream is not None
        assert stream.room is not None
        inside = [line.tensor for line in stream.lines if line.home is Home.HELD and not line.sums_bytes]
        peaks = dict(zip((n.name for n in nodes[start:end]), flow.part(start, end, inside), strict=True))
        scratch = dict.fromkeys(peaks, 0)
        for layer in stream.layers:
            most = max(form.scratch_bytes for form in layer.forms)
            scratch[layer.site.node.name] = max(scratch[layer.site.node.name], most)
        estimate = max(peaks[name] + -(-scratch[name] // 8) * 8 for name in peaks)
        assert estimate <= stream.room + 8
        assert stream.room <= estimate + 64


def test_an_input_that_has_been_read_makes_room() -> None:
    b = Builder("net", DType.INT8)
    x = b.input(1, 24, 16, 3)
    for _ in range(3):
        x = b.conv(x, 4, 3, 2)
    program = bind(lower(b.graph(x)).graph, Isa.DSP)
    nodes, forms = [step.node for step in program.steps], Forms(isa=Isa.DSP)
    plans = []
    for draining in (False, True):
        how = Compactness(growing=True, draining=draining)
        step = make_stream(program.graph, nodes, forms, 1, compact=how)
        plans.append(make_plan(replace(program, steps=(step,))))
        check(plans[-1])
    kept, drained = plans
    row = 16 * 3
    assert kept.arena_bytes >= 24 * row
    # Some rows have been read when most are held.
    assert drained.arena_bytes <= kept.arena_bytes - 2 * row
    broken = replace(drained, buffers=tuple(lowered(buffer, 8) for buffer in drained.buffers))
    with pytest.raises(AssertionError, match="overlap while both are in use"):
        check(broken)


def lowered(buffer: Buffer, by: int) -> Buffer:
    """The model's input nearer to the rows than it may lie."""
    return replace(buffer, offset=buffer.offset - by) if buffer.first < 0 else buffer


def test_moves_come_in_an_order_in_which_nothing_is_lost() -> None:
    moves = in_order([(0, 8, 8), (8, 16, 8), (40, 24, 8)])
    assert moves is not None
    assert [(m.origin, m.to) for m in moves] == [(8, 16), (0, 8), (40, 24)]
    assert in_order([(0, 8, 8), (8, 0, 8)]) is None
