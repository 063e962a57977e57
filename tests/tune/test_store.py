"""The cache: whatever happens to the file, what can be read is used and the rest is measured again."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.tune.costs import DamagedEntry, KernelCost, LayerCost, from_line, to_line
from netsuke.tune.store import append, entries, shipped_text
from tests.tune.samples import kernel_cost, layer_cost, store, toolchain

COSTS = [
    layer_cost(5),
    LayerCost(cycles=1, instructions=2, code=3, args=4, helpers={"nk_b": 1, "nk_a": 2}),
    kernel_cost(10, helpers={"nk_c": 7}),
]


@pytest.mark.parametrize("cost", COSTS)
def test_lines_read_back(cost: LayerCost | KernelCost) -> None:
    assert from_line(to_line("key", cost, "chain")) == (("chain", "key"), cost)
    assert from_line(to_line("key", cost), "headed") == (("headed", "key"), cost)


DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '["t","layer","k",[1,2,3],[]]',
    '["t","layer","k",[1,2,3,-4],[]]',
    '["t","layer","k",[1,2,3,true],[]]',
    '["t","layer","k",[1,2,3,4.0],[]]',
    '["t","layer","k",[1,2,3,4],["name"]]',
    '["t","layer","k",[1,2,3,4],[1,2]]',
    '["t","layer",5,[1,2,3,4],[]]',
    '["t","other","k",[1,2,3,4],[]]',
    '["t","layer","k",{},[]]',
    "[" * 100_000,
    "\x00\x01\x02",
]


@pytest.mark.parametrize("line", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_line_is_no_measurement(line: str) -> None:
    with pytest.raises(DamagedEntry):
        from_line(line)


def test_damage_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "costs"
    whole = to_line("a", COSTS[0], "t")
    rest = to_line("b", COSTS[1], "t")
    file.write_bytes(b"\xff\xfe\x00garbage\n" + whole.encode() + b"\n[1,2\n" + rest.encode()[:-9])
    assert store(file).known == {("t", "a"): COSTS[0]}


def test_a_line_after_one_that_was_cut_off_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "costs"
    file.write_text(to_line("a", COSTS[0], "t")[:-5])
    append(file, to_line("b", COSTS[1], "t"))
    append(file, to_line("c", COSTS[2], "t"))
    assert dict(entries(file.read_text())) == {("t", "b"): COSTS[1], ("t", "c"): COSTS[2]}


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    costs = store(tmp_path / "no" / "such" / "folder" / "costs")
    costs.add({"a": COSTS[0]})
    assert costs.known[costs.toolchain.key, "a"] == COSTS[0]
    folder = store(tmp_path)
    folder.add({"a": COSTS[0]})
    assert (folder.toolchain.key, "a") in folder.known


def test_the_shipped_form_reads_back() -> None:
    chains = [toolchain("-O2"), toolchain("-Os")]
    text = shipped_text({chain: {"b": COSTS[1], "a": COSTS[0]} for chain in chains})
    found = dict(entries(text))
    assert found == {(c.key, k): v for c in chains for k, v in (("a", COSTS[0]), ("b", COSTS[1]))}
    assert text.index('"a"') < text.index('"b"')


def test_toolchains_differ_by_flag_core_and_compiler() -> None:
    assert toolchain("-O2").key == toolchain("-O2").key
    assert toolchain("-O2").key != toolchain("-Os").key
