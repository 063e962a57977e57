"""A board with little flash, and a limit that the user names: fast kernels are given up until the image fits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import netsuke
from netsuke import BuildOptions
from netsuke.boards import Board
from netsuke.bundle import build_bundle
from netsuke.errors import DoesNotFit, InputError
from netsuke.ir import Graph
from netsuke.pipeline import build
from netsuke.prove import Target
from netsuke.report.bundle_text import bundle_summary
from netsuke.report.goals_text import given_up_line
from netsuke.report.result import BuildResult
from tests.codegen.builder import Builder
from tests.codegen.nets import cnn
from tests.models.boards import two_banks
from tests.models.places import mlperf

ONE = BuildOptions(runs=1, targets=(Target.EMULATOR,))
FAST = "nk_conv_2d_s8_winograd_4x4"


def heavy() -> Graph:
    """Two layers for which the fastest kernel keeps eight times the weights."""
    b = Builder("heavy")
    x = b.conv(b.input(1, 12, 12, 16), 16, 3)
    return b.graph(b.conv(x, 32, 3))


def small_board(flash: int) -> Board:
    return two_banks(128, 128, flash=flash, cpu="cortex-m4")


def whole_kib(nbytes: float) -> int:
    """As memories are."""
    return int(nbytes) // 1024 * 1024


def built(out: Path, flash: int, options: BuildOptions = ONE, graph: Graph | None = None) -> BuildResult:
    return build(graph or heavy(), board=small_board(flash), out=out / "out", options=options)


def kernels(result: BuildResult) -> list[str]:
    return [layer.kernel for layer in result.layers]


@pytest.fixture(scope="module")
def ample(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return built(tmp_path_factory.mktemp("ample"), 1 << 20)


def test_with_plenty_of_flash_nothing_changes(ample: BuildResult) -> None:
    assert kernels(ample) == [FAST, FAST]
    assert ample.given_up is not None
    assert (ample.given_up.short, ample.given_up.concessions) == (0, ())


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_speed_on_a_board_with_little_flash(share: float, ample: BuildResult, tmp_path: Path) -> None:
    flash = whole_kib(ample.flash_bytes * share)
    result = built(tmp_path, flash)
    assert result.exact
    assert result.fits
    assert result.flash_bytes <= flash
    assert kernels(result) != kernels(ample)
    assert result.given_up is not None
    assert result.given_up.short == ample.flash_bytes - flash
    changed = [old != new for old, new in zip(kernels(ample), kernels(result), strict=True)]
    assert sum(changed) == sum(one.kernel != one.instead for one in result.given_up.concessions)
    assert result.ram_bytes <= result.ram_available


def test_one_layer_gives_way_where_that_is_enough(ample: BuildResult, tmp_path: Path) -> None:
    assert kernels(built(tmp_path, whole_kib(ample.flash_bytes - 600))).count(FAST) == 1


def test_the_limit_is_as_a_smaller_board(ample: BuildResult, tmp_path: Path) -> None:
    limit = whole_kib(ample.flash_bytes / 2)
    one = built(tmp_path / "limit", 1 << 20, replace(ONE, flash=limit))
    other = built(tmp_path / "board", limit)
    assert one.flash_bytes <= limit
    assert kernels(one) == kernels(other)
    written = json.loads((tmp_path / "limit" / "out" / "report.json").read_text())
    assert written["given_up"]["limit"] == limit
    assert [x["layer"] for x in written["given_up"]["layers"]]


def test_the_goals_are_compared_on_a_small_board_too(ample: BuildResult, tmp_path: Path) -> None:
    limit = ample.flash_bytes // 2
    for optimize in ("speed", "size"):
        options = replace(ONE, optimize=optimize, flash=limit, compare=True)
        result = built(tmp_path / optimize, 1 << 20, options)
        assert [goal.goal for goal in result.goals] == ["speed", "size", "ram"]
        assert all(goal.exact and goal.flash_bytes <= limit for goal in result.goals)
        speed, size, _ = result.goals
        assert speed.cycles <= size.cycles
        assert size.flash_bytes <= speed.flash_bytes


def test_streams_give_way_too(ample: BuildResult, tmp_path: Path) -> None:
    options = replace(ONE, optimize="ram")
    free = built(tmp_path / "free", 1 << 20, options)
    tight = built(tmp_path / "tight", 1 << 20, replace(options, flash=ample.flash_bytes // 2))
    assert tight.exact
    assert tight.flash_bytes <= ample.flash_bytes // 2
    assert tight.arena_bytes <= 1.1 * free.arena_bytes


@pytest.mark.parametrize("goal", ["speed", "size", "ram"])
def test_too_little_for_the_smallest_kernels(goal: str, tmp_path: Path) -> None:
    with pytest.raises(
        DoesNotFit, match=r"--flash allows 2,048: [\d,]+ bytes too many.*Most flash: 'conv_2d_1' "
    ) as told:
        built(tmp_path, 1 << 20, replace(ONE, optimize=goal, flash=2048))
    assert ("--optimize size" in str(told.value)) == (goal != "size")
    assert not list(tmp_path.iterdir())


def test_a_board_with_too_little(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit, match=r"two-banks has 4,096 in FLASH: [\d,]+ bytes too many.*Most flash"):
        built(tmp_path, 4096)


@pytest.mark.parametrize("given", [0, -1, True, 1.5, "min", "12 parsecs", ""])
def test_what_is_no_number_of_bytes(given: object) -> None:
    with pytest.raises(InputError, match=r"got (--)?flash.*a positive number of bytes"):
        BuildOptions(flash=given)  # type: ignore[arg-type]


def test_from_python(ample: BuildResult, tmp_path: Path) -> None:
    model = netsuke.Model(graph=heavy())
    result = model.build(board=small_board(1 << 20), out=tmp_path / "out", flash="24k", options=ONE)
    assert result.flash_bytes <= 24 * 1024 < ample.flash_bytes


@pytest.mark.parametrize("optimize", ["speed", "ram"])
def test_several_models_share_the_flash(optimize: str, tmp_path: Path) -> None:
    options = replace(ONE, optimize=optimize)
    board = two_banks(128, 128, cpu="cortex-m4")
    ample = build_bundle([heavy(), cnn()], board=board, out=tmp_path / "ample", options=options)
    limit = ample.flash_bytes * 2 // 3
    tight = build_bundle(
        [heavy(), cnn()], board=board, out=tmp_path / "tight", options=replace(options, flash=limit)
    )
    assert ample.exact
    assert tight.exact
    assert tight.flash_bytes <= limit
    first, second = (model.given_up for model in tight.models)
    assert first is not None
    assert first.short == ample.flash_bytes - limit
    assert {one.kernel for one in first.concessions} >= {FAST}
    assert {one.layer for one in first.concessions} <= {layer.name for layer in tight.models[0].layers}
    assert second is not None
    assert second.limit == limit
    console = Console(width=200)
    with console.capture() as capture:
        console.print(bundle_summary(tight))
    assert f"bytes of flash (limit {limit:,}) short: layer heavy/conv_2d" in capture.get()
    assert "of flash" not in given_up_line(ample.models[0].given_up)


@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_too_little_for_several_models(optimize: str, tmp_path: Path) -> None:
    options = replace(ONE, optimize=optimize, flash="4k")
    with pytest.raises(
        DoesNotFit, match=r"--flash allows 4,096.*Weights: heavy [\d,]+, cnn.*Most flash: 'conv"
    ):
        build_bundle([heavy(), cnn()], board=small_board(1 << 20), out=tmp_path / "out", options=options)


def test_the_kernels_of_a_small_image_are_taken_where_they_are_faster(tmp_path: Path) -> None:
    """What layers share is no part of the estimate of what giving up a kernel saves: too many would be given up."""
    model, board = mlperf("kws_ref_model"), "nucleo-l4r5zi"
    fast = build(model, board=board, out=tmp_path / "fast", options=ONE)
    small = build(model, board=board, out=tmp_path / "small", options=replace(ONE, optimize="size"))
    limit = small.flash_bytes + 2048
    assert limit < fast.flash_bytes
    tight = build(model, board=board, out=tmp_path / "tight", options=replace(ONE, flash=limit))
    assert tight.flash_bytes <= limit
    assert None not in (tight.cycles, small.cycles)
    assert tight.cycles <= 1.02 * small.cycles  # type: ignore[operator]
    assert tight.given_up is not None
    assert tight.given_up.concessions
