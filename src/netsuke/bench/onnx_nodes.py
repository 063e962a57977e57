"""How much of the ONNX standard is imported right: its node tests through importer, reference and C.

`netsuke bench onnx [OPERATOR ...]` prints the counts; with --markdown it prints docs/onnx.md.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from netsuke.bench.onnx_cases import (
    NodeTest,
    Variant,
    foreign,
    halves,
    subjects,
    variants,
)
from netsuke.bench.onnx_host import HostJob, run_jobs
from netsuke.compress.recipe import Progress, silent
from netsuke.errors import InputError, NetsukeError, UnsupportedModel
from netsuke.importers.onnx.bodies import BODIES
from netsuke.importers.onnx.builder import Known
from netsuke.importers.onnx.composed import COMPOSED
from netsuke.importers.onnx.constants import EVALUATORS
from netsuke.importers.onnx.load import HANDLERS, Imported, imported
from netsuke.importers.onnx.qlinear import FORMS, written_out
from netsuke.importers.onnx.read import NARROW, read
from netsuke.importers.onnx.walk import Walk
from netsuke.importers.unsupported import UnsupportedOperators
from netsuke.ir import Array
from netsuke.ops.interpret import interpret

HALF_ATOL = 1e-3
"""Tolerance where half precision is in a test: we compute in float32."""
BRIEF = 2.0**-7
"""Tolerance, relative and absolute, where bfloat16 is in a test: it has 8 bits."""


class Status(Enum):
    """What came of a test."""

    PASSED = "passed"
    FOLDED = "computed at import"
    REFUSED = "refused"
    FAILED = "failed"
    UNCLAIMED = "not claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One test: what came of it and, unless it passed, why."""

    name: str
    operator: str
    status: Status
    why: str = ""
    frozen: int = 0
    job: HostJob | None = None


def claimed(test: NodeTest) -> bool:
    """Whether every operator of it is one that the importer translates."""
    return not missing(test)


def missing(test: NodeTest) -> list[str]:
    """The operators of it that the importer does not translate."""
    known = (HANDLERS, EVALUATORS, FORMS, BODIES, COMPOSED)
    return [op for op in test.operators if not any(op in one for one in known)]


def asked_for(tests: Sequence[NodeTest], wanted: Iterable[str]) -> frozenset[str]:
    """Names of operators or of tests, each of which is one.

    Raises:
        InputError: for a name of neither.
    """
    about = subjects(tests)
    known = {*about, *about.values()}
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise InputError(
                f"got {name!r}, which is no operator or node test of ONNX"
                + (f"; did you mean {near[0]}?" if near else "")
            )
    return frozenset(wanted)


def run(
    tests: Sequence[NodeTest],
    wanted: Iterable[str] = (),
    *,
    compiled: bool = True,
    progress: Progress = silent,
) -> list[Result]:
    """Every test (of the operators `wanted`, if any are named), the reference's results and then the C's."""
    about = subjects(tests)
    names = set(wanted)
    chosen = [t for t in tests if not names or names & {about[t.name], t.name}]
    results = []
    for number, test in enumerate(chosen):
        progress("import", 0.5 * number / len(chosen))
        results.append(checked(test, about[test.name]))
    jobs = [r.job for r in results if r.job is not None]
    wrong = run_jobs(jobs, lambda share: progress("compile", 0.5 + 0.5 * share)) if compiled else {}
    return [
        replace(r, status=Status.FAILED, why=wrong[r.name], job=None)
        if r.name in wrong
        else replace(r, job=None)
        for r in results
    ]


def checked(test: NodeTest, operator: str) -> Result:
    """One test through the importer and the reference: the first variant that is imported decides."""
    if not claimed(test):
        return Result(
            name=test.name, operator=operator, status=Status.UNCLAIMED, why=", ".join(missing(test))
        )
    why = f"it is about {foreign(test)}" if foreign(test) else ""
    for variant in variants(test):
        try:
            model = read(variant.data, test.name)
            if not model.inputs:
                outcome_of_all = folded(test, operator, variant)
                refused = outcome_of_all.status is Status.REFUSED and variant.frozen and bool(why)
                return replace(outcome_of_all, why=why) if refused else outcome_of_all
            outcome = imported(model, test.name)
        except NetsukeError as error:
            why = reason(error) if variant.inputs else why
            continue
        graph = outcome.graph
        kinds = [graph.tensors[name] for name in graph.inputs]
        if any(
            k.quantization is not None and v.dtype.kind == "f"
            for k, v in zip(kinds, variant.inputs, strict=True)
        ):
            why = "its input becomes one of whole numbers: the caller quantises"
            continue
        return compared(test, operator, variant, outcome)
    return Result(name=test.name, operator=operator, status=Status.REFUSED, why=why)


def compared(test: NodeTest, operator: str, variant: Variant, outcome: Imported) -> Result:
    """The reference's results beside the standard's."""
    graph = outcome.graph
    given = []
    for value, placed, name in zip(variant.inputs, outcome.inputs, graph.inputs, strict=True):
        ours = value.astype(np.int16) - 128 if value.dtype == np.uint8 else value
        given.append(np.asarray(placed.store(ours)).astype(graph.tensors[name].dtype.numpy))
    result = Result(name=test.name, operator=operator, status=Status.PASSED, frozen=variant.frozen)
    with np.errstate(all="ignore"):
        values = interpret(graph, given).outputs
    for result_value, placed, wanted, name in zip(
        values, outcome.outputs, test.outputs, graph.outputs, strict=False
    ):
        stored = np.asarray(result_value)
        got = np.zeros(wanted.size, stored.dtype)
        if stored.size != wanted.size:
            return replace(result, status=Status.FAILED, why=f"{stored.shape} for {wanted.shape}")
        got[placed.indices().reshape(-1)] = stored.reshape(-1)
        kind = graph.tensors[name]
        if kind.quantization is not None and wanted.dtype.kind == "f":
            # An output that is dequantised last of all stays integers: its type says what they stand for.
            got = (got.astype(np.int32) - kind.zero_point).astype(np.float32) * np.float32(kind.scale)
        wrong = difference(got.reshape(wanted.shape), wanted, test)
        if wrong:
            return replace(result, status=Status.FAILED, why=wrong)
    return replace(
        result, job=HostJob(name=test.name, graph=graph, inputs=tuple(given), outputs=tuple(values))
    )


def folded(test: NodeTest, operator: str, variant: Variant) -> Result:
    """A test whose result is known at import."""
    walk = Walk(written_out(read(variant.data, test.name)))
    walk.run(HANDLERS)
    result = Result(name=test.name, operator=operator, status=Status.FOLDED, frozen=variant.frozen)
    if walk.unsupported:
        return replace(result, status=Status.REFUSED, why=walk.unsupported[0].hint)
    for name, wanted in zip(walk.model.outputs, test.outputs, strict=False):
        value = walk.values.get(name)
        if not isinstance(value, Known):
            return replace(result, status=Status.REFUSED, why=f"output {name!r} is not computed")
        wrong = difference(value.data, wanted, test)
        if wrong:
            return replace(result, status=Status.FAILED, why=wrong)
    return result


def difference(got: Array, wanted: Array, test: NodeTest) -> str:
    """'' when they agree: whole numbers exactly, real ones within the test's own tolerances."""
    if got.dtype == np.int8 and wanted.dtype == np.uint8:
        got = (got.astype(np.int16) + 128).astype(np.uint8)
    if got.shape != wanted.shape:
        return f"shape {list(got.shape)} for {list(wanted.shape)}"
    if wanted.dtype.name in NARROW:
        wanted = wanted.astype(NARROW[wanted.dtype.name])
    if wanted.dtype.kind != "f":
        wrong = int((got != wanted).sum())
        return f"{wrong} of {wanted.size} whole numbers differ" if wrong else ""
    a, b = got.astype(np.float64), wanted.astype(np.float64)
    rtol, atol = (BRIEF, BRIEF) if test.brief else (test.rtol, HALF_ATOL if halves(test) else test.atol)
    if np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    return f"off by up to {np.nanmax(apart):.3g} at values up to {np.nanmax(np.abs(b)):.3g}"


def reason(error: NetsukeError) -> str:
    """Why a test was refused, in one line."""
    if isinstance(error, UnsupportedOperators):
        first = error.operators[0]
        return f"{first.op}: {first.hint}"
    text = str(error).splitlines()[0] if not isinstance(error, UnsupportedModel) else str(error)
    return re.sub(r"^test_\w+( cannot be imported)?: (input '[^']*' ?:? ?)?", "", text)
