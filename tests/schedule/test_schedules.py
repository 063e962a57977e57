"""Schedules of random networks: ever smaller, within any budget, and exact."""

from __future__ import annotations

import pytest

from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.errors import DoesNotFit
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.schedule import SMALLEST, fit, schedules
from netsuke.stream import Forms
from tests.codegen.build import Instance, shared_library
from tests.stream.nets import Images

ISAS = (Isa.NONE, Isa.DSP)


def net(seed: int) -> Graph:
    return lower(Images(seed).graph(4 + seed % 8)).graph


@pytest.mark.parametrize("seed", range(200, 212))
def test_schedules_go_from_the_fastest_to_the_smallest(seed: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    graph, isa = net(seed), ISAS[seed % 2]
    program = bind(graph, isa)
    found = list(schedules(program, Forms(isa=isa)))
    sizes = [s.nbytes for s in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)
    assert [s.cycles for s in found] == sorted(s.cycles for s in found)
    assert sizes[-1] <= make_plan(program).arena_bytes
    projects = [make_project(s.plan, name=f"s{i}") for i, s in enumerate(found)]
    library = shared_library(projects, tmp_path)
    for schedule, project in zip(found, projects, strict=True):
        check(schedule.plan)
        for vector in expected_vectors(graph, random_inputs(graph, 2, seed)):
            got = Instance(library, project, ports_inside=True).invoke(vector.inputs)
            assert got == [y.tobytes() for y in vector.outputs]


def test_the_fastest_that_fits_is_taken() -> None:
    program, forms = bind(net(204), Isa.DSP), Forms(isa=Isa.DSP)
    found = list(schedules(program, forms))
    assert len(found) > 1
    for schedule in found:
        assert fit(program, forms, schedule.nbytes) == schedule
    assert fit(program, forms, found[0].nbytes - 1) == found[1]
    assert fit(program, forms, 1 << 30) == found[0]
    assert fit(program, forms, SMALLEST) == found[-1]


def test_what_cannot_fit_says_by_how_much_and_where_the_wall_is() -> None:
    program, forms = bind(net(204), Isa.DSP), Forms(isa=Isa.DSP)
    smallest = list(schedules(program, forms))[-1].nbytes
    with pytest.raises(
        DoesNotFit, match=rf"needs {smallest:,}, {smallest - 10:,} more\. The wall is '.+' \(.+\)"
    ):
        fit(program, forms, 10)
