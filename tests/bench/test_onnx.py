"""`netsuke bench onnx` as a user types it, and the shape of docs/onnx.md, which it writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from netsuke.bench.onnx_cases import NodeTest, node_tests, subjects
from netsuke.bench.onnx_nodes import claimed
from netsuke.bench.onnx_report import DOCUMENT, HEADINGS
from netsuke.errors import InputError
from netsuke.importers.onnx.bodies import BODIES
from netsuke.importers.onnx.composed import COMPOSED
from netsuke.importers.onnx.load import HANDLERS
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


@cache
def standard_tests() -> tuple[NodeTest, ...]:
    return node_tests()


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard's tests are read once for this file: seconds each time."""
    monkeypatch.setattr("netsuke.bench.onnx_cases.node_tests", standard_tests)


def rows(text: str) -> Mapping[str, tuple[int, ...]]:
    """Operator → the numbers of its row."""
    found = re.findall(r"^\| ([\w.]+) \| ([\d |]+) \|$", text, re.MULTILINE)
    return {name: tuple(int(n) for n in numbers.split("|")) for name, numbers in found}


@pytest.mark.usefixtures("loaded_once")
def test_one_operator(cli: Cli) -> None:
    said = cli("bench", "onnx", "Xor", "Trilu")
    assert said.code == 0, said.err
    assert re.search(r"Xor\W+8\W+8\W+0\W+0\W+0\b", said.out)
    assert "refused: Trilu test_tril_zero" in said.out
    assert re.search(r"26 node tests, 26 of operators that are claimed: .* 0 failed", said.out)


@pytest.mark.usefixtures("loaded_once")
def test_as_a_page(cli: Cli) -> None:
    """Of one operator the page has one row; without the C it says the same."""
    said = cli("bench", "onnx", "Equal", "--no-compile", "--markdown")
    assert said.code == 0, said.err
    assert said.out.startswith(DOCUMENT.partition("{summary}")[0])
    assert rows(said.out) == {"Equal": rows(PAGE.read_text(encoding="utf-8"))["Equal"]}
    assert "## Why tests are refused" in said.out


@pytest.mark.usefixtures("loaded_once")
def test_a_name_of_nothing(cli: Cli) -> None:
    said = cli("bench", "onnx", "Xorr")
    assert said.code == InputError.exit_code
    assert "did you mean Xor?" in said.err


def test_the_page_is_what_the_command_writes() -> None:
    """Its prose, and a row with the right number of tests for every operator that is claimed and for no other."""
    text = PAGE.read_text(encoding="utf-8")
    prose = re.split(r"\{\w+\}", DOCUMENT)
    assert text.startswith(prose[0])
    assert all(part in text for part in prose)
    assert f"| {' | '.join(HEADINGS)} |" in text
    about = subjects(standard_tests())
    wanted = Counter(about[t.name] for t in standard_tests() if claimed(t))
    assert {name: numbers[0] for name, numbers in rows(text).items()} == wanted
    for name, (tests, *outcomes) in rows(text).items():
        assert sum(outcomes) == tests, name
        assert outcomes[-1] == 0, name


def test_every_operator_with_tests_that_a_handler_claims_has_a_row() -> None:
    found = rows(PAGE.read_text(encoding="utf-8"))
    single = {t.operators[0] for t in standard_tests() if len(t.operators) == 1}
    assert {op for op in (*HANDLERS, *BODIES, *COMPOSED) if op in single} <= set(found)
