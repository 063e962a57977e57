"""Every operator over all its cases: rules, LiteRT, C on the host, C on every emulated core."""

from __future__ import annotations

from functools import cache

import pytest

from netsuke.errors import CompileError, NetsukeError
from netsuke.ir import verify
from netsuke.ops.registry import operator, operators, site
from tests.ops.batch import Job, jobs_of, run_jobs
from tests.ops.grid import by_operator, modules, unreadable, without_cases
from tests.ops.oracle import first_difference, litert
from tests.ops.summary import Count, Counter
from tests.ops.targets import CORES, broken, target
from tests.ops.vectors import Vector, reference

SHOWN = 12
"""Failing cases that a failure lists."""

OPERATORS = tuple(by_operator())


@cache
def vectors_of(op: str, index: int) -> tuple[Vector, ...]:
    """The reference's vectors of a case, computed once for all legs."""
    return tuple(reference(by_operator()[op][index]))


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


@pytest.mark.parametrize("op", OPERATORS)
def test_rules(op: str) -> None:
    """The graph is valid, constraints and shape rule hold, and a kernel computes every node."""
    failures = []
    for case in by_operator()[op]:
        try:
            verify(case.graph)
            for node in case.graph.nodes:
                found = site(case.graph, node)
                if not any(k.accepts(found) for k in operator(node.op).kernels):
                    failures.append(f"{case.id}: no kernel accepts it")
        except NetsukeError as error:
            failures.append(f"{case.id}: {error}")
    assert not failures, "\n".join(failures[:SHOWN])


@pytest.mark.parametrize("op", OPERATORS)
def test_reference(op: str, count: Counter) -> None:
    """The reference gives what LiteRT's reference kernels give."""
    cases = [(i, case) for i, case in enumerate(by_operator()[op]) if case.oracle]
    wrong = [(case.id, against_litert(op, i)) for i, case in cases]
    failures = [f"{case}: {said}" for case, said in wrong if said is not None]
    report(count("reference", op), len(cases), len(cases), failures)


def against_litert(op: str, index: int) -> str | None:
    """The first difference from LiteRT, or None; an operator that raises is a difference too."""
    case = by_operator()[op][index]
    try:
        vectors = vectors_of(op, index)
        theirs = litert(case.graph, [vector.inputs for vector in vectors])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for number, (vector, results) in enumerate(zip(vectors, theirs, strict=True)):
        for name, ours, result in zip(case.graph.outputs, vector.outputs, results, strict=True):
            wrong = first_difference(ours, result, case.ulp)
            if wrong is not None:
                return f"vector {number}, {name!r} (ours and LiteRT's): {wrong}"
    return None


@pytest.mark.parametrize("leg", ["host", *CORES])
@pytest.mark.parametrize("op", OPERATORS)
def test_c(op: str, leg: str, count: Counter) -> None:
    """Every kernel that accepts a site gives the reference's bytes and touches nothing else; in place too."""
    chosen = target(leg)
    if isinstance(chosen, CompileError):
        raise chosen
    jobs: list[Job] = []
    failures: list[str] = []
    for i, case in enumerate(by_operator()[op]):
        try:
            made = list(jobs_of(case, vectors_of(op, i), chosen.isa))
        except Exception as error:
            failures.append(f"{case.id}: {type(error).__name__}: {error}")
            continue
        unusable = {call.kernel.name for job in made for _, call in job.variant.calls} & set(broken())
        if unusable or not made:
            failures.append(
                f"{case.id}: broken kernels {sorted(unusable)}" if made else f"{case.id}: no kernel"
            )
        else:
            jobs += made
    outcome = run_jobs(chosen, jobs)
    report(count(leg, op), len(by_operator()[op]), outcome.jobs, [*failures, *outcome.failures])


def test_every_operator_is_registered_under_its_own_name() -> None:
    assert all(name == op.name for name, op in operators().items())
