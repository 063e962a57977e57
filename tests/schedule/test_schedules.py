"""Schedules of random networks: ever smaller, within any budget, and exact."""

from __future__ import annotations

from typing import Any

import pytest

from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.errors import DoesNotFit
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import Step, bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.schedule import SMALLEST, choose, fit, schedules
from netsuke.stream import Compactness, Forms
from netsuke.stream.compact import NoRoomError
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
    assert all(segment.plain for segment in found[0].segments)
    assert [s.cycles for s in found[1:]] == sorted(s.cycles for s in found[1:])
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


def test_streams_whose_rows_find_no_place_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    program, forms = bind(net(204), Isa.DSP), Forms(isa=Isa.DSP)
    with_all = list(schedules(program, forms))
    assert any(s.compact is not None for one in with_all for s in one.segments)
    make = choose.make_stream

    def without_room(*args: Any, compact: Compactness | None = None, **more: Any) -> Step:
        if compact is not None:
            raise NoRoomError
        return make(*args, compact=compact, **more)

    monkeypatch.setattr(choose, "make_stream", without_room)
    found = list(schedules(program, forms))
    assert found
    assert not any(s.compact is not None for one in found for s in one.segments)
    assert found[-1].nbytes >= with_all[-1].nbytes


@pytest.mark.parametrize("seed", [204, 207])
def test_of_a_long_program_the_curve_is_coarse_but_ends_in_the_same_place(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, forms = bind(net(seed), Isa.DSP), Forms(isa=Isa.DSP)
    fine = [s.nbytes for s in schedules(program, forms)]
    monkeypatch.setattr(choose, "FEW", 0)
    monkeypatch.setattr(choose, "COARSE", 0.2)
    for budget in ("WORK", "LAST_WORK"):
        monkeypatch.setattr(choose, budget, 1000)
    coarse = [s.nbytes for s in schedules(program, forms)]
    assert coarse[0] == fine[0]
    assert coarse[-1] == fine[-1]
    assert len(coarse) <= len(fine)
    monkeypatch.setattr(choose, "WORK", 1)
    assert len(list(schedules(program, forms))) <= 2
