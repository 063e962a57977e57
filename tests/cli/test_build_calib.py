"""`netsuke build --calib`: a float model becomes integers and C at once, with what no file holds in integers too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import netsuke
from netsuke.exporters import write_tflite
from netsuke.ir import DType
from tests.cli.conftest import Cli
from tests.compress.networks import random
from tests.compress.test_quantize import conv_net
from tests.importers.onnx.models import model, step

BOARD = ("--board", "nucleo-l4r5zi", "--no-compare", "--runs", "1")


@pytest.fixture
def normed(tmp_path: Path) -> Path:
    """A dense layer, layer normalisation, a dense layer."""
    constants = {
        "w": random(16, 12, scale=0.4), "g": random(12, seed=1), "b": random(12, seed=2),
        "v": random(12, 3, seed=3),
    }  # fmt: skip
    steps = [
        step("MatMul", "x w", "m"), step("LayerNormalization", "m g b", "n", axis=-1), step("MatMul", "n v", "y"),
    ]  # fmt: skip
    path = tmp_path / "normed.onnx"
    path.write_bytes(model(steps, {"x": (1, 16)}, constants))
    return path


def test_a_float_model_is_built_in_integers(cli: Cli, normed: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", random(30, 16))
    out = tmp_path / "out"
    said = cli(
        "build", normed, *BOARD, "--calib", tmp_path / "x.npy", "--inputs", tmp_path / "x.npy", "-o", out
    )
    assert said.code == 0, said.err
    assert "int8 on 30 samples of the calibration: signal to quantisation noise" in said.out
    found = json.loads((out / "report.json").read_text())
    assert [layer["op"] for layer in found["layers"]].count("normalize") == 1
    header = (out / "normed.h").read_text()
    assert "int8_t *in" in header
    assert "31 inputs" in said.out


def test_the_same_from_python(normed: Path, tmp_path: Path) -> None:
    small = netsuke.load(normed).quantize(random(30, 16))
    assert {t.dtype for t in small.graph.tensors.values()} <= {DType.INT8, DType.INT16, DType.INT32}
    assert small.path is None


@pytest.mark.parametrize(
    ("name", "shape", "wanted"),
    [
        ("x.npy", (30, 7), "[N, 16] was wanted"),
        ("none.npy", None, "cannot read"),
        ("no:data", None, "no module 'no'"),
    ],
)
def test_bad_samples(
    cli: Cli, normed: Path, tmp_path: Path, name: str, shape: tuple[int, ...] | None, wanted: str
) -> None:
    if shape is not None:
        np.save(tmp_path / name, random(*shape))
    given = name if ":" in name else str(tmp_path / name)
    said = cli("build", normed, *BOARD, "--calib", given, "-o", tmp_path / "out")
    assert said.code == 2
    assert wanted in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()


def test_a_model_in_integers_is_refused(cli: Cli, tmp_path: Path) -> None:
    small = netsuke.Model(graph=conv_net()).quantize(random(4, 8, 8, 3))
    path = tmp_path / "small.tflite"
    path.write_bytes(write_tflite(small.graph))
    np.save(tmp_path / "x.npy", random(4, 8, 8, 3))
    said = cli("build", path, *BOARD, "--calib", tmp_path / "x.npy", "-o", tmp_path / "out")
    assert said.code == 2
    assert "quantised already" in said.err


def test_several_models_and_an_unknown_board(cli: Cli, normed: Path, tmp_path: Path) -> None:
    said = cli("build", normed, normed, *BOARD, "--calib", "x.npy", "-o", tmp_path / "out")
    assert said.code == 2
    assert "--calib goes with one model" in " ".join(said.err.split())
    said = cli("build", normed, "--board", "toaster", "--calib", "x.npy", "-o", tmp_path / "out")
    assert "toaster" in said.err
