"""Budgets as users write them."""

from __future__ import annotations

import pytest

from netsuke.errors import InputError
from netsuke.schedule import SMALLEST, parse_budget


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        ("16384", 16384),
        ("16k", 16384),
        ("16KiB", 16384),
        ("16 kb", 16000),
        ("1.5k", 1536),
        ("1M", 1 << 20),
        (" 7 B ", 7),
    ],
)
def test_a_budget_is_read(text: str, nbytes: int) -> None:
    assert parse_budget(text) == nbytes


@pytest.mark.parametrize("text", ["min", " MIN "])
def test_the_smallest(text: str) -> None:
    assert parse_budget(text) == SMALLEST


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "12 parsecs",
        "",
        "k",
        "1e400",
        "0x10",
        "12.5",
        "0.3k",
        "nan",
        "16k16",
        "²",
        "٨",
        "16\u212a",
        "8 k i b",
        "1_000",
        "+8",
        "9" * 400,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"got --ram .*; a positive number of bytes .* was wanted"):
        parse_budget(text)
