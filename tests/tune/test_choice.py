"""The choice is what the measurements say, whatever the order of preference is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from netsuke.errors import InputError
from netsuke.ops.choice import candidates
from netsuke.ops.program import bind
from netsuke.ops.registry import operator
from netsuke.pipeline import BuildOptions
from netsuke.tune import Tuner
from netsuke.tune.choose import choose
from netsuke.tune.keys import layer_key
from netsuke.tune.table import make_table
from tests.tune.samples import CORE, filled, network, steps, store


def test_candidates_are_all_that_accept_the_first_being_the_default() -> None:
    graph = network()
    program = bind(graph, CORE.isa)
    for node, step in zip(graph.nodes, program.steps, strict=True):
        found = candidates(graph, node, CORE.isa)
        assert found[0] == step.kernel
        assert len({kernel.name for kernel in found}) == len(found)
    assert max(len(some) for some in steps().values()) > 3


@pytest.mark.parametrize("slower_first", [True, False])
def test_speed_takes_the_fewest_cycles(slower_first: bool, tmp_path: Path) -> None:
    table = make_table(network(), steps(), filled(tmp_path / "costs", slower_first=slower_first))
    choice = choose(table, "speed")
    for row in table.rows:
        wanted = row.candidates[-1 if slower_first else 0]
        assert choice.kernels[row.name].name == wanted.kernel


def test_ties_go_to_less_scratch_then_to_less_flash(tmp_path: Path) -> None:
    costs = filled(tmp_path / "costs")
    for key, cost in costs.known.items():
        if hasattr(cost, "instructions"):
            costs.known[key] = dataclasses.replace(cost, cycles=7)
    table = make_table(network(), steps(), costs)
    choice = choose(table, "speed")
    for row in table.rows:
        least = min(c.step.scratch_bytes for c in row.candidates)
        taken = next(c for c in row.candidates if c.kernel == choice.kernels[row.name].name)
        lean = [c for c in row.candidates if c.step.scratch_bytes == least]
        assert taken.step.scratch_bytes == least
        assert taken.constant_bytes == min(c.constant_bytes for c in lean)


@pytest.mark.parametrize("goal", ["speed", "size", "ram"])
def test_without_measurements_the_order_of_preference_holds(goal: str, tmp_path: Path) -> None:
    tuner = Tuner(network(), CORE, file=tmp_path / "none", use_shipped=False)
    wanted = bind(network(), CORE.isa, small=goal == "size")
    program = tuner.program(goal)
    assert program.expanded == frozenset()
    assert [s.kernel.name for s in program.steps] == [s.kernel.name for s in wanted.steps]


def test_an_unmeasured_first_kernel_is_not_passed_over(tmp_path: Path) -> None:
    costs = filled(tmp_path / "costs")
    name, some = next((name, some) for name, some in steps().items() if len(some) > 2)
    del costs.known[costs.toolchain.key, layer_key(some[0])]
    assert choose(make_table(network(), steps(), costs), "speed").kernels[name] == some[0].kernel


def test_a_slow_kernel_planted_first_is_measured_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For real: the plain kernel in front of those for the DSP extension."""
    conv = operator("conv_2d")
    few = {k.name: k for k in conv.kernels}
    planted = (few["nk_conv_2d_s8"], few["nk_conv_2d_s8_dsp"])
    monkeypatch.setattr(
        "netsuke.ops.choice.operator", lambda name: dataclasses.replace(conv, kernels=planted)
    )
    graph = network()
    node = next(n for n in graph.nodes if n.op == "conv_2d")
    alone = dataclasses.replace(
        graph, nodes=(node,), inputs=tuple(n for n in node.inputs[:1]), outputs=node.outputs
    )
    tuner = Tuner(alone, CORE, file=tmp_path / "costs", use_shipped=False)
    assert tuner.program("speed").steps[0].kernel.name == "nk_conv_2d_s8"
    assert tuner.measure("speed", lambda what, share: None) == 4  # two layers, two kernels as functions
    assert tuner.program("speed").steps[0].kernel.name == "nk_conv_2d_s8_dsp"
    again = Tuner(alone, CORE, file=tmp_path / "costs", use_shipped=False)
    assert again.measure("speed", lambda what, share: None) == 0
    cycles = [c.cost.cycles for c in again.table("speed").rows[0].candidates if c.cost is not None]
    assert cycles[0] > cycles[1]


def test_a_wrong_goal_is_said_to_be_one() -> None:
    with pytest.raises(InputError, match="got --optimize fast; speed, size or ram was wanted"):
        BuildOptions(optimize="fast")


def test_costs_of_another_toolchain_are_unknown(tmp_path: Path) -> None:
    filled(tmp_path / "costs", "-O2")
    other = store(tmp_path / "costs", "-Os")
    assert all(other.layer(step) is None for some in steps().values() for step in some)
