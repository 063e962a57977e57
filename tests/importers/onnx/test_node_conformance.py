"""The ONNX standard's own node tests: none that is imported fails, and docs/onnx.md says how many that is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from netsuke.bench.onnx_cases import NodeTest, node_tests, variants
from netsuke.bench.onnx_nodes import Result, Status, asked_for, run
from netsuke.bench.onnx_report import summary
from netsuke.errors import InputError

DOCUMENT = Path(__file__).parents[3] / "docs" / "onnx.md"
AT_LEAST = 1150
"""Tests that pass when this was written, and some room for another version of the standard."""


@cache
def standard_tests() -> tuple[NodeTest, ...]:
    return node_tests()


@cache
def results() -> tuple[Result, ...]:
    """Importer and reference; the slow test below has the C too."""
    return tuple(run(standard_tests(), compiled=False))


def failures(found: tuple[Result, ...] | list[Result]) -> list[str]:
    return [f"{r.operator} {r.name}: {r.why}" for r in found if r.status is Status.FAILED]


def test_no_test_that_is_imported_fails():
    assert failures(results()) == []


def test_most_are_imported():
    good = sum(r.status in (Status.PASSED, Status.FOLDED) for r in results())
    assert good >= AT_LEAST


def test_every_refusal_says_why():
    silent = [r.name for r in results() if r.status is Status.REFUSED and len(r.why) < 10]
    assert silent == []


def test_the_document_is_current():
    assert summary(results()) in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_c_of_every_test_gives_the_reference_s_bytes():
    assert failures(run(standard_tests())) == []


def test_variants_freeze_more_and_more():
    gemm = next(t for t in standard_tests() if t.name == "test_gemm_all_attributes")
    assert [v.frozen for v in variants(gemm)] == [0, 2, 3]


def test_names_are_operators_or_tests():
    assert asked_for(standard_tests(), ["Xor", "test_xor2d"]) == {"Xor", "test_xor2d"}
    with pytest.raises(InputError, match="did you mean Einsum"):
        asked_for(standard_tests(), ["Einsun"])
