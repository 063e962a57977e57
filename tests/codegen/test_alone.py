"""A model that uses one kernel alone: its C has every type and helper that the kernel wants, and no other kernel's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netsuke.boards import core
from netsuke.codegen import make_project
from netsuke.codegen.amalgamate import amalgamate
from netsuke.ops import kernels
from netsuke.ops.kernel import Kernel
from netsuke.ops.program import bind
from netsuke.pipeline import BuildOptions, build
from netsuke.plan import make_plan
from netsuke.prove import Target
from tests.codegen.build import STRICT, compiler, run
from tests.ops.cases_arithmetic import cases as arithmetic_cases

FLAGS = (*STRICT, "-Wno-unused-function", "-fsyntax-only")
FORMS = ("shared", "expanded")


def alone(kernel: Kernel, number: int, form: str) -> str:
    """The amalgam of one kernel, all its names prefixed: many stand in one file, each as if it were alone."""
    expanded = frozenset({kernel.name} if form == "expanded" else ())
    text = amalgamate([kernel], f"ALONE_{number}_H", expanded=expanded)
    return re.sub(r"\b(nk|NK)_", rf"k{number}\1_", text)


@pytest.mark.parametrize("form", FORMS)
def test_every_kernel_compiles_alone(form: str, tmp_path: Path) -> None:
    found = compiler("gcc") or compiler("clang") or compiler("zig")
    assert found is not None
    texts = [alone(kernel, number, form) for number, kernel in enumerate(kernels())]
    (tmp_path / "alone.c").write_text("\n".join(texts))
    run([*found, *FLAGS, "alone.c"], tmp_path)


def test_a_missing_type_would_be_seen(tmp_path: Path) -> None:
    """Names of one kernel's amalgam do not serve another's."""
    found = compiler("gcc") or compiler("clang") or compiler("zig")
    assert found is not None
    first, second = (alone(kernel, number, "shared") for number, kernel in enumerate([*kernels()][:2]))
    struct = re.search(r"typedef struct (\w+) \{[^}]*\} \1;", second)
    assert struct is not None
    (tmp_path / "alone.c").write_text(first + second.replace(struct[0], ""))
    with pytest.raises(AssertionError, match="exit code 1"):
        run([*found, *FLAGS, "alone.c"], tmp_path)


@pytest.mark.parametrize("optimize", ["speed", "size", "ram"])
def test_a_model_of_one_plain_add(optimize: str, tmp_path: Path) -> None:
    """nk_add_s8 shares its header with kernels of other structs; here none of them is in the image."""
    graph = next(
        case.graph
        for case in arithmetic_cases()
        if bind(case.graph, core("cortex-m0plus").isa).steps[0].kernel.name == "nk_add_s8"
    )
    project = make_project(make_plan(bind(graph, core("cortex-m0plus").isa)), name="plain")
    found = compiler("gcc") or compiler("clang") or compiler("zig")
    assert found is not None
    (tmp_path / "plain").mkdir()
    project.write(tmp_path / "plain")
    run([*found, *STRICT, "-fsyntax-only", f"{project.api.prefix}.c"], tmp_path / "plain")
    options = BuildOptions(runs=2, optimize=optimize, targets=(Target.HOST, Target.EMULATOR))
    assert build(graph, board="nucleo-g0b1re", out=tmp_path / "out", options=options).exact
