"""The least flash: kernels that layers share are paid for once."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from netsuke.tune import size
from netsuke.tune.costs import LayerCost
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.size import Form, Search, least_flash, rank
from netsuke.tune.table import Table, bound, make_table
from tests.codegen.builder import Builder
from tests.tune.samples import CORE, kernel_cost, network, steps, store


def table_of(file: Path, seed: int) -> Table:
    """Costs at random."""
    chance = random.Random(seed)
    costs = store(file, "-Os")
    for some in steps().values():
        for step in some:
            helpers = {"nk_help": chance.randrange(900)} if chance.random() < 0.5 else {}
            layer = LayerCost(
                cycles=1, instructions=1, code=chance.randrange(50, 900), args=0, helpers=dict(helpers)
            )
            kernel = kernel_cost(chance.randrange(100, 1500), chance.randrange(20, 60), helpers)
            costs.add({layer_key(step): layer, kernel_key(step.kernel): kernel})
    return make_table(network(), steps(), costs)


@pytest.mark.parametrize("seed", range(3))
def test_no_change_of_two_kernels_makes_it_smaller(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size, "MOST_WAYS", 0)
    rows = list(table_of(tmp_path / "costs", seed).rows)
    problem = Search(rows)
    best = size.search(rows)
    found = rank(problem, best)
    for names in itertools.combinations(problem.kernels, 2):
        for ways in itertools.product(Form, repeat=2):
            assert found <= rank(problem, {**best, **dict(zip(names, ways, strict=True))})


def test_one_shared_kernel_beats_three_small_ones(tmp_path: Path) -> None:
    """A kernel that all of several layers accept is chosen although each has a smaller one of its own."""
    costs = store(tmp_path / "costs", "-Os")
    shared = "nk_conv_2d_s8"
    using = {name: some for name, some in steps().items() if shared in {s.kernel.name for s in some}}
    assert len(using) > 1
    for some in steps().values():
        for step in some:
            own = 700 if step.kernel.name == shared else 250
            size_of = LayerCost(cycles=1, instructions=1, code=9000, args=0)
            costs.add({layer_key(step): size_of, kernel_key(step.kernel): kernel_cost(own, 1)})
    cheap = make_table(network(), steps(), costs)
    picked, expanded = least_flash(cheap)
    kernels = {picked[name].kernel for name in using}
    assert not expanded
    together = 700 + sum(offer_bytes(cheap, name, shared) for name in using)
    apart = sum(250 for _ in kernels) + sum(offer_bytes(cheap, name, picked[name].kernel) for name in using)
    assert min(together, apart) == (together if kernels == {shared} else apart)


def offer_bytes(table: Table, name: str, kernel: str) -> int:
    row = next(row for row in table.rows if row.name == name)
    one = next(c for c in row.candidates if c.kernel == kernel)
    return one.constant_bytes + one.args_bytes


def test_layers_of_unknown_size_leave_out_kernels_that_spend_flash(tmp_path: Path) -> None:
    picked, _ = least_flash(make_table(network(), steps(), store(tmp_path / "none", "-Os")))
    assert not any(one.step.kernel.spends_flash for one in picked.values())


def test_a_kernel_that_is_far_slower_is_not_taken_for_its_size(tmp_path: Path) -> None:
    costs = store(tmp_path / "costs", "-Os")
    for some in steps().values():
        for number, step in enumerate(some):
            slow = number == len(some) - 1 and len(some) > 1
            cycles, code = (2001, 10) if slow else (1000 + number, 500 + number)
            layer = LayerCost(cycles=cycles, instructions=1, code=code, args=0)
            costs.add({layer_key(step): layer, kernel_key(step.kernel): kernel_cost(code, 1)})
    picked, _ = least_flash(make_table(network(), steps(), costs))
    for name, some in steps().items():
        assert len(some) == 1 or picked[name].kernel != some[-1].kernel.name


def test_a_kernel_that_spends_flash_does_not_make_the_others_too_slow(tmp_path: Path) -> None:
    """It is so fast that every other one takes more than twice its cycles, and is still left out."""
    b = Builder("wide")
    x = b.input(1, 12, 12, 16)
    graph = b.graph(b.conv(x, 16, 3))
    wide = bound(graph, CORE.isa)
    assert any(step.kernel.spends_flash for some in wide.values() for step in some)
    costs = store(tmp_path / "costs", "-Os")
    for some in wide.values():
        for step in some:
            spends = step.kernel.spends_flash
            layer = LayerCost(cycles=100 if spends else 1000, instructions=1, code=100, args=0)
            costs.add({layer_key(step): layer, kernel_key(step.kernel): kernel_cost(100, 1)})
    picked, _ = least_flash(make_table(graph, wide, costs))
    assert not any(one.step.kernel.spends_flash for one in picked.values())
