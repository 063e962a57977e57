"""Numbers and names as people read them."""

from __future__ import annotations

import pytest

from netsuke.report import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (22_820, "22.3 KiB"),
        (655_360, "640 KiB"),
        (2**20, "1.00 MiB"),
    ],
)
def test_size(value: int, said: str) -> None:
    assert words.size(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.00001, "1.0e-05"),
        (0.0123, "0.0123"),
        (0.9994, "0.999"),
        (0.9996, "1.00"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.94, "99.9"),
        (99.96, "100"),
        (1234.5, "1,234"),
    ],
)
def test_three_digits_never_change_their_number_at_an_edge(value: float, said: str) -> None:
    assert words.three_digits(value) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"), [(0.025, "25.0 µs"), (75.43, "75.4 ms"), (1250, "1.25 s"), (None, "–")]
)
def test_duration(milliseconds: float | None, said: str) -> None:
    assert words.duration(milliseconds) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 10, "0.0 %"),
        (1, 100_000, "<0.1 %"),
        (1, 3, "33.3 %"),
        (10, 10, "100 %"),
        (11, 10, "110.0 %"),
        (1, 0, "0.0 %"),
    ],
)
def test_percent(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said


def test_shortened_keeps_both_ends_and_the_length() -> None:
    assert words.shortened("model/block_12/depthwise", 11) == "model…hwise"
    assert words.shortened("short", 5) == "short"
    assert len(words.shortened("x" * 50, 8)) == 8


def test_printable_escapes_what_a_terminal_would_obey() -> None:
    assert words.printable("a\x1b]0;b\x07\n\u202e\ud800é€") == r"a\x1b]0;b\x07\n\u202e\ud800é€"


def test_lists_and_plurals() -> None:
    assert words.listed(()) == ""
    assert words.listed(("a",)) == "a"
    assert words.listed(("a", "b", "c")) == "a, b and c"
    assert words.plural(1, "input") == "1 input"
    assert words.plural(1200, "input") == "1,200 inputs"
