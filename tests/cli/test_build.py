"""`netsuke build`: what reaches the pipeline, what is printed, the exit code; the pipeline is a stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netsuke
from netsuke import pipeline
from netsuke.errors import InputError, NotExact
from netsuke.prove import Target
from netsuke.report import BuildResult
from tests.cli.conftest import Cli
from tests.report.samples import small


class FakePipeline:
    """Stands in for `pipeline.build`: keeps what it was called with, gives `result`."""

    def __init__(self) -> None:
        self.result = small()
        self.calls: list[dict[str, Any]] = []

    def __call__(
        self,
        model: Path,
        *,
        options: pipeline.BuildOptions,
        progress: Callable[[str, float], None],
        **kept: Any,
    ) -> BuildResult:
        progress("compile", 0.5)
        self.calls.append({"model": model, "options": options, **kept})
        return self.result


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    made = FakePipeline()
    monkeypatch.setattr(pipeline, "build", made)
    return made


def test_the_defaults(cli: Cli, pools: Path, fake: FakePipeline) -> None:
    said = cli("build", pools, "--board", "nucleo-l4r5zi", "-o", "out")
    assert said.code == 0
    assert fake.calls == [
        {
            "model": pools,
            "board": "nucleo-l4r5zi",
            "out": Path("out"),
            "options": pipeline.BuildOptions(compare=True),
        }
    ]
    assert "exact: 20 inputs, byte for byte the same" in said.out
    assert said.err == ""


def test_every_option_reaches_the_pipeline(cli: Cli, pools: Path, fake: FakePipeline) -> None:
    words = (
        "-b x -o out --runs 7 --seed 5 --optimize size --compiler gcc --on qemu --on host --on qemu "
        "--name mine --force --measure --no-compare --flash 256k"
    )
    assert cli("build", pools, *words.split()).code == 0
    assert fake.calls[0]["options"] == pipeline.BuildOptions(
        name="mine",
        optimize="size",
        compiler="gcc",
        targets=(Target.QEMU, Target.HOST),
        runs=7,
        seed=5,
        replace=True,
        measure=True,
        flash="256k",
    )


def test_json_and_quiet(cli: Cli, pools: Path, fake: FakePipeline) -> None:
    assert json.loads(cli("build", pools, "-b", "x", "-o", "y", "--json").out)["model"] == "tiny"
    quiet = cli("build", pools, "-b", "x", "-o", "y", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_a_result_that_is_not_exact_is_shown_and_fails(cli: Cli, pools: Path, fake: FakePipeline) -> None:
    fake.result = replace(small(), exact=False, first_difference="layer 3 conv differs")
    said = cli("build", pools, "-b", "x", "-o", "y")
    assert said.code == NotExact.exit_code
    assert "NOT exact: layer 3 conv differs" in said.out


def test_given_inputs_reach_the_pipeline(cli: Cli, pools: Path, tmp_path: Path, fake: FakePipeline) -> None:
    images = np.arange(3 * 256, dtype=np.int16).astype(np.int8).reshape(3, 8, 8, 4)
    np.savez(tmp_path / "x.npz", image=images)
    assert cli("build", pools, "-b", "x", "-o", "y", "--inputs", tmp_path / "x.npz", "--runs", "0").code == 0
    got = fake.calls[0]["options"].inputs
    assert [len(one) for one in got] == [1, 1, 1]
    for (value,), image in zip(got, images, strict=True):
        assert value.shape == (1, 8, 8, 4)
        np.testing.assert_array_equal(value[0], image)


@pytest.mark.parametrize("shape", [(1, 8, 8, 4), (5, 8, 8, 4), (5, 1, 8, 8, 4)])
def test_one_array_of_any_name_is_enough_for_one_input(
    cli: Cli, pools: Path, tmp_path: Path, fake: FakePipeline, shape: tuple[int, ...]
) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape, np.int8))
    assert cli("build", pools, "-b", "x", "-o", "y", "--inputs", tmp_path / "x.npy").code == 0
    assert len(fake.calls[0]["options"].inputs) == shape[0]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        (
            {"image": np.zeros((8, 8, 4), np.uint8)},
            "got uint8 for 'image' (int8 [1, 8, 8, 4]); convert it to int8",
        ),
        (
            {"image": np.zeros((1, 8, 8, 4), np.float32)},
            "quantise it first: round(x / 0.5) + -3, clipped to int8",
        ),
        ({"image": np.zeros((2, 8, 8, 3), np.int8)}, "[N, 8, 8, 4] was wanted"),
        (
            {"image": np.zeros((0, 8, 8, 4), np.int8)},
            "holds arrays of no values; at least one input to compare was wanted",
        ),
        ({"image": np.int8(3)}, "got shape [] for 'image'"),
        ({"a": np.zeros(1), "b": np.zeros(1)}, "holds a, b; the model takes image"),
    ],
)
def test_wrong_inputs(
    cli: Cli, pools: Path, tmp_path: Path, fake: FakePipeline, arrays: dict[str, Any], expected: str
) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    said = cli("build", pools, "-b", "x", "-o", "y", "--inputs", tmp_path / "x.npz")
    assert said.code == InputError.exit_code
    assert expected in said.err
    assert fake.calls == []


@pytest.mark.parametrize("contents", [None, b"", b"PK\x03\x04broken", b"text", b"\x80\x04N."], ids=repr)
def test_a_file_that_holds_no_arrays(
    cli: Cli, pools: Path, tmp_path: Path, fake: FakePipeline, contents: bytes | None
) -> None:
    path = tmp_path / "x.npz"
    if contents is not None:
        path.write_bytes(contents)
    said = cli("build", pools, "-b", "x", "-o", "y", "--inputs", path)
    assert said.code == InputError.exit_code
    assert "x.npz" in said.err


def test_arrays_of_objects_are_not_unpickled(
    cli: Cli, pools: Path, tmp_path: Path, fake: FakePipeline
) -> None:
    np.savez(tmp_path / "x.npz", image=np.array([{"a": 1}], dtype=object))
    said = cli("build", pools, "-b", "x", "-o", "y", "--inputs", tmp_path / "x.npz")
    assert said.code == InputError.exit_code
    assert "plain numbers" in said.err


def test_the_python_api_calls_the_same_pipeline(pools: Path, fake: FakePipeline) -> None:
    options = netsuke.BuildOptions(runs=5)
    assert netsuke.load(pools).build(board="nucleo-l4r5zi", out="out", options=options) == small()
    assert fake.calls == [{"model": pools, "board": "nucleo-l4r5zi", "out": Path("out"), "options": options}]
