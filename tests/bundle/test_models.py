"""Real models in one image: two of MLPerf Tiny and two wake words with state, in every mode."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from netsuke.bundle import build_bundle
from netsuke.emulate import read_image
from netsuke.pipeline import BuildOptions, build
from netsuke.report.result import BuildResult
from tests.models.places import mlperf, wake_word

MODES: dict[str, dict[str, str]] = {
    "speed": {},
    "size": {"optimize": "size"},
    "ram": {"optimize": "ram"},
    "min": {"ram": "min"},
}
FOUR = ("kws_ref_model", "ad01_int8", "okay_nabu", "alexa")


def four() -> list[Path]:
    return [mlperf(FOUR[0]), mlperf(FOUR[1]), wake_word(FOUR[2]), wake_word(FOUR[3])]


@cache
def alone(path: Path, mode: str, folder: Path) -> BuildResult:
    options = BuildOptions(runs=1, **MODES[mode])  # type: ignore[arg-type]
    return build(path, board="nucleo-l4r5zi", out=folder / f"{path.stem}_{mode}", options=options)


@pytest.mark.parametrize("mode", MODES)
def test_four_models_in_every_mode(mode: str, tmp_path: Path) -> None:
    """Exact by themselves and in turn, and the arena is planned == linked == touched (the verdicts hold it)."""
    options = BuildOptions(runs=4, **MODES[mode])  # type: ignore[arg-type]
    result = build_bundle(four(), board="nucleo-l4r5zi", out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.turns_on == ("host", "emulated cortex-m4")
    assert [m.model for m in result.models] == list(FOUR)
    image = read_image(tmp_path / "out" / "build" / "models.elf")
    assert image.objects["nk_arena"] == result.arena_bytes == max(m.arena_bytes for m in result.models)
    states = [image.objects[f"nk_state_{name}"] for name in FOUR[2:]]
    assert states == [m.state_bytes for m in result.models[2:]]
    assert result.state_bytes == sum(states)
    names = Counter(f.name for f in image.functions if f.name.startswith("nk_"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("mode", ["speed", "size"])
def test_together_they_cost_less_than_apart(mode: str, tmp_path: Path) -> None:
    """The sum of the arenas becomes the largest one, kernels are in flash once; for speed, cycles stay."""
    models = [mlperf("kws_ref_model"), mlperf("str_ww_ref_model")]
    options = BuildOptions(runs=1, **MODES[mode])  # type: ignore[arg-type]
    both = build_bundle(models, board="nucleo-l4r5zi", out=tmp_path / "both", options=options)
    apart = [alone(path, mode, tmp_path) for path in models]
    assert both.arena_bytes == max(one.arena_bytes for one in apart)
    assert both.flash_code_bytes < sum(one.flash_code_bytes for one in apart)
    if mode == "speed":
        for one, other in zip(both.models, apart, strict=True):
            assert one.cycles is not None
            assert other.cycles is not None
            assert one.cycles <= 1.02 * other.cycles


def test_a_wake_words_state_survives_the_others_runs(tmp_path: Path) -> None:
    """Forty steps of two wake words in turn: the probabilities are those of each model by itself."""
    options = BuildOptions(runs=40)
    paths = [wake_word("okay_nabu"), wake_word("hey_jarvis")]
    result = build_bundle(paths, board="esp32-c3", out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.inputs_compared == 80
    assert result.turns_on == ("host", "emulated rv32imc")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from netsuke.cli.guard import run

    kws, nabu, out = str(mlperf("kws_ref_model")), str(wake_word("okay_nabu")), tmp_path / "out"
    words = ["build", kws, nabu, "-b", "nucleo-l4r5zi", "-o", str(out), "--name", "kws", "--name", "nabu"]
    assert run([*words, "--runs", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 models" in said
    assert "again with the models in turn" in said
    report = json.loads((out / "report.json").read_text())
    assert [m["model"] for m in report["models"]] == ["kws", "nabu"]
    assert report["arena_bytes"] == max(m["arena_bytes"] for m in report["models"])
    assert report["state_bytes"] == sum(m["state_bytes"] for m in report["models"]) > 0
    assert report["exact"] is True
    for page in ("report.html", "kws_report.html", "nabu_report.html"):
        assert str(tmp_path) not in (out / page).read_text()
    assert run([*words, "--inputs", "x.npz"]) == 2
    assert "--inputs goes with one model" in capsys.readouterr().err
    assert run(["build", kws, "-b", "nucleo-l4r5zi", "-o", str(out), "--name", "a", "--name", "b"]) == 2
    assert "got 2 names for one model" in capsys.readouterr().err
