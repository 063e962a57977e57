"""The least flash: kernels that layers share are paid for once."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netsuke.ops.kernel import Constant
from netsuke.tune import size
from netsuke.tune.costs import LayerCost
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.size import ROW_GLUE, Form, Search, core_of, least_flash, rank, shared
from netsuke.tune.table import WORD, Table, bound, make_table
from tests.codegen.builder import Builder
from tests.tune.samples import CORE, kernel_cost, layer_cost, network, steps, store


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


def repeated(file: Path) -> Table:
    """Three depthwise layers of one shape; every kernel takes 900 bytes, and 300 where it knows its layer."""
    b = Builder("repeated")
    x = b.depthwise(b.depthwise(b.input(1, 12, 12, 8)))
    graph = b.graph(b.depthwise(x))
    costs = store(file, "-Os")
    some = bound(graph, CORE.isa)
    for step in (step for one in some.values() for step in one):
        layer = replace(layer_cost(1000, 300), helpers={"nk_near": 40})
        kernel = kernel_cost(900, helpers={"nk_near": 50, "nk_far": 60, "nk_taken_in": 70})
        costs.add({layer_key(step): layer, kernel_key(step.kernel): kernel})
    costs.add({"another layer": replace(layer_cost(1), helpers={"nk_far": 60})})
    return make_table(graph, some, costs)


def test_a_shared_kernel_is_smaller_the_more_its_layers_give_it_alike(tmp_path: Path) -> None:
    """All three are the same layer: the function that they share knows all that a layer's own copy would."""
    some = [row.candidates[0] for row in repeated(tmp_path / "costs").rows]
    first = some[0]
    core = core_of(first.step.kernel) or first.kernel
    alike, alone = shared(some), shared(some[:1])
    assert (alike.functions[core], alone.functions[core]) == (300, 900)
    assert alike.nbytes == 3 * (first.constant_bytes + WORD + ROW_GLUE)
    assert alone.nbytes == first.constant_bytes + first.args_bytes + 20


def test_helpers_that_no_layer_needs_are_not_counted(tmp_path: Path) -> None:
    """Those which stand beside other layers' expanded kernels, but not beside this one's; what stands beside no
    expanded kernel is a part of it."""
    one = repeated(tmp_path / "costs").rows[0].candidates[0]
    assert one.helpers == {"nk_near": 50, "nk_taken_in": 70}
    assert set(replace(one, cost=None).helpers) == {"nk_near", "nk_far", "nk_taken_in"}


def test_kernels_that_only_call_one_function_share_it() -> None:
    kernels = {kernel.name: kernel for some in steps().values() for kernel in (step.kernel for step in some)}
    assert core_of(kernels["nk_depthwise_3x3_s8_dsp"]) == "nk_planes_run"
    assert core_of(kernels["nk_conv_2d_s8"]) is None


def test_a_kernel_of_one_layer_alone_is_left_to_the_compiler(tmp_path: Path) -> None:
    costs = store(tmp_path / "costs", "-Os")
    for some in steps().values():
        for step in some:
            costs.add({layer_key(step): layer_cost(1), kernel_key(step.kernel): kernel_cost(900)})
    picked, expanded = least_flash(make_table(network(), steps(), costs))
    users = Counter(one.kernel for one in picked.values())
    assert 1 in users.values()
    assert all(users[picked[name].kernel] > 1 for name in expanded)


def test_arrays_of_one_number_are_free_where_the_kernel_is_expanded(tmp_path: Path) -> None:
    one = repeated(tmp_path / "costs").rows[0].candidates[-1]
    assert one.folded_bytes < one.constant_bytes
    (call,) = one.step.calls
    some = Constant(label="some", data=np.arange(6, dtype=np.int8))
    none = Constant(label="none", data=np.zeros(9, np.int32))
    pointers = (some, none, *call.pointers[2:])
    changed = replace(one, step=replace(one.step, calls=(replace(call, pointers=pointers),)))
    rest = sum(
        p.data.nbytes for p in call.pointers[2:] if isinstance(p, Constant) and len(set(p.data.flat)) == 1
    )
    assert changed.folded_bytes == none.data.nbytes + rest
