"""Kernels compiled into some layers and shared by others: the C is clean, and the bytes are the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from netsuke.boards import board
from netsuke.codegen import make_project
from netsuke.codegen.expansion import expanded_kernels, function_name
from netsuke.emulate import build_image
from netsuke.ops.kernel import Kernel
from netsuke.ops.program import bind
from netsuke.plan import make_plan
from netsuke.prove import Case, Target, expected_vectors, prove, random_inputs
from netsuke.tune.costs import LayerCost
from netsuke.tune.expand import MOST_ADDED, MOST_CODE, expanded_for_speed
from netsuke.tune.table import Candidate
from tests.codegen.nets import cnn
from tests.tune.samples import CORE, kernel_cost, network, steps

BOARD = board("nucleo-l4r5zi")


def plain() -> dict[str, Kernel]:
    """The general convolution for every layer that it can compute: several share it."""
    found = {}
    for name, some in steps().items():
        for step in some:
            if step.kernel.name == "nk_conv_2d_s8":
                found[name] = step.kernel
    assert len(found) > 1
    return found


def expansions() -> dict[str, frozenset[str]]:
    names = [node.name for node in network().nodes]
    return {"none": frozenset(), "some": frozenset(list(plain())[:1]), "all": frozenset(names)}


@pytest.mark.parametrize("optimize", ["-O2", "-Os"])
@pytest.mark.parametrize("which", ["none", "some", "all"])
def test_the_bytes_do_not_change(which: str, optimize: str, tmp_path: Path) -> None:
    graph = network()
    program = bind(graph, CORE.isa, choice=plain(), expanded=expansions()[which])
    vectors = expected_vectors(cnn(), random_inputs(cnn(), 2, 0))
    project = make_project(make_plan(program), name="net", vectors=vectors)
    project.write(tmp_path)
    image = build_image(
        [tmp_path / name for name in project.sources],
        board=BOARD,
        out=tmp_path / "build" / "net.elf",
        include=(tmp_path,),
        defines={"NK_NO_VECTORS": ""},
        optimize=optimize,
    )
    case = Case(
        project=project,
        folder=tmp_path,
        image=image,
        board=BOARD,
        vectors=vectors,
        compiler=None,
        flags=optimize,
    )
    verdict = prove(case, (Target.HOST, Target.EMULATOR), lambda share: None)
    assert verdict.exact, verdict.difference


def test_layers_that_share_an_expanded_kernel_call_its_one_copy() -> None:
    graph, twice = network(), "nk_conv_2d_s8"
    first, second = list(plain())[:2]
    program = bind(graph, CORE.isa, choice=plain(), expanded=frozenset({first}))
    kernel = next(step.kernel for step in program.steps if step.kernel.name == twice)
    assert expanded_kernels(program) == {twice}
    assert function_name(program, first, kernel) == twice
    assert function_name(program, second, kernel) == f"{twice}_shared"
    text = make_project(make_plan(program), name="net").files["net.c"]
    assert text.count(f"static NK_LAYER void {twice}_shared(") == 1


def test_nothing_changes_where_nothing_is_expanded() -> None:
    files = make_project(make_plan(bind(network(), CORE.isa)), name="net").files
    assert not any("NK_EXPANDED" in text or "_shared(" in text for text in files.values())


def candidates(code: int, cycles: int) -> list[Candidate]:
    """Every layer's first candidate, at a made-up cost."""
    cost = LayerCost(cycles=cycles, instructions=cycles, code=code, args=0)
    firsts = [some[0] for some in steps().values() if not some[0].view]
    return [Candidate(step=step, cost=cost, kernel_cost=kernel_cost(100)) for step in firsts]


def test_expansion_stops_at_its_budget() -> None:
    picked = candidates(code=MOST_ADDED // 2, cycles=1000)
    assert 0 < len(expanded_for_speed(picked)) < len(picked)
    assert len(expanded_for_speed(candidates(code=50, cycles=1000))) == len(picked)


def test_expansion_stops_where_the_image_is_large_enough() -> None:
    picked = candidates(code=300, cycles=1000)
    assert len(expanded_for_speed(picked)) == len(picked)
    large = kernel_cost(MOST_CODE)
    assert not expanded_for_speed([dataclasses.replace(one, kernel_cost=large) for one in picked[:1] * 2])


def test_the_most_cycles_a_byte_come_first() -> None:
    picked = candidates(code=MOST_ADDED - 200, cycles=10)
    last = picked[-1]
    assert last.cost is not None
    hot = dataclasses.replace(last, cost=dataclasses.replace(last.cost, cycles=1_000_000))
    assert expanded_for_speed([*picked[:-1], hot]) >= {hot.step.node.name}
