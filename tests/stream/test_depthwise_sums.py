"""Depthwise windows as high as the image, in streams: sums instead of rows, exact in bands of any height, on the host
under sanitizers; and no sums where the window is another, or rows take no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netsuke.boards import Isa
from netsuke.codegen import make_project
from netsuke.ir import DType, Graph
from netsuke.lower import lower
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.depthwise_sums import sums_bytes
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import site_of
from netsuke.ops.program import bind
from netsuke.plan import check, make_plan
from netsuke.prove import expected_vectors, random_inputs
from netsuke.stream import Compactness, Forms, make_stream
from tests.codegen.build import Instance, shared_library
from tests.codegen.builder import Builder

KEPT = {
    "a column": ((16, 1, 32), (16, 1)),
    "a column, channels not in fours": ((9, 1, 7), (9, 1)),
    "as wide as the image": ((7, 5, 6), (7, 5)),
    "a pixel wide beside others": ((12, 4, 5), (12, 1)),
}
NOT_KEPT = {
    "lower than the image": ((16, 1, 32), (15, 1)),
    "narrower than the image": ((12, 4, 8), (12, 3)),
    "few rows": ((4, 1, 32), (4, 1)),
}


def network(image: tuple[int, int, int], kernel: tuple[int, int], padding: Padding = Padding.VALID) -> Graph:
    b = Builder("net", DType.INT8, 3)
    x = b.conv(b.input(1, *image), image[2], 1)
    w = b.weights([1, *kernel, image[2]], 3, image[2])
    (x,) = b.op("depthwise_conv_2d", [x, *w], DepthwiseConv2d(padding=padding))
    return b.graph(b.conv(x, 9, 1))


@pytest.mark.parametrize("isa", [Isa.NONE, Isa.DSP])
@pytest.mark.parametrize("what", KEPT)
def test_sums_are_exact(what: str, isa: Isa, tmp_path: Path) -> None:
    graph = network(*KEPT[what])
    program = bind(lower(graph).graph, isa)
    projects = []
    for band in (1, 2, 5):
        for compact in (None, Compactness(growing=True, draining=True)):
            nodes = [step.node for step in program.steps]
            step = make_stream(program.graph, nodes, Forms(isa=isa), band, compact=compact)
            assert step.stream is not None
            assert len(step.stream.layers) == 4
            plan = make_plan(replace(program, steps=(step,)))
            check(plan)
            projects.append(make_project(plan, name=f"net{len(projects)}"))
    library = shared_library(projects, tmp_path)
    for vector in expected_vectors(graph, random_inputs(graph, 3, 1)):
        for project in projects:
            got = Instance(library, project, ports_inside=True).invoke(vector.inputs)
            assert got == [y.tobytes() for y in vector.outputs]


@pytest.mark.parametrize("what", NOT_KEPT)
def test_other_windows_keep_rows(what: str) -> None:
    graph = network(*NOT_KEPT[what])
    assert sums_bytes(site_of(graph, graph.nodes[1])) == 0


def test_padding_keeps_rows() -> None:
    graph = network((9, 1, 8), (9, 1), Padding.SAME)
    assert sums_bytes(site_of(graph, graph.nodes[1])) == 0
