"""Every operator over all its cases: rules, LiteRT, C on the host, C on every emulated core."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pytest

from netsuke.boards import Isa
from netsuke.emulate import find_qemu
from netsuke.errors import CompileError, NetsukeError
from netsuke.ir import verify
from netsuke.ops.registry import operator, operators, site
from tests.ops.batch import Job, jobs_of, run_jobs
from tests.ops.case import Case
from tests.ops.grid import by_operator, modules, unreadable, without_cases
from tests.ops.oracle import first_difference, litert
from tests.ops.qemu_target import CORES as QEMU_CORES
from tests.ops.summary import Count, Counter
from tests.ops.targets import CORES, broken, target
from tests.ops.vectors import Vector, reference

SHOWN = 12
"""Failing cases that a failure lists."""
LEGS = ("reference", "host", *CORES, *QEMU_CORES)
# All legs of an operator run one after the other, in one worker of pytest-xdist: they share vectors and jobs.
PLACES = [
    pytest.param(op, leg, id=f"{op}-{leg}", marks=pytest.mark.xdist_group(op))
    for op in by_operator()
    for leg in LEGS
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Everything about an operator that does not depend on the leg."""

    vectors: dict[str, tuple[Vector, ...]]
    jobs: tuple[Job, ...]
    failures: tuple[str, ...]
    """Cases whose reference or binding raised, or that no kernel computes."""


@lru_cache(maxsize=1)
def prepared(op: str) -> Prepared:
    """The reference's vectors and the jobs of all cases of an operator."""
    vectors: dict[str, tuple[Vector, ...]] = {}
    jobs: list[Job] = []
    failures: list[str] = []
    for case in by_operator()[op]:
        try:
            vectors[case.id] = tuple(reference(case))
            made = list(jobs_of(case, vectors[case.id]))
        except Exception as error:
            failures.append(f"{case.id}: {type(error).__name__}: {error}")
            continue
        unusable = sorted({call.kernel.name for job in made for _, call in job.variant.calls} & set(broken()))
        if unusable or not made:
            said = f"broken: {', '.join(unusable)}" if made else "no kernel accepts it"
            failures.append(f"{case.id}: {said}")
        else:
            jobs += made
    return Prepared(vectors=vectors, jobs=tuple(jobs), failures=tuple(failures))


def report(record: Count, cases: int, jobs: int, failures: list[str]) -> None:
    """Counts, and fails with the first failing cases."""
    record(cases=cases, jobs=jobs, failures=len(failures))
    listed = "\n".join(failures[:SHOWN])
    more = f"\n... and {len(failures) - SHOWN} more" if len(failures) > SHOWN else ""
    assert not failures, f"{len(failures)} of {jobs} failed:\n{listed}{more}"


@pytest.mark.parametrize("name", modules())
def test_case_file_is_readable(name: str) -> None:
    assert unreadable().get(name) is None


def test_every_operator_has_cases() -> None:
    assert without_cases() == ()


def test_case_ids_are_unique() -> None:
    ids = [case.id for cases in by_operator().values() for case in cases]
    assert sorted(ids) == sorted(set(ids))


def test_no_kernel_is_broken() -> None:
    assert broken() == {}


@pytest.mark.parametrize("op", by_operator())
def test_rules(op: str) -> None:
    """The graph is valid, constraints and shape rule hold, and a kernel computes every node."""
    failures = []
    for case in by_operator()[op]:
        try:
            verify(case.graph)
            for node in case.graph.nodes:
                found = site(case.graph, node)
                if not any(k.needs is Isa.NONE and k.accepts(found) for k in operator(node.op).kernels):
                    failures.append(f"{case.id}: no portable kernel accepts it")
        except NetsukeError as error:
            failures.append(f"{case.id}: {error}")
    assert not failures, "\n".join(failures[:SHOWN])


@pytest.mark.parametrize(("op", "leg"), PLACES)
def test_operator(op: str, leg: str, count: Counter) -> None:
    """The reference gives LiteRT's bytes; every kernel gives the reference's and touches nothing else."""
    if leg in QEMU_CORES and find_qemu() is None:
        pytest.skip("qemu-system-arm is not on the PATH: only it emulates this core")
    ready = prepared(op)
    cases = by_operator()[op]
    if leg == "reference":
        cases = tuple(case for case in cases if case.oracle)
        wrong = [(case.id, against_litert(case, ready.vectors.get(case.id, ()))) for case in cases]
        failures = [f"{case}: {said}" for case, said in wrong if said is not None]
        report(count(leg, op), len(cases), len(cases), [*ready.failures, *failures])
        return
    chosen = target(leg)
    if isinstance(chosen, CompileError):
        raise chosen
    outcome = run_jobs(chosen, [job for job in ready.jobs if job.variant.needs in chosen.isa])
    report(count(leg, op), len(cases), outcome.jobs, [*ready.failures, *outcome.failures])


def against_litert(case: Case, vectors: tuple[Vector, ...]) -> str | None:
    """The first difference from LiteRT, or None; a case that is refused is a difference too."""
    try:
        theirs = litert(case.graph, [vector.inputs for vector in vectors])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for number, (vector, results) in enumerate(zip(vectors, theirs, strict=True)):
        for name, ours, result in zip(case.graph.outputs, vector.outputs, results, strict=True):
            wrong = first_difference(ours, result, case.ulp)
            if wrong is not None:
                return f"vector {number}, {name!r} (ours and LiteRT's): {wrong}"
    return None


def test_every_operator_is_registered_under_its_own_name() -> None:
    assert all(name == op.name for name, op in operators().items())
