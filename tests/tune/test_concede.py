"""Less flash for the fewest cycles."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from netsuke.tune.choose import picks
from netsuke.tune.concede import GRANULE, Conceded, Offer, cheapest, conceded, cycles, nbytes
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.table import Candidate, Table, make_table
from tests.tune.samples import kernel_cost, layer_cost, network, steps, store


def table_of(file: Path, seed: int) -> Table:
    chance = random.Random(seed)
    costs = store(file)
    for some in steps().values():
        for step in some:
            layer = layer_cost(chance.randrange(500, 5000), chance.randrange(50, 2000))
            costs.add({layer_key(step): layer, kernel_key(step.kernel): kernel_cost(300)})
    return make_table(network(), steps(), costs)


def totals(table: Table, picked: Mapping[str, Candidate], expanded: frozenset[str]) -> tuple[int, int]:
    """(bytes, cycles)."""
    rows = [(row, picked[row.name], row.name in expanded) for row in table.rows]
    return sum(nbytes(one, form) for _, one, form in rows), sum(cycles(*row) for row in rows)


def saving(table: Table, wanted: int) -> Conceded:
    return conceded(table.rows, *picks(table, "speed"), wanted)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wanted", [1, 300, 1500, 4000])
def test_so_much_is_saved_and_what_it_costs_is_told(seed: int, wanted: int, tmp_path: Path) -> None:
    table = table_of(tmp_path / "costs", seed)
    before = totals(table, *picks(table, "speed"))
    found = saving(table, wanted)
    after = totals(table, found.picked, found.expanded)
    assert before[0] - after[0] == sum(one.saved for one in found.concessions) >= wanted
    assert after[1] - before[1] == sum(one.cycles or 0 for one in found.concessions)


def test_more_than_there_is_saves_what_there_is(tmp_path: Path) -> None:
    table = table_of(tmp_path / "costs", 0)
    found = saving(table, 10**9)
    nothing = frozenset[str]()
    least = sum(min(nbytes(one, False) for one in row.candidates) for row in table.rows)
    most, _ = totals(table, *picks(table, "speed"))
    left, _ = totals(table, found.picked, found.expanded)
    assert found.expanded <= picks(table, "speed")[1]
    assert most > left >= least
    assert left - totals(table, found.picked, nothing)[0] <= GRANULE * len(table.rows)


def test_nothing_is_given_up_for_nothing(tmp_path: Path) -> None:
    table = table_of(tmp_path / "costs", 1)
    found = saving(table, 0)
    assert not found.concessions
    assert (found.picked, found.expanded) == picks(table, "speed")


@pytest.mark.parametrize("seed", range(20))
def test_no_other_combination_costs_fewer_cycles(seed: int) -> None:
    chance = random.Random(seed)
    candidate = next(iter(steps().values()))[0]
    one = Candidate(step=candidate, cost=None, kernel_cost=None)
    offers = [
        [
            Offer(
                candidate=one,
                expanded=False,
                saved=GRANULE * chance.randrange(1, 40),
                cycles=chance.randrange(900),
            )
            for _ in range(chance.randrange(4))
        ]
        for _ in range(5)
    ]
    ways = list(itertools.product(*([None, *some] for some in offers)))
    most = max(sum(o.saved for o in way if o) for way in ways)
    for wanted in (0, most // 3, most // 2 + 1, most):
        taken = cheapest(offers, wanted)
        best = min(
            sum(o.cycles for o in way if o) for way in ways if sum(o.saved for o in way if o) >= wanted
        )
        assert sum(o.saved for o in taken if o) >= wanted
        assert sum(o.cycles for o in taken if o) == best


def test_without_counts_the_order_of_preference_gives_way(tmp_path: Path) -> None:
    table = make_table(network(), steps(), store(tmp_path / "none"))
    found = saving(table, 10**9)
    assert found.concessions
    assert all(one.cycles is None for one in found.concessions)
    for one in found.concessions:
        row = next(row for row in table.rows if row.name == one.layer)
        assert one.kernel == row.candidates[0].kernel


def test_beside_counts_a_kernel_without_any_is_passed_over(tmp_path: Path) -> None:
    table = table_of(tmp_path / "costs", 2)
    rows = tuple(
        dataclasses.replace(row, candidates=(row.candidates[0], *(unknown(c) for c in row.candidates[1:])))
        for row in table.rows
    )
    found = saving(dataclasses.replace(table, rows=rows), 10**9)
    assert all(one.kernel == one.instead for one in found.concessions)


def unknown(one: Candidate) -> Candidate:
    return dataclasses.replace(one, cost=None)
