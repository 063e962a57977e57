"""Layers that share a kernel give it rows: what is in one, that results stay, and that only small builds have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from netsuke.boards import Isa
from netsuke.codegen import Project, make_project
from netsuke.codegen.bundle import make_bundle
from netsuke.codegen.call_rows import ROW, call_rows, narrowest, rows_of, worthwhile
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops import kernels
from netsuke.ops.add import AddSub
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.program import bind
from netsuke.plan import Plan, make_plan
from netsuke.prove import expected_vectors, random_inputs
from tests.codegen.build import STRICT, compiler, run, sanitizers, written
from tests.codegen.builder import Builder
from tests.codegen.nets import NETS
from tests.codegen.test_style import formatted


@dataclass(frozen=True, slots=True, kw_only=True)
class Args(KernelArgs):
    """Members that are alike, small, equal to another, negative, wide, a tuple, and a float."""

    c_name: ClassVar[str] = "nk_sample_args"
    same: int
    small: int
    twin: int
    zero: int
    wide: int
    pair: tuple[int, ...] = field(metadata={"length": 2})
    ratio: float = 0.5


SAMPLE = Kernel(
    name="nk_sample",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="small", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=Args,
    bind=lambda site: (),
)


def sample(small: int, zero: int, wide: int, first: int) -> Call:
    return SAMPLE.call(
        Input(index=0),
        Constant(label="w", data=np.zeros(4, np.int8)),
        Constant(label="s", data=np.zeros(1, np.int32)),
        Output(index=0),
        args=Args(same=3, small=small, twin=small, zero=zero, wide=wide, pair=(first, 9)),
    )


def test_a_row_holds_what_differs_once_in_the_narrowest_types() -> None:
    one, other = sample(200, -128, 70_000, 7), sample(1, 5, -3, 8)
    rows = rows_of([one, other])
    assert [f"{m.ctype} {m.name}" for m in rows.members] == [
        "uint8_t small_2",  # a pointer of the kernel has the name
        "int8_t zero",
        "uint8_t pair_0",
        "int32_t wide",
        "const int8_t * w",
        "const int32_t * small",
    ]
    row = " ".join(rows.row("m_row", one.args, ["m_w", "m_s"]).split())
    assert ".small_2 = 200, .zero = -128, .pair_0 = 7, .wide = 70000, .w = m_w, .small = m_s}" in row
    text = " ".join(rows.text().split())
    assert (
        ".same = 3, .small = row->small_2, .twin = row->small_2, .zero = row->zero, .wide = row->wide" in text
    )
    assert ".pair = {row->pair_0, 9}, .ratio = 0.5f}" in text
    assert "nk_sample(x, row->w, row->small, y, &args);" in text
    assert "nk_call_sample(const int8_t *x, int8_t *y, const nk_sample_row *row) {" in text
    assert rows.row_bytes == 8 + 8
    assert rows.alike == 3 / 8


@pytest.mark.parametrize(
    ("column", "ctype"),
    [
        ((0, 255), "uint8_t"),
        ((-128, 127), "int8_t"),
        ((0, 256), "uint16_t"),
        ((-1, 128), "int16_t"),
        ((-1, 65535), "int32_t"),
        ((0, 65536), "int32_t"),
        ((0.0, 1.5), "float"),
    ],
)
def test_the_narrowest_type(column: tuple[float, ...], ctype: str) -> None:
    assert narrowest(column) == ctype


def test_a_call_by_itself_has_no_row_and_calls_alike_need_only_pointers() -> None:
    call = sample(1, 2, 3, 4)
    assert worthwhile([call]) is None
    rows = worthwhile([call, call, call])
    assert rows is not None
    assert [m.name for m in rows.members] == ["w", "small"]
    assert rows.row_bytes == 8


def test_no_kernel_has_a_parameter_of_the_names_that_the_function_uses() -> None:
    taken = {ROW, "args"}
    assert [k.name for k in kernels() if taken & {p.name for p in k.params}] == []


def repeated(name: str = "repeated") -> Graph:
    """Several layers of each of a few kernels, no two of a shape."""
    b = Builder(name)
    x = b.conv(b.input(1, 9, 7, 3), 4, 3)
    x = b.depthwise(b.conv(x, 6, 1))
    x = b.depthwise(b.conv(x, 5, 1))
    y = b.conv(x, 5, 1)
    x = b.op("add", [x, y], AddSub())[0]
    x = b.op("add", [x, x], AddSub())[0]
    return b.graph(b.dense(b.dense(x, 7), 3))


REPEATED = {**NETS, "repeated": repeated}


def plan_of(graph: Graph, isa: Isa, *, small: bool) -> Plan:
    return make_plan(bind(lower(graph).graph, isa, small=small))


def small_project(net: str, isa: Isa, runs: int = 3) -> Project:
    graph = REPEATED[net]()
    vectors = expected_vectors(graph, random_inputs(graph, runs, seed=1))
    return make_project(plan_of(graph, isa, small=True), name=graph.name, vectors=vectors)


@pytest.mark.parametrize("isa", [Isa.NONE, Isa.DSP])
@pytest.mark.parametrize("net", ["repeated", "stream", "ports", "constants", "colliding", "cnn_f32"])
def test_it_compiles_clean_and_its_vectors_agree(net: str, isa: Isa, tmp_path: Path) -> None:
    """On the host, where kernels for DSP cores run as their plain twins."""
    made = small_project(net, isa)
    folder = written(made, tmp_path)
    kind = "gcc" if compiler("gcc") else "clang"
    found = compiler(kind)
    if found is None:
        pytest.skip("no host compiler is on the PATH")
    run([*found, *STRICT, *sanitizers(kind), "-O1", "-DNK_STDIO", *made.sources, "-o", "test"], folder)
    assert run([folder / "test"], folder) == f"{made.api.prefix}: all test vectors agree\n"


def test_every_shared_kernel_of_the_sample_has_rows(tmp_path: Path) -> None:
    made = small_project("repeated", Isa.DSP)
    header, weights = made.files["repeated_kernels.h"], made.files["repeated_weights.h"]
    functions = re.findall(r"^static NK_CALLER void nk_call_(\w+)\(", header, re.MULTILINE)
    calls = [call.kernel.name for step in made.plan.steps for call in step.calls]
    assert set(functions) == {n.removeprefix("nk_") for n in calls if calls.count(n) > 1}
    types = re.findall(r"^typedef struct (nk_\w+_row) \{\n  u?int", header, re.MULTILINE)
    rows = re.findall(r"^static const (nk_\w+_row) \w+ = ", weights, re.MULTILINE)
    assert types
    assert all(rows.count(one) > 1 for one in types)
    texts = {name: made.files[name] for name in ("repeated.c", "repeated.h", "main.c")}
    assert formatted(texts, tmp_path) == texts


def test_other_builds_have_none() -> None:
    plan = plan_of(repeated(), Isa.DSP, small=False)
    assert call_rows([plan]) == {}
    text = "".join(make_project(plan, name="m").files.values())
    assert "NK_CALLER" not in text
    assert "_row " not in "".join(make_project(plan, name="m").files["m_weights.h"])


def test_an_expanded_layer_keeps_its_copy_and_the_rest_share_the_function() -> None:
    plan = plan_of(repeated(), Isa.DSP, small=True)
    rows = call_rows([plan])
    name, count = next((name, one.layers) for name, one in rows.items() if one.layers > 2)
    node = next(s.node.name for s in plan.steps if s.kernel.name == name)
    other = replace(plan, program=replace(plan.program, expanded=frozenset({node})))
    assert call_rows([other])[name].layers == count - 1
    files = make_project(other, name="m").files
    assert f"{name}_shared" not in files["m.c"]
    assert len(re.findall(rf"\b{name}\(", files["m.c"])) == 1
    assert len(re.findall(rf"nk_call_{name.removeprefix('nk_')}\(", files["m.c"])) == count - 1


def test_models_of_one_image_share_the_function(tmp_path: Path) -> None:
    graphs = [repeated("one"), repeated("two")]
    plans = [plan_of(graph, Isa.NONE, small=True) for graph in graphs]
    vectors = [expected_vectors(graph, random_inputs(graph, 2, seed=1)) for graph in graphs]
    made = make_bundle(plans, prefixes=("one", "two"), vectors=vectors)
    header = made.files["models_kernels.h"]
    functions = re.findall(r"^static NK_CALLER void (nk_call_\w+)\(", header, re.MULTILINE)
    assert functions
    assert len(set(functions)) == len(functions)
    # One model alone has no second layer for some kernels: the other's is one.
    assert {f"nk_call_{n.removeprefix('nk_')}" for n in call_rows(plans[:1])} <= set(functions)
    made.write(tmp_path)
    found = compiler("gcc") or compiler("clang")
    if found is None:
        pytest.skip("no host compiler is on the PATH")
    run([*found, *STRICT, "-O1", "-DNK_STDIO", *made.sources, "-o", "test"], tmp_path)
    assert run([tmp_path / "test"], tmp_path) == "models: all test vectors agree\n"
