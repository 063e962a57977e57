"""The bench of networks with random weights: exact runs, less RAM in smaller modes, and no fit said in words."""

from __future__ import annotations

from netsuke.bench.network_builder import Builder
from netsuke.bench.network_memory import Mode, networks_sheet, runs
from netsuke.bench.networks import Block, network
from netsuke.ir import Graph
from netsuke.pipeline import silent

MODES = (
    Mode(title="plain"),
    Mode(title="least", ram="min"),
    Mode(title="pushed", ram="min", push_rows=True),
    Mode(title="too little", ram="100"),
)


def small() -> Graph:
    shape = (Block(kernel=3, expand=3, channels=8, stride=1, repeat=2),)
    return network(Builder(name="small", seed=1), (24, 24, 1), 8, shape, 0, 4)


def test_every_mode_is_run_and_compared() -> None:
    plain, least, pushed, none = runs({"small": small}, MODES, "nucleo-l4r5zi", silent)
    assert plain.point is not None
    assert least.point is not None
    assert pushed.point is not None
    assert all(
        one.counted is not None and one.counted.exact for one in (plain.point, least.point, pushed.point)
    )
    assert plain.point.ram_bytes > least.point.ram_bytes > pushed.point.ram_bytes
    assert not plain.point.streams
    assert plain.recomputed == 1.0
    assert none.point is None
    assert "got a budget of 100 bytes" in none.problem


def test_the_table_has_a_line_a_mode() -> None:
    found = runs({"small": small}, MODES[:1] + MODES[3:], "nucleo-l4r5zi", silent)
    (_, mode, ram, schedule, *_, times), (*_, last_ram, _, _, _, _) = networks_sheet(found, "b").rows
    assert (mode, schedule, times) == ("plain", "layer by layer", "1.00")
    assert int(ram.replace(",", "")) > 0
    assert last_ram == "does not fit"
