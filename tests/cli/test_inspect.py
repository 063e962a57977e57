"""`netsuke inspect` and `Model.inspect`."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

import netsuke
from netsuke.boards import Board, Memory, MemoryKind, board
from netsuke.errors import DoesNotFit, UnsupportedModel
from netsuke.inspection import CODE_BASE, CODE_PER_KERNEL, STACK_ALLOWANCE, inspect_graph
from netsuke.ir import Graph
from tests.cli.conftest import Cli
from tests.cli.models import two_pools

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


def with_memory(ram: int, flash: int) -> Board:
    memories = (
        Memory(name="FLASH", kind=MemoryKind.FLASH, origin=0x0800_0000, size=flash),
        Memory(name="RAM", kind=MemoryKind.RAM, origin=0x2000_0000, size=ram),
    )
    return replace(board("nucleo-l4r5zi"), memories=memories)


def test_it_tells_layers_shapes_and_bytes(cli: Cli, pools: Path) -> None:
    said = cli("inspect", pools, "--board", "nucleo-l4r5zi")
    assert said.code == 0
    words = " ".join(said.out.split())
    for expected in (
        "image int8 1x8x8x4 scale 0.5, zero point -3",
        "max_pool_2d int8 1x4x4x4",
        "average_pool_2d int8 1x2x2x4",
        "0 MACs in 2 layers",
        "320 bytes at most",
        "fits ST NUCLEO-L4R5ZI (cortex-m4)",
    ):
        assert expected in words, expected


def test_json_holds_the_promised_keys_and_they_are_documented(cli: Cli, pools: Path) -> None:
    said = cli("inspect", pools, "-b", "nucleo-l4r5zi", "--json")
    found = json.loads(said.out)
    assert list(found) == [
        "schema_version",
        "model",
        "supported",
        "unsupported",
        "inputs",
        "outputs",
        "macs",
        "weight_bytes",
        "peak_bytes",
        "peak_layer",
        "state_bytes",
        "stack_allowance",
        "prediction",
        "fit",
        "operators",
        "layers",
    ]
    documented = DOCS.read_text(encoding="utf-8")
    nested = [*found["prediction"], *found["fit"], *found["operators"][0], *found["layers"][0]]
    assert [key for key in [*found, *nested] if f"`{key}" not in documented] == []


def test_the_numbers(cli: Cli, pools: Path) -> None:
    found = json.loads(cli("inspect", pools, "-b", "nucleo-l4r5zi", "--json").out)
    image, pooled = 8 * 8 * 4, 4 * 4 * 4
    assert found["supported"] is True
    assert found["peak_bytes"] == image + pooled
    assert found["weight_bytes"] == found["macs"] == found["state_bytes"] == 0
    prediction, fit = found["prediction"], found["fit"]
    # Each pool writes over rows that it has read.
    assert image <= prediction["arena_bytes"] <= image + pooled
    assert prediction["code_bytes"] == CODE_BASE + 2 * CODE_PER_KERNEL
    assert fit["ram_bytes"] == prediction["arena_bytes"] + STACK_ALLOWANCE
    assert fit["ram_free"] == 655_360 - fit["ram_bytes"]
    assert fit["fits"] is True


def test_without_a_board_nothing_is_said_of_fitting(cli: Cli, pools: Path) -> None:
    assert json.loads(cli("inspect", pools, "--json").out)["fit"] is None
    assert "fit" not in cli("inspect", pools).out


def test_a_model_that_does_not_fit_is_short_by_so_many_bytes(
    cli: Cli, pools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = with_memory(ram=1024, flash=2048)
    monkeypatch.setattr("netsuke.boards.board", lambda name: small)
    said = cli("inspect", pools, "--board", "any")
    fit = inspect_graph(two_pools(), small).fit
    assert fit is not None
    assert said.code == DoesNotFit.exit_code
    assert f"RAM is short by {fit.ram_bytes - 1024:,} bytes and flash is short by" in said.out
    assert fit.flash_free == 2048 - fit.flash_bytes < 0


def test_every_unsupported_operator_is_named_with_its_place(
    cli: Cli, pools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("netsuke.importers.tflite.load"), "decoders", dict)
    said = cli("inspect", pools)
    assert said.code == UnsupportedModel.exit_code
    assert "2 unsupported operators" in said.out
    assert "MAX_POOL_2D" in said.out
    assert "AVERAGE_POOL_2D" in said.out
    data = cli("inspect", pools, "--json")
    assert data.code == UnsupportedModel.exit_code
    found = json.loads(data.out)
    assert found["supported"] is False
    assert [one["op"] for one in found["unsupported"]] == ["MAX_POOL_2D", "AVERAGE_POOL_2D"]
    assert all(one["place"] and one["hint"] for one in found["unsupported"])


def test_nothing_of_a_models_names_is_obeyed() -> None:
    from rich.console import Console

    from netsuke.report.inspection_text import inspection_summary

    hostile = "[red]\x1b[2J"
    graph = two_pools()
    named = replace(graph, nodes=tuple(replace(node, name=f"{hostile}{node.name}") for node in graph.nodes))
    console = Console(width=100, record=True, highlight=False)
    with console.capture() as capture:
        console.print(inspection_summary(inspect_graph(named)))
    assert "\x1b[2J" not in capture.get()
    assert r"[red]\x1b[2J" in capture.get()


def test_long_models_leave_out_their_middle() -> None:
    from rich.console import Console

    from netsuke.report.inspection_text import SHOWN_LAYERS, inspection_summary

    found = inspect_graph(two_pools())
    layers = tuple(replace(found.layers[0], index=i, name=f"layer{i}") for i in range(100))
    console = Console(width=100, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(inspection_summary(replace(found, layers=layers)))
    shown = [line for line in capture.get().splitlines() if "layer" in line and "max_pool" in line]
    assert len(shown) == SHOWN_LAYERS
    assert f"{100 - SHOWN_LAYERS} more layers" in capture.get()
    assert "layer99" in shown[-1]


def test_the_python_api_gives_the_same(pools: Path) -> None:
    model = netsuke.load(pools)
    assert isinstance(model.graph, Graph)
    assert model.path == pools
    found = model.inspect(board="nucleo-l4r5zi")
    assert found == model.inspect(board=board("nucleo-l4r5zi"))
    assert found.fit is not None
    assert found.fit.fits
    assert model.inspect().fit is None
