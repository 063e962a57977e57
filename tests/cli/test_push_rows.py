"""`--push-rows`, down to the emulated core: the input comes row by row and takes no RAM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite import write
from netsuke.ir import DType
from tests.cli.conftest import Cli
from tests.codegen.builder import Builder

BOARD = ("--board", "nucleo-l4r5zi")


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """int8 [1, 20, 12, 2] → convolutions → five numbers."""
    b = Builder("rows", DType.INT8, seed=2)
    x = b.conv(b.input(1, 20, 12, 2), 16, 3, stride=2)
    graph = b.graph(b.dense(b.conv(b.depthwise(x), 4, 3, stride=2), 5))
    path = tmp_path / "rows.tflite"
    path.write_bytes(write(graph))
    return path


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "nucleo-g0b1re", "esp32-c3"])
def test_the_input_is_no_part_of_the_models_ram(
    cli: Cli, classifier: Path, tmp_path: Path, board: str
) -> None:
    whole, pushed = tmp_path / "whole", tmp_path / "pushed"
    extra = ("--board", board, "--no-compare", "--runs", "2", "-q")
    assert cli("build", classifier, "-o", whole, *extra).code == 0
    assert cli("build", classifier, "-o", pushed, "--push-rows", "--ram", "min", *extra).code == 0
    before, after = (json.loads((folder / "report.json").read_text()) for folder in (whole, pushed))
    assert after["exact"]
    assert after["arena_bytes"] < before["arena_bytes"]
    # What feeds the rows in the test program is not the model's.
    assert after["ram_bytes"] < before["ram_bytes"]
    header = (pushed / "rows.h").read_text()
    for function in ("rows_begin(", "rows_push_row(", "rows_finish(", "rows_invoke("):
        assert function in header
    assert "ROWS_INPUT_0_ROWS 20" in header


def test_the_curve_with_pushed_rows(cli: Cli, classifier: Path) -> None:
    found = json.loads(cli("plan", classifier, *BOARD, "--push-rows", "--no-measure", "--json").out)
    plain = json.loads(cli("plan", classifier, *BOARD, "--no-measure", "--json").out)
    assert all(point["streams"] for point in found["points"])
    assert found["points"][-1]["ram_bytes"] < plain["points"][-1]["ram_bytes"]


def test_a_model_whose_input_is_read_by_a_dense_layer_is_refused(cli: Cli, tmp_path: Path) -> None:
    b = Builder("flat", DType.INT8)
    path = tmp_path / "flat.tflite"
    path.write_bytes(write(b.graph(b.dense(b.input(1, 16), 4))))
    said = cli("build", path, *BOARD, "-o", tmp_path / "out", "--push-rows")
    assert said.code == UnsupportedModel.exit_code
    assert "rows can be pushed into one image" in said.err
    assert not (tmp_path / "out").exists()
