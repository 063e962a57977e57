"""Outputs over inputs, parts inside wholes: that the planner uses them, and that the check sees what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netsuke.boards import Isa
from netsuke.ir import DType, Graph
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.program import bind
from netsuke.ops.split import Split
from netsuke.plan import Plan, Space, check, make_plan
from tests.codegen.builder import Builder
from tests.plan.replay import BrokenPlanError, Replay


def planned(graph: Graph, isa: Isa = Isa.NONE) -> Plan:
    plan = make_plan(bind(graph, isa))
    check(plan)
    Replay(plan, inside=True).run()
    Replay(plan, inside=False).run()
    return plan


def convolutions(count: int = 1) -> Graph:
    b = Builder("net", DType.INT8)
    x = b.conv(b.input(1, 12, 12, 8), 8, 1, 1)
    for _ in range(count):
        x = b.conv(x, 8, 3, 1)
    return b.graph(b.conv(x, 2, 1, 1))


ROW = 12 * 8


def scratch(plan: Plan) -> int:
    return max(step.scratch_bytes for step in plan.steps)


def image_bytes(plan: Plan) -> int:
    return max(plan.program.graph.tensors[n].nbytes for b in plan.buffers for n in b.tensors)


def test_a_convolution_writes_over_the_rows_it_has_read() -> None:
    plan = planned(convolutions())
    image = image_bytes(plan)
    assert image == 1152
    # The image, a row and a few pixels that the output is ahead, and scratch; not two images.
    assert plan.arena_bytes <= image + 2 * ROW + scratch(plan)
    assert plan.optimal


def test_the_models_input_is_written_over_in_the_arena_and_nowhere_else() -> None:
    b = Builder("net", DType.INT8)
    graph = b.graph(b.conv(b.conv(b.input(1, 12, 12, 8), 8, 3, 1), 2, 1, 1))
    plan = planned(graph)
    assert plan.arena_bytes <= 1152 + 2 * ROW + scratch(plan)
    spaces = {name: plan.places[name].space for name in graph.tensors}
    assert [n for n, space in spaces.items() if space is Space.INPUT] == [graph.inputs[0]]


@pytest.mark.parametrize("moved", [4, -4, 40])
def test_the_check_finds_an_output_too_far_over_its_input(moved: int) -> None:
    plan = planned(convolutions())
    step = next(s for s in plan.steps if s.overlaps and s.node.inputs[0] not in plan.program.graph.inputs)
    claim, given, made = step.overlaps[0], step.node.inputs[0], step.node.outputs[0]
    allowed = plan.places[given].offset - claim.lead
    at = replace(plan.places[made], offset=allowed // 4 * 4 + moved)
    broken = replace(plan, places={**plan.places, made: at}, arena_bytes=1 << 20)
    if moved <= 0:
        check(broken)
        return
    with pytest.raises(AssertionError, match="does not allow"):
        check(broken)
    with pytest.raises(BrokenPlanError):
        Replay(broken, inside=True).run()


def rows(b: Builder, x: str, count: int) -> list[str]:
    return [b.conv(x, 6, 3, 1) for _ in range(count)]


def test_a_concatenation_of_whole_tensors_needs_no_code() -> None:
    b = Builder("net", DType.INT8)
    parts = rows(b, b.input(1, 6, 6, 2), 3)
    (joined,) = b.op("concatenation", parts, Concatenation(axis=1))
    plan = planned(b.graph(b.conv(joined, 2, 1, 1)))
    assert len(plan.dropped) == 1
    offsets = [plan.places[name].offset - plan.places[joined].offset for name in parts]
    assert offsets == [0, 216, 432]


def test_a_split_along_the_outermost_axis_needs_no_code() -> None:
    b = Builder("net", DType.INT8)
    x = b.conv(b.input(1, 6, 6, 2), 8, 1, 1)
    first, second = b.op("split", [x], Split(axis=1, sizes=(2, 4)), outputs=2)
    plan = planned(b.graph(b.conv(first, 2, 1, 1), b.conv(second, 2, 1, 1)))
    assert len(plan.dropped) == 1
    assert plan.places[second].offset - plan.places[first].offset == 2 * 6 * 8


def test_a_part_of_the_models_input_is_read_behind_the_callers_pointer() -> None:
    b = Builder("net", DType.INT8)
    first, second = b.op("split", [b.input(1, 4, 4, 8)], Split(axis=1, sizes=(1, 3)), outputs=2)
    plan = planned(b.graph(b.conv(first, 2, 1, 1), b.conv(second, 2, 1, 1)))
    assert plan.places[second].space is Space.INPUT
    assert plan.places[second].inner == 4 * 8


def test_parts_that_somebody_else_reads_are_not_written_over() -> None:
    """The concatenation is computed in place only when no part of it is wanted later."""
    b = Builder("net", DType.INT8)
    parts = rows(b, b.input(1, 6, 6, 2), 2)
    (joined,) = b.op("concatenation", parts, Concatenation(axis=1))
    planned(b.graph(b.depthwise(joined), b.conv(parts[0], 2, 1, 1)), Isa.DSP)


def test_a_tensor_twice_in_a_concatenation_is_copied() -> None:
    b = Builder("net", DType.INT8)
    x = b.conv(b.input(1, 6, 6, 2), 6, 1, 1)
    (joined,) = b.op("concatenation", [x, x], Concatenation(axis=1))
    assert not planned(b.graph(b.conv(joined, 2, 1, 1))).dropped
