"""The terminal summary as text."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from netsuke.report import BuildResult
from netsuke.report.terminal import fit_bar, print_build
from tests.report.samples import large, small


def printed(result: BuildResult, width: int = 100) -> str:
    file = io.StringIO()
    print_build(Console(file=file, width=width, highlight=False, color_system=None), result)
    return file.getvalue()


def test_a_small_build_word_for_word() -> None:
    lines = [line.rstrip() for line in printed(small()).splitlines() if line.strip()]
    assert lines == [
        " tiny  on ST NUCLEO-L4R5ZI (cortex-m4, 120 MHz)",
        " ✓ exact: 20 inputs, byte for byte the same on host and unicorn cortex-m4",
        " ✓ fits: 655,048 bytes of RAM and 2,094,432 of flash stay free",
        " RAM    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━  312 B of 640 KiB, <0.1 %",
        "                                      arena 96 B, static 16 B, stack 200 B",
        " flash  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━  2.66 KiB of 2.00 MiB, 0.1 %",
        "                                      weights 720 B, code 1.95 KiB",
        " time   25.0 µs, 0.99 µJ              3,000 cycles for 640 MACs (4.69 cycles each)",
        " slowest layers           operator         output  cycles   share  a MAC",
        " model/fully_connected_0  fully_connected  1x10     2,200  73.3 %   3.44",
        " model/softmax_1          softmax          1x10       700  23.3 %      –",
        " C project  out/tiny",
        " report     out/tiny/report.html",
        " as data    out/tiny/report.json",
    ]


def test_markup_and_terminal_codes_of_a_model_are_plain_text() -> None:
    layers = tuple(replace(one, name="[red]\x1b[2J[/]") for one in small().layers)
    said = printed(replace(small(), model="[bold]m\x1b[2J", layers=layers))
    assert r"[bold]m\x1b[2J" in said
    assert r"[red]\x1b[2J[/]" in said
    assert "\x1b" not in said


def test_what_is_bad_is_said_first() -> None:
    said = printed(replace(large(), exact=False, first_difference="layer 3", ram_available=65_536))
    assert said.index("NOT exact: layer 3") < said.index("does NOT fit: too big for RAM by 9,944 bytes")


def test_a_build_that_was_not_run_shows_no_speed() -> None:
    layers = tuple(replace(one, cycles=None) for one in small().layers)
    said = printed(replace(small(), cycles=None, milliseconds=None, stack_bytes=None, layers=layers))
    assert "time" not in said
    assert "slowest" not in said
    assert "stack not measured" in said


def test_six_layers_at_most_the_slowest_first() -> None:
    said = printed(large())
    cycles = sorted((one.cycles or 0 for one in large().layers), reverse=True)
    assert f"{cycles[0]:,}" in said
    assert sum(line.startswith(" model/") for line in said.splitlines()) == 6


def test_fit_bar_is_never_empty_and_never_longer_than_its_cells() -> None:
    def spans(used: int, available: int) -> list[tuple[int, int, str]]:
        return [(s.start, s.end, str(s.style)) for s in fit_bar(used, available, 10).spans]

    assert spans(1, 1_000_000) == [(0, 1, "green"), (1, 10, "bright_black")]
    assert spans(0, 10) == [(0, 10, "bright_black")]
    assert spans(95, 100) == [(0, 10, "yellow")]
    assert spans(30, 10) == [(0, 10, "red")]


def test_narrow_terminals_lose_no_number() -> None:
    assert "9,051,100 cycles" in " ".join(printed(large(), width=80).split())
