"""The functions as an application calls them: null pointers, several instances, ports anywhere."""

from __future__ import annotations

import ctypes

import pytest

from netsuke.codegen import Project
from netsuke.prove import expected_vectors, random_inputs
from tests.codegen.build import Instance, shared_library
from tests.codegen.nets import NETS, project

STEPS = 4


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ctypes.CDLL, dict[str, Project]]:
    """All networks in one library."""
    found = {net: project(net, name=f"net_{net}") for net in NETS}
    return shared_library(list(found.values()), tmp_path_factory.mktemp("models")), found


@pytest.mark.parametrize("net", NETS)
def test_a_null_pointer_is_refused(net: str, models: tuple[ctypes.CDLL, dict[str, Project]]) -> None:
    library, projects = models
    made = projects[net]
    pointers = Instance(library, made, ports_inside=True).pointers()
    invoke = getattr(library, made.api.invoke)
    assert invoke(*pointers) == 0
    for i in range(len(pointers)):
        assert invoke(*pointers[:i], ctypes.c_void_p(None), *pointers[i + 1 :]) == -1
    assert f"#define {made.api.macro}_ERROR_ARGUMENT (-1)\n" in made.files[f"{made.api.prefix}.h"]
    if made.api.stateful:
        assert getattr(library, f"{made.api.prefix}_init")(ctypes.c_void_p(None)) == -1


@pytest.mark.parametrize("inside", [True, False], ids=["ports in the arena", "ports elsewhere"])
@pytest.mark.parametrize("net", NETS)
def test_instances_do_not_disturb_each_other(
    net: str, inside: bool, models: tuple[ctypes.CDLL, dict[str, Project]]
) -> None:
    """Two instances take turns on inputs of their own, and a third one starts in the middle."""
    library, projects = models
    graph = NETS[net]()
    given = [random_inputs(graph, STEPS, seed) for seed in (11, 12, 13)]
    wanted = [
        [[value.tobytes() for value in vector.outputs] for vector in expected_vectors(graph, inputs)]
        for inputs in given
    ]
    first, second = (Instance(library, projects[net], ports_inside=inside) for _ in range(2))
    got: list[list[list[bytes]]] = [[], [], []]
    for step in range(STEPS):
        got[0].append(first.invoke(given[0][step]))
        if step == 1:
            third = Instance(library, projects[net], ports_inside=inside)
            got[2] = [third.invoke(inputs) for inputs in given[2]]
        got[1].append(second.invoke(given[1][step]))
    assert got == wanted


def test_init_starts_over(models: tuple[ctypes.CDLL, dict[str, Project]]) -> None:
    library, projects = models
    made = projects["stream"]
    inputs = random_inputs(NETS["stream"](), 1, seed=3)[0]
    instance = Instance(library, made, ports_inside=True)
    outputs = [instance.invoke(inputs) for _ in range(3)]
    assert outputs[0] != outputs[1]
    assert getattr(library, f"{made.api.prefix}_init")(instance.pointers()[1]) == 0
    assert [instance.invoke(inputs) for _ in range(3)] == outputs
