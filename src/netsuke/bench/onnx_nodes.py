"""How much of the ONNX standard is imported right: its node tests through importer, reference and C.

`python -m netsuke.bench.onnx_nodes [--all] [--write] [OPERATOR ...]` prints the table
of docs/onnx.md; `--write` writes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np

from netsuke.bench.onnx_cases import (
    NodeTest,
    Variant,
    foreign,
    halves,
    node_tests,
    subjects,
    variants,
)
from netsuke.bench.onnx_host import HostJob, run_jobs
from netsuke.errors import NetsukeError, UnsupportedModel
from netsuke.importers.onnx.builder import Known
from netsuke.importers.onnx.constants import EVALUATORS
from netsuke.importers.onnx.load import HANDLERS, Imported, imported
from netsuke.importers.onnx.qlinear import FORMS, written_out
from netsuke.importers.onnx.read import read
from netsuke.importers.onnx.walk import Walk
from netsuke.importers.unsupported import UnsupportedOperators
from netsuke.ir import Array
from netsuke.ops.interpret import interpret

HALF_ATOL = 1e-3
"""Tolerance where half precision is in a test: we compute in float32."""


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
    return [op for op in test.operators if op not in HANDLERS and op not in EVALUATORS and op not in FORMS]


def run(tests: Sequence[NodeTest], wanted: Iterable[str] = (), *, compiled: bool = True) -> list[Result]:
    """Every test (of the operators `wanted`, if any are named), the reference's results and then the C's."""
    about = subjects(tests)
    names = set(wanted)
    chosen = [t for t in tests if not names or names & {about[t.name], t.name}]
    results = [checked(test, about[test.name]) for test in chosen]
    jobs = [r.job for r in results if r.job is not None]
    wrong = run_jobs(jobs) if compiled else {}
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
    if wanted.dtype.kind != "f":
        wrong = int((got != wanted).sum())
        return f"{wrong} of {wanted.size} whole numbers differ" if wrong else ""
    a, b = got.astype(np.float64), wanted.astype(np.float64)
    if np.allclose(a, b, rtol=test.rtol, atol=HALF_ATOL if halves(test) else test.atol, equal_nan=True):
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


def table(results: Sequence[Result]) -> str:
    """Markdown: a row an operator that is claimed, sums below."""
    rows = ["| operator | tests | passed | at import | refused | failed |", "|---|--:|--:|--:|--:|--:|"]
    by_operator: dict[str, list[Result]] = {}
    for result in results:
        if result.status is not Status.UNCLAIMED:
            by_operator.setdefault(result.operator, []).append(result)
    counted = (Status.PASSED, Status.FOLDED, Status.REFUSED, Status.FAILED)
    for operator, mine in sorted(by_operator.items()):
        counts = [sum(r.status is status for r in mine) for status in counted]
        rows.append(f"| {operator} | {len(mine)} | {' | '.join(map(str, counts))} |")
    return "\n".join(rows)


def summary(results: Sequence[Result]) -> str:
    """The sums in one line."""
    counts = {status: sum(r.status is status for r in results) for status in Status}
    applicable = sum(counts.values()) - counts[Status.UNCLAIMED]
    parts = ", ".join(f"{counts[s]} {s.value}" for s in Status if s is not Status.UNCLAIMED)
    return f"{len(results)} node tests, {applicable} of operators that are claimed: {parts}"


DOCUMENT = """# ONNX: what is imported, held against the standard

Generated by `python -m netsuke.bench.onnx_nodes --write`; a test holds it current.

The onnx package ships the standard's own node tests: one small model an operator and form, with inputs and expected
outputs. Each test whose operators netsuke claims goes through the importer, the reference and the C, compiled for the
host. Real numbers must come within the tolerances of the standard's test runner (relative 0.001, absolute 1e-7; where
half precision is in a test absolute 0.001, since we compute in float32), whole numbers must be equal, and the C must
give the reference's bytes.

In a node test every operand is an input, weights and shapes too. Where netsuke wants a constant, the test's value
becomes one; *at import* counts tests whose result is then known without running anything. A test of a function's body
(`_expanded`) counts with its operator. Double and half precision become float32, 64-bit whole numbers int32; unsigned
16 to 64-bit numbers, strings, sequences and 8-bit floats are refused.

**{summary}**

{table}

## Why tests are refused

{reasons}
"""


def document(results: Sequence[Result]) -> str:
    """Text of docs/onnx.md."""
    return DOCUMENT.format(summary=summary(results), table=table(results), reasons=reasons(results))


def reasons(results: Sequence[Result]) -> str:
    """What was said, with the operators and how often."""
    found: dict[str, dict[str, int]] = {}
    for r in results:
        if r.status is Status.REFUSED:
            words = re.sub(r"'[^']*'", "'...'", r.why.removeprefix(f"{r.operator}: "))
            words = re.sub(r"(\[[^\]]*\])", "[...]", words)
            operators = found.setdefault(re.sub(r"\b\d+\b", "N", words)[:140], {})
            operators[r.operator.partition("+")[0]] = operators.get(r.operator.partition("+")[0], 0) + 1
    ordered = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return "\n".join(
        f"- {sum(ops.values())}: {why} ({', '.join(f'{op} {n}' for op, n in sorted(ops.items()))})"
        for why, ops in ordered
    )


def main(arguments: Sequence[str]) -> int:
    """The command; exits with 1 when a test fails."""
    results = run(node_tests(), [a for a in arguments if not a.startswith("--")])
    if "--write" in arguments:
        Path("docs/onnx.md").write_text(document(results), encoding="utf-8")
    print(table(results))
    print(f"\n{summary(results)}")
    shown = [s for s in Status if s in (Status.FAILED, Status.REFUSED) or "--all" in arguments]
    for status in shown:
        for r in results:
            if r.status is status and status not in (Status.PASSED, Status.FOLDED):
                print(f"{status.value}: {r.operator} {r.name}: {r.why[:160]}")
    return any(r.status is Status.FAILED for r in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
