"""The conformance harness finds what it is there to find: planted faults, one a test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

from netsuke.ir import Args, Array, DType, Graph, Node, Tensor
from netsuke.ops import registry
from netsuke.ops.kernel import Constant, Input, Kernel, Output, Param, Scratch
from netsuke.ops.operator import Operator, Site
from netsuke.ops.overlap import elementwise
from netsuke.ops.state import CopyArgs
from tests.ops.batch import jobs_of, run_jobs
from tests.ops.case import Case
from tests.ops.oracle import first_difference
from tests.ops.summary import KEY, summary_lines
from tests.ops.targets import WORKSHOP, Emulated, Host, Library, Target, sanitizers
from tests.ops.vectors import reference

SIZE = 7
PARAMS = ("const int8_t *x", "int8_t *y", "uint8_t *scratch", "const int8_t *table")
GOOD = (
    "for (int32_t i = 0; i < a->nbytes; i++) { y[i] = (int8_t)(x[i] / 2); scratch[i] = (uint8_t)table[i]; }"
)
FAULTS = {
    "wrong_element": ("y[5] = 99;", "'y' element 5 is np.int8(99)"),
    "unwritten": ("y[6] = 90;", "'y' element 6 is np.int8(90)"),
    "behind_the_output": ("y[a->nbytes] = 1;", "wrote 1 bytes behind 'y'"),
    "before_the_output": ("y[-9] = 1;", "wrote outside every region"),
    "behind_the_scratch": ("scratch[a->nbytes + 4] = 1;", "wrote 4 bytes behind 'scratch'"),
    "changes_the_input": ("((int8_t *)(uintptr_t)x)[2] ^= 1;", "'x' element 2 is"),
    "changes_the_constant": ("((int8_t *)(uintptr_t)table)[0] = 5;", "'table' element 0 is np.uint8(5)"),
    "trusts_scratch": ("y[0] = (int8_t)(y[0] + scratch[7]);", "'y' element 0"),
    "reads_behind": ("scratch[0] = (uint8_t)x[a->nbytes];", "use-after-poison"),
    "reads_before": ("scratch[0] = (uint8_t)table[-5];", "use-after-poison"),
    "overflows": (
        "scratch[0] = (uint8_t)((a->nbytes + 2147483647) >> 8);",
        "runtime error: signed integer overflow",
    ),
    "misaligned": (
        "y[0] = (int8_t)*(const int32_t *)(const void *)(x + 1);",
        "runtime error: load of misaligned",
    ),
}
"""Name → what the kernel does after everything right, and the words in which that is reported."""
FOR_SANITIZERS = ("reads_behind", "reads_before", "overflows", "misaligned")
PLANTED = [
    (fault, where)
    for fault in FAULTS
    for where in ("host", "m4")
    if where == "host" or fault not in FOR_SANITIZERS
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Half(Args):
    """No arguments."""


def half(site: Site[Any], values: Sequence[Array | None]) -> tuple[Array]:
    """Halves towards zero."""
    del site
    x = values[0]
    assert x is not None
    return ((np.sign(x.astype(np.int32)) * (np.abs(x.astype(np.int32)) // 2)).astype(np.int8),)


def make_kernel(name: str, *, in_place: bool = False, scratch: int = SIZE + 1) -> Kernel:
    """A kernel with one of everything."""
    table = np.arange(SIZE, dtype=np.int8)

    def bind(site: Site[Any]) -> tuple[Any, ...]:
        constant = Constant(label="table", data=table)
        args = CopyArgs(nbytes=site.y().elements)
        return (kernel.call(Input(index=0), Output(index=0), Scratch(nbytes=scratch), constant, args=args),)

    params = tuple(Param(name=p.split("*")[1], ctype=p.split(" *")[0]) for p in PARAMS)
    kernel = Kernel(
        name=name,
        params=params,
        args=CopyArgs,
        bind=bind,
        overlap=lambda site: elementwise(site) if in_place else (),
    )
    return kernel


@cache
def library() -> Library:
    """A good kernel, and one per fault."""
    folder = Path(mkdtemp(dir=WORKSHOP.name))
    bodies = {
        "good": GOOD,
        "backwards": BACKWARDS,
        **{name: f"{GOOD}\n{bad}" for name, (bad, _) in FAULTS.items()},
    }
    sources = {}
    for name, body in bodies.items():
        path = sources[f"nk_{name}"] = folder / f"{name}.c"
        heading = f"void nk_{name}({', '.join(PARAMS)}, const nk_copy_args *a)"
        path.write_text(f'#include "nk_kernels.h"\n{heading};\n{heading} {{\n{body}\n}}\n')
    kernels = tuple(make_kernel(name) for name in sources)
    return Library(kernels=kernels, sources=sources)


BACKWARDS = "for (int32_t i = 0; i < a->nbytes; i++) { y[i] = 0; } " + GOOD
"""Right, but not in place: the output is cleared first."""


@cache
def target(name: str) -> Target:
    return Host(library()) if name == "host" else Emulated(name, library())


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case of an operator that only these tests have; its kernels are chosen by each test."""
    known = dict(registry.operators())
    monkeypatch.setattr(registry, "operators", lambda: known)
    known["half"] = operator_with(make_kernel("nk_good"))
    x, y = (Tensor(name=name, shape=(SIZE,), dtype=DType.INT8) for name in "xy")
    node = Node(op="half", name="half", inputs=("x",), outputs=("y",), args=Half())
    graph = Graph(name="case", tensors={"x": x, "y": y}, nodes=(node,), inputs=("x",), outputs=("y",))
    return Case(id="half", graph=graph)


def operator_with(kernel: Kernel) -> Operator[Any]:
    return Operator(
        name="half",
        tflite=(),
        summary="half",
        args=Half,
        infer=lambda site: (site.x().shape,),
        reference=half,
        kernels=(kernel,),
    )


def outcome(case: Case, kernel: Kernel, where: str) -> tuple[str, ...]:
    """The failures of a case with that kernel, which stands between two jobs with a good one."""
    registry.operators()["half"] = operator_with(make_kernel("nk_good"))
    good = list(jobs_of(case, reference(case)))
    registry.operators()["half"] = operator_with(kernel)
    planted = list(jobs_of(case, reference(case)))
    found = run_jobs(target(where), [*good, *planted, *good])
    assert found.jobs == len(planted) + 2
    return found.failures


@pytest.mark.parametrize("where", ["host", "m0plus", "rv32imc"])
def test_a_good_kernel_passes(case: Case, where: str) -> None:
    assert outcome(case, make_kernel("nk_good", in_place=True), where) == ()


@pytest.mark.parametrize(("fault", "where"), PLANTED)
def test_a_planted_fault_is_found(case: Case, fault: str, where: str) -> None:
    """Once, in the right job, in words that lead to it."""
    words = FAULTS[fault][1]
    if fault in FOR_SANITIZERS and not sanitizers():
        pytest.skip("the host compiler has no sanitizers; only they see it")
    failures = outcome(case, make_kernel(f"nk_{fault}"), where)
    assert len(failures) == 1
    assert failures[0].startswith(f"half [nk_{fault}]: ")
    assert words in failures[0] or (where == "host" and "AddressSanitizer" in failures[0])


def test_a_false_claim_of_working_in_place_is_found(case: Case) -> None:
    failures = outcome(case, make_kernel("nk_backwards", in_place=True), "m4")
    assert len(failures) == 1
    assert failures[0].startswith("half [nk_backwards in place of input 0]: vector 0,")


def test_a_fault_of_the_core_names_its_job(case: Case) -> None:
    """A kernel that writes where there is no memory stops the stream; the message says which job did."""
    huge = make_kernel("nk_behind_the_scratch")
    bind = huge.bind

    def far(site: Site[Any]) -> tuple[Any, ...]:
        return tuple(dataclasses.replace(call, args=CopyArgs(nbytes=1 << 30)) for call in bind(site))

    failures = outcome(case, dataclasses.replace(huge, bind=far), "m4")
    assert any("nk_behind_the_scratch" in failure and "0x" in failure for failure in failures)


def test_differences_from_the_oracle() -> None:
    """Integers by their bits, floats by ulp; zeros of both signs are equal, and so are NaNs."""
    a = np.array([[1, 2], [3, 4]], np.int8)
    assert first_difference(a, a.copy(), 0) is None
    assert first_difference(a, a + np.int8([[0, 0], [1, 1]]), 0) == (
        "2 of 4 elements; first at [1, 0]: np.int8(3) and np.int8(4)"
    )
    assert first_difference(a, a.astype(np.int16), 0) == "int8[2, 2] and int16[2, 2]"
    zeros = np.array([0.0, np.nan, 1.0], np.float32)
    assert first_difference(zeros, np.array([-0.0, np.nan, 1.0], np.float32), 0) is None
    near = np.array([0.0, np.nan, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    assert first_difference(zeros, near, 1) is None
    assert first_difference(zeros, near, 0) == (
        "1 of 3 elements, 1 ulp at most; first at [2]: np.float32(1.0) and np.float32(1.0000001)"
    )


class Report:
    when = "call"

    def __init__(self, *counts: object) -> None:
        self.user_properties = [(KEY, count) for count in counts]


def test_the_summary_adds_up() -> None:
    reports = [
        Report(("host", "a", 1000, 1500, 0)),
        Report(("host", "b", 200, 200, 3)),
        Report(("m4", "a", 900, 900, 0)),
    ]
    assert summary_lines(reports) == [
        "operator conformance: 1,200 cases x (host, m4): 3 mismatches",
        "2,600 checks (host 1,200 cases in 1,700 runs, m4 900 cases in 900 runs)",
    ]
    assert summary_lines([]) == []
