"""The stated errors of the float kernels hold, and the page says what the code does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from netsuke.cli.app import app

pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from netsuke.bench.float_cases import FloatCase, all_cases, numbers
from netsuke.bench.float_errors import error, measured, number

PAGE = Path(__file__).parents[2] / "docs" / "float.md"
CASES = {case.name: case for case in all_cases()}


def test_every_error_is_within_its_limit_and_the_c_is_exact() -> None:
    rows = measured(tuple(CASES.values()))
    wrong = [f"{r.case.name}: {r.said or f'{r.ours:.2f} of {r.case.limit:g}'}" for r in rows if not r.passed]
    assert wrong == []
    stated = stated_by_the_page()
    assert {r.case.name: (f"{r.case.limit:g}", number(r.ours)) for r in rows} == stated


def stated_by_the_page() -> dict[str, tuple[str, str]]:
    """Operator → what it says is at most, and measured."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return {cells[0]: (cells[-4], cells[-3]) for cells in lines if cells[0] != "operator"}


def test_elementary_functions_are_within_2_ulp() -> None:
    above = {name for name, case in CASES.items() if case.magnitude is None and case.limit > 2}
    assert above == {"sigmoid, below -9", "gelu", "gelu, tanh, from -1", "silu, from -9", "mish"}
    page = PAGE.read_text()
    assert all(re.search(rf"`{re.split(r'[, ]', name)[0]}`", page) for name in above)


def test_inputs_hold_the_special_numbers() -> None:
    values = numbers(-np.inf, np.inf)
    assert np.isnan(values).any()
    assert np.isinf(values).any()
    assert ((values == 0) & np.signbit(values)).any()
    assert ((np.abs(values) < 2.0**-126) & (values != 0)).sum() > 100


def case_of(got: float, true: float, limit: float = 0.5) -> float:
    """The error of one number."""
    case = FloatCase(name="one", op="", inputs=(), truth=lambda: np.array([true]), limit=limit, said="")
    return error(case, np.array([got], np.float32), np.array([true]), normal=False)


def test_the_unit_is_the_distance_of_neighbours() -> None:
    assert case_of(1.0 + 2.0**-23, 1.0) == 1.0
    assert case_of(1.0, 1.0 + 2.0**-24) == 0.5
    assert case_of(3 * 2.0**-149, 2.0**-149) == 2.0
    assert case_of(np.inf, 1e39) == 0.0
    assert case_of(np.inf, 1e38) == np.inf
    assert case_of(np.nan, np.nan) == 0.0
    assert case_of(0.0, np.nan) == np.inf


def test_the_command_prints_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = replace(CASES["tanh"], limit=0.5)
    monkeypatch.setattr("netsuke.bench.float_cases.all_cases", lambda: (CASES["exp"], CASES["gemm"]))
    result = CliRunner().invoke(app, ["bench", "float"])
    assert result.exit_code == 0
    assert "exp" in result.output
    assert "320 terms" in result.output
    monkeypatch.setattr("netsuke.bench.float_cases.all_cases", lambda: (CASES["exp"], strict))
    result = CliRunner().invoke(app, ["bench", "float", "--markdown"])
    assert result.exit_code == 1
    assert "tanh: 1.20, at most 0.5" in result.output
