"""`netsuke export`, as a user types it, and `Model.export`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import netsuke
from netsuke.errors import ImportModelError, InputError, UnsupportedModel
from netsuke.exporters import write_tflite
from netsuke.importers.loading import load
from tests.cli.conftest import Cli
from tests.compress.test_quantize import conv_net
from tests.models.places import wake_word


def files(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


@pytest.mark.parametrize("ending", [".tflite", ".onnx"])
def test_a_file_is_written_and_told(cli: Cli, pools: Path, tmp_path: Path, ending: str) -> None:
    before = files(tmp_path)
    out = tmp_path / f"copy{ending}"
    said = cli("export", pools, "-o", out)
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    assert f"→ {out}" in words.replace(" ", " ")
    assert "read back, it gives the same bytes on 4 inputs" in words
    assert files(tmp_path) - before == {out.name}
    assert [n.op for n in load(out).nodes] == [n.op for n in load(pools).nodes]


def test_as_data_with_inputs_of_ones_own(cli: Cli, pools: Path, tmp_path: Path) -> None:
    kind = load(pools).tensors[load(pools).inputs[0]]
    np.save(tmp_path / "x.npy", np.zeros((3, *kind.shape[1:]), kind.dtype.numpy))
    said = cli("export", pools, "-o", tmp_path / "c.onnx", "--inputs", tmp_path / "x.npy", "--json")
    found = json.loads(said.out)
    assert found["compared_inputs"] == 3
    assert found["file_bytes"] == (tmp_path / "c.onnx").stat().st_size
    assert cli("export", pools, "-o", tmp_path / "c.onnx", "-q").out == ""


@pytest.mark.parametrize(
    ("out", "words"),
    [("copy.txt", "ends in .tflite or .onnx"), ("copy", "ends in .tflite or .onnx")],
)
def test_another_ending(cli: Cli, pools: Path, tmp_path: Path, out: str, words: str) -> None:
    before = files(tmp_path)
    said = cli("export", pools, "-o", tmp_path / out)
    assert said.code == InputError.exit_code
    assert words in said.err
    assert files(tmp_path) == before


def test_the_model_itself_a_folder_and_a_missing_model(cli: Cli, pools: Path, tmp_path: Path) -> None:
    assert "is the model itself" in cli("export", pools, "-o", pools).err
    (tmp_path / "d.onnx").mkdir()
    assert cli("export", pools, "-o", tmp_path / "d.onnx").code == InputError.exit_code
    assert cli("export", tmp_path / "no.tflite", "-o", tmp_path / "c.onnx").code == ImportModelError.exit_code


def test_what_the_format_cannot_hold(cli: Cli, tmp_path: Path) -> None:
    said = cli("export", wake_word("okay_nabu"), "-o", tmp_path / "n.onnx")
    assert said.code == UnsupportedModel.exit_code
    assert "ONNX has no variables. Write .tflite" in said.err
    assert files(tmp_path) == set()
    assert cli("export", wake_word("okay_nabu"), "-o", tmp_path / "n.tflite").code == 0


def test_ctrl_c_leaves_the_old_file(
    cli: Cli, pools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import netsuke.exporting as story

    def interrupted(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "copy.onnx"
    out.write_bytes(b"old")
    monkeypatch.setattr(story, "run", interrupted)
    before = files(tmp_path)
    assert cli("export", pools, "-o", out).code == 130
    assert out.read_bytes() == b"old"
    assert files(tmp_path) == before


def test_from_python(pools: Path, tmp_path: Path) -> None:
    model = netsuke.load(pools)
    kind = model.graph.tensors[model.graph.inputs[0]]
    given = [np.ones(kind.shape, kind.dtype.numpy)]
    assert model.export(tmp_path / "c.onnx", samples=[given, given]).compared == 2
    assert model.export(tmp_path / "c.tflite").layers == len(model.graph.nodes)
    with pytest.raises(InputError, match="is the model itself"):
        model.export(pools)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_no_numbers(cli: Cli, tmp_path: Path, bad: float) -> None:
    """Bytes of results that are no numbers say nothing: two forms that differ may both give NaN."""
    model = tmp_path / "net.tflite"
    model.write_bytes(write_tflite(conv_net()))
    x = np.zeros((3, 8, 8, 3), np.float32)
    x[1, 0, 0, 0] = bad
    np.savez(tmp_path / "x.npz", x=x)
    for command in (
        ["export", model, "-o", tmp_path / "n.onnx"],
        ["build", model, "-b", "nucleo-l4r5zi", "-o", tmp_path / "o"],
    ):
        said = cli(*command, "--inputs", tmp_path / "x.npz")
        assert said.code == InputError.exit_code
        assert "value 1 of input 'x' is infinite or not a number" in said.err
    assert files(tmp_path) == {"net.tflite", "x.npz"}


def test_labels_beside_the_inputs_are_passed_over(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(write_tflite(conv_net()))
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 8, 8, 3), np.float32), labels=np.arange(3))
    said = cli("export", tmp_path / "net.tflite", "-o", tmp_path / "n.onnx", "--inputs", tmp_path / "x.npz")
    assert said.code == 0, said.err
