"""Kernels that layers share although another expands them: a function only where some layer calls it."""

from __future__ import annotations

from dataclasses import replace

from netsuke.codegen.expansion import shared_functions
from netsuke.ops.program import bind
from netsuke.ops.reshape import Reshape
from netsuke.plan import make_plan
from tests.codegen.builder import Builder


def test_a_node_that_needs_no_code_brings_no_function_into_the_image() -> None:
    b = Builder("view")
    (flat,) = b.op("reshape", [b.conv(b.input(1, 4, 4, 2), 3, 1)], Reshape(shape=(1, 48)))
    program = bind(b.graph(b.dense(flat, 2)))
    copied = next(step.kernel.name for step in program.steps if step.node.op == "reshape")
    plan = make_plan(replace(program, beside=frozenset({copied})))
    assert [step.node.op for step in plan.steps] == ["conv_2d", "fully_connected"]
    assert shared_functions(plan) == []
    called = plan.steps[0].kernel.name
    plan = make_plan(replace(program, beside=frozenset({called, copied})))
    assert [f"{called}_shared(" in text for text in shared_functions(plan)] == [True]
