"""Which runs are looked at: each once while budgets fall, and in long programs few of all that there are."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from netsuke.schedule.segments import FEW, Sizes

BUDGETS = (math.inf, 64, 32, 16, 8)
MOST_RUNS = 8_000
"""Of a chain of two hundred steps, of some eighteen thousand that are short enough."""
LONGEST = 64


def program(seed: int, steps: int) -> tuple[list[float], list[int]]:
    """Bytes alive at each place, and what each step needs: both sides of it and a little more."""
    chance = random.Random(seed)
    alive = [0, *(chance.randint(1, 60) for _ in range(steps))]
    needs = [float(max(a, b) + chance.randint(0, 30)) for a, b in itertools.pairwise(alive)]
    return needs, alive


def held(needs: list[float], alive: list[int]) -> list[tuple[int, int]]:
    found = []
    for high, low in itertools.pairwise(BUDGETS):
        size = Sizes(needs, alive, low, high)
        for end in range(1, len(needs) + 1):
            first = max(0, end - LONGEST)
            runs = [(start, end) for start in range(first, end) if size.holds(start, end)]
            assert not runs or (size.over(first, end) and size.earliest(first, end) <= runs[0][0])
            found += runs
    return found


@pytest.mark.parametrize("seed", range(6))
def test_all_runs_of_a_short_program_are_looked_at_once(seed: int) -> None:
    needs, alive = program(seed, 20)
    found = held(needs, alive)
    wanted = {(i, j) for i in range(20) for j in range(i + 1, 21) if max(needs[i:j]) > BUDGETS[-1]}
    assert len(found) == len(set(found))
    assert set(found) == wanted


@pytest.mark.parametrize("seed", range(6))
def test_runs_of_a_long_program_begin_and_end_in_narrow_places(seed: int) -> None:
    steps = 2 * FEW
    needs, alive = program(seed, steps)
    found = held(needs, alive)
    assert len(found) == len(set(found)) <= MOST_RUNS
    sides = (math.inf, *alive, math.inf)
    for start, end in found:
        if end - start > 1:
            assert all(sides[at + 1] <= min(sides[at], sides[at + 2]) for at in (start, end))


def test_a_run_does_not_go_on_to_where_no_less_is_alive() -> None:
    """One large step; behind it fewer bytes twice, then no fewer."""
    alive = [4] * FEW + [9, 6, 6, 3, 3] + [3] * FEW
    needs = [5.0] * (len(alive) - 1)
    needs[FEW - 1] = 50.0  # before place FEW, where 9 are alive
    size = Sizes(needs, alive, 20, math.inf)
    ends = [end for end in range(FEW, len(alive)) if size.holds(FEW - 1, end)]
    assert ends == [FEW, FEW + 1, FEW + 3]
