"""`netsuke quantize` and `netsuke diagnose`, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from netsuke import quantize
from netsuke.errors import InputError
from netsuke.exporters import write_tflite
from netsuke.importers.loading import load
from netsuke.ir import DType
from tests.cli.conftest import Cli
from tests.compress.networks import random
from tests.compress.test_quantize import conv_net


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(write_tflite(conv_net()))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, x=random(24, 8, 8, 3), labels=np.arange(24) % 5)
    return path


def leftovers(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} - {"net.tflite", "data.npz"}


def test_a_model_is_written_and_told(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.tflite"
    said = cli(
        "quantize", model, "--calib", data, "-o", out, "--equalize", "--bias-correction",
        "--int16", "c", "--weights-4", "e",
    )  # fmt: skip
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    for expected in (
        "net → ", "ranges by mse; layers equalised; biases corrected; 16 bits: c; 4-bit weights: e",
        "with 24 samples", "1 tensor in 16 bits, 1 layer with weights of 4 or 2 bits", "dB", "of the calibration",
    ):  # fmt: skip
        assert expected in words
    assert DType.INT16 in {tensor.dtype for tensor in load(out).tensors.values()}
    assert leftovers(tmp_path) == {"small.tflite"}


def test_onnx_is_written_too(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    said = cli("quantize", model, "-c", data, "-o", tmp_path / "s.onnx", "--equalize")
    assert said.code == 0, said.err
    assert {t.dtype for t in load(tmp_path / "s.onnx").tensors.values()} >= {DType.INT8}
    assert cli("diagnose", model, "-d", data, "--fix", "sqnr>=5", "-o", tmp_path / "f.onnx").code == 0
    assert leftovers(tmp_path) == {"s.onnx", "f.onnx"}


def test_json(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, x=random(12, 8, 8, 3), labels=np.arange(12) % 5)
    said = cli("quantize", model, "-c", data, "--data", other, "-o", tmp_path / "s.tflite", "--json")
    found = json.loads(said.out)
    assert found["calibration_samples"] == 24
    assert found["quality"]["float_accuracy"] is not None
    assert not found["measured_on_calibration"]
    assert found["file_bytes"] == (tmp_path / "s.tflite").stat().st_size


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (["--calibrator", "best"], 2, "one of min-max"),
        (["--int16", "nothing"], 2, "the model has"),
        (["--weights-4", "nothing"], 2, "the model has"),
        (["--seed", "-1"], 2, "seed"),
    ],
)
def test_mistakes(
    cli: Cli, model: Path, data: Path, tmp_path: Path, options: list[str], code: int, expected: str
) -> None:
    said = cli("quantize", model, "-c", data, "-o", tmp_path / "s.tflite", *options)
    assert said.code == code
    assert expected in said.err
    assert leftovers(tmp_path) == set()


def test_wrong_files(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.tflite"
    assert cli("quantize", model, "-c", tmp_path / "none.npz", "-o", out).code == 2
    assert cli("quantize", tmp_path / "none.tflite", "-c", data, "-o", out).code == 3
    assert "is the model itself" in cli("quantize", model, "-c", data, "-o", model).err
    assert "ends in .tflite or .onnx" in cli("quantize", model, "-c", data, "-o", tmp_path / "s.txt").err
    cli("quantize", model, "-c", data, "-o", out)
    assert "quantised already" in cli("quantize", out, "-c", data, "-o", tmp_path / "t.tflite").err


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers(cli: Cli, model: Path, tmp_path: Path, bad: float) -> None:
    x = random(4, 8, 8, 3)
    x[2, 0, 0, 0] = bad
    np.save(tmp_path / "bad.npy", x)
    said = cli("quantize", model, "-c", tmp_path / "bad.npy", "-o", tmp_path / "s.tflite")
    assert said.code == 2
    assert "sample 2 of input 'x' is infinite or not a number" in said.err
    assert not (tmp_path / "s.tflite").exists()


@pytest.mark.parametrize("scale", ["nan", "inf", "0", "-1"])
def test_a_scale_that_is_none(cli: Cli, model: Path, tmp_path: Path, scale: str) -> None:
    np.save(tmp_path / "ints.npy", np.zeros((4, 8, 8, 3), np.uint8))
    said = cli(
        "quantize", model, "-c", tmp_path / "ints.npy", "-o", tmp_path / "s.tflite", "--data-scale", scale
    )
    assert said.code == 2
    assert "a number above 0 was wanted" in said.err
    assert not (tmp_path / "s.tflite").exists()


def test_weights_alone(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "w.tflite"
    said = cli("quantize", model, "--weight-only", "-o", out, "--data", data, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["calibration_samples"] == 0
    assert found["quality"]["sqnr_db"] > 30
    assert found["integer_bytes"] < 0.5 * found["float_bytes"]
    assert {t.dtype for t in load(out).tensors.values() if not t.is_constant} == {DType.FLOAT32}
    assert "not (give --data)" in cli("quantize", model, "--weight-only", "-o", tmp_path / "w.onnx").out
    assert "--calib, or --weight-only" in cli("quantize", model, "-o", tmp_path / "x.tflite").err
    wrong = cli("quantize", model, "--weight-only", "-o", tmp_path / "x.tflite", "--equalize")
    assert wrong.code == 2
    assert leftovers(tmp_path) == {"w.tflite", "w.onnx"}


def test_labels_that_are_no_classes(cli: Cli, model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", x=random(12, 8, 8, 3), labels=np.arange(12))
    said = cli("diagnose", model, "--data", tmp_path / "bad.npz")
    assert said.code == 2
    assert "labels from 0 to 11; the model's first output has 5 classes" in said.err


def test_ctrl_c_leaves_the_old_file(
    cli: Cli, model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import netsuke.quantization as story

    def interrupted(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "s.tflite"
    out.write_bytes(b"old")
    monkeypatch.setattr(story, "quantize_by", interrupted)
    assert cli("quantize", model, "-c", data, "-o", out).code == 130
    assert out.read_bytes() == b"old"
    assert leftovers(tmp_path) == {"s.tflite"}


def test_a_diagnosis(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    said = cli("diagnose", model, "--data", data, "--html", tmp_path / "page.html")
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    for expected in ("on 12 samples", "none of which was calibrated with", "channels", "in 16 bits"):
        assert expected in words
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<svg") == 2


def test_a_diagnosis_as_data_and_a_fix(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "fixed.tflite"
    said = cli("diagnose", model, "-d", data, "--fix", "sqnr>=5", "-o", out, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["fix"]["reached"]
    assert out.exists()
    missing = cli("diagnose", model, "-d", data, "--fix", "sqnr>=5")
    assert "--fix and --out" in missing.err
    wrong = cli("diagnose", model, "-d", data, "--fix", "speed>=5", "-o", out)
    assert wrong.code == 2


def test_from_python(model: Path, tmp_path: Path) -> None:
    x = random(12, 8, 8, 3)
    out = tmp_path / "s.tflite"
    result = quantize.post_training(model, x, out, recipe=quantize.Recipe(calibrator="percentile:99.9"))
    assert result.quality.sqnr_db > 15
    found = quantize.diagnose(conv_net(), x, calib=[(one[None],) for one in x])
    assert len(found.study.layers) == 7
    with pytest.raises(InputError):
        quantize.diagnose(model, x, fix="sqnr>=1")


def test_samples_that_were_calibrated_with_are_called_so(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    """The same file under another spelling too."""
    same = tmp_path / "." / ".." / tmp_path.name / data.name
    said = cli("quantize", model, "-c", data, "--data", same, "-o", tmp_path / "s.tflite", "--json")
    assert json.loads(said.out)["measured_on_calibration"]
    words = " ".join(cli("diagnose", model, "-c", data, "-d", same).out.split())
    assert "which were calibrated with too" in words


def test_a_page_of_somebody_else_is_not_replaced(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    """And said before anything slow."""
    thesis, page = tmp_path / "thesis.html", tmp_path / "page.html"
    thesis.write_text("years of work")
    for path in (thesis, tmp_path, tmp_path / "no" / "page.html"):
        said = cli("diagnose", tmp_path / "not read.tflite", "--data", data, "--html", path)
        assert said.code == InputError.exit_code
        assert str(path) in said.err
    assert thesis.read_text() == "years of work"
    for _ in range(2):
        assert cli("diagnose", model, "-d", data, "--html", page, "-q").code == 0


def test_a_folder_that_cannot_be_written_is_said_before_the_work(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    for command in (["quantize", model, "-c", "not read.npz"], ["export", model]):
        said = cli(*command, "-o", tmp_path / "file" / "out.tflite")
        assert said.code == InputError.exit_code
        assert f"{tmp_path / 'file'} is no folder that can be written" in said.err


def test_a_zero_point_beyond_all_integers(cli: Cli, model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "ints.npy", np.zeros((4, 8, 8, 3), np.uint8))
    said = cli(
        "quantize", model, "-c", tmp_path / "ints.npy", "-o", tmp_path / "s.tflite", "--data-scale", "1",
        "--data-zero-point", "99999999999",
    )  # fmt: skip
    assert said.code == InputError.exit_code
    assert "99999999999; one of the stored integers was wanted" in said.err


def test_a_diagnosis_counts_samples_as_the_file_does(cli: Cli, model: Path, tmp_path: Path) -> None:
    """Although every other one of them is calibrated with."""
    x = random(12, 8, 8, 3)
    x[7, 0, 0, 0] = np.nan
    np.save(tmp_path / "bad.npy", x)
    assert "sample 7 of input 'x'" in cli("diagnose", model, "-d", tmp_path / "bad.npy").err
