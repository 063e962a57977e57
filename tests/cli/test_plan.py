"""`netsuke plan` and `--ram`, down to the emulated core, on a model of four layers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import netsuke
from netsuke import pipeline, survey
from netsuke.cli.guard import INTERRUPTED
from netsuke.errors import CompileError, DoesNotFit, EmulationError, InputError, NotExact
from netsuke.report.schedules import Point
from netsuke.selection import budget_bytes
from tests.cli.conftest import Cli
from tests.cli.models import write_chain
from tests.cli.test_whole_build import refuse

BOARD = ("--board", "nucleo-l4r5zi")
BAD = ["0", "-5", "12 parsecs", "", "1e400", "0x10", "12.5", "nan", "9" * 400]


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    return write_chain(tmp_path)


@pytest.mark.parametrize("budget", BAD, ids=lambda text: text[:12])
@pytest.mark.parametrize("command", ["build", "plan"])
def test_a_bad_budget_is_one_message_before_the_model_is_read(
    cli: Cli, tmp_path: Path, command: str, budget: str
) -> None:
    extra = ["-o", tmp_path / "out"] if command == "build" else []
    said = cli(command, tmp_path / "missing.tflite", *BOARD, "--ram", budget, *extra)
    assert said.code == InputError.exit_code
    assert said.err.startswith("error: got ")
    assert "was wanted" in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("budget", [0, -1, True, 1.5, None.__class__, *BAD], ids=lambda x: str(x)[:12])
def test_bad_budgets_from_python(budget: object) -> None:
    with pytest.raises(InputError):
        pipeline.BuildOptions(ram=budget)  # type: ignore[arg-type]


def test_good_budgets() -> None:
    assert [budget_bytes(x) for x in (None, 5, "5", "16k", "min")] == [None, 5, 5, 16_384, 0]


def test_the_curve_of_estimates_and_the_fastest_that_fits(cli: Cli, chain: Path) -> None:
    found = json.loads(cli("plan", chain, *BOARD, "--no-measure", "--json").out)
    points = found["points"]
    sizes, cycles = [p["ram_bytes"] for p in points], [p["estimated_cycles"] for p in points]
    assert len(points) > 1
    assert sizes == sorted(sizes, reverse=True)
    assert cycles == sorted(cycles)
    assert found["chosen"] is None
    assert found["measured"] is False
    assert points[0]["streams"] == []
    assert points[-1]["streams"][0]["line_bytes"] <= points[-1]["line_bytes"]
    for budget in (sizes[0], sizes[0] - 1, sizes[-1]):
        marked = json.loads(cli("plan", chain, *BOARD, "--no-measure", "--json", "--ram", budget).out)
        assert marked["chosen"] == next(i for i, size in enumerate(sizes) if size <= budget)


def test_the_measured_curve_and_its_page(cli: Cli, chain: Path, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    said = cli("plan", chain, *BOARD, "--json", "--ram", "min", "--html", page)
    assert said.code == 0, said.err
    found = json.loads(said.out)
    points = found["points"]
    assert found["exact"] is True
    assert found["chosen"] == len(points) - 1
    cycles = [p["cycles"] for p in points]
    assert cycles == sorted(cycles)
    assert all(p["exact"] and p["flash_bytes"] and p["stack_bytes"] and p["instructions"] for p in points)
    written = page.read_text()
    assert f"{points[-1]['ram_bytes']:,} B" in written
    assert str(tmp_path) not in written
    build = json.loads(
        cli("build", chain, *BOARD, "-o", tmp_path / "out", "--ram", points[-1]["ram_bytes"], "--json").out
    )
    assert build["arena_bytes"] + build["state_bytes"] == points[-1]["ram_bytes"]
    assert build["cycles"] == points[-1]["cycles"], "a point of the curve is what a build gives"


def test_a_build_within_a_budget(cli: Cli, chain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = cli("build", chain, *BOARD, "-o", out, "--ram", "min", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["exact"] is True
    assert found["schedules"]["budget"] == "min"
    chosen = found["schedules"]["points"][found["schedules"]["chosen"]]
    assert found["arena_bytes"] + found["state_bytes"] == chosen["ram_bytes"]
    heading, *rest = found["layers"]
    assert heading["op"] in ("stream", "patches")
    assert heading["stream"]["layers"] == [one["name"] for one in rest]
    assert {one["inside"] for one in rest} == {0}
    assert found["buffers"][0]["last_step"] <= len(found["layers"])
    assert sum(one["macs"] for one in found["layers"]) == found["macs"]
    assert "RAM against cycles" in (out / "report.html").read_text()


def test_an_impossible_budget_names_the_wall(cli: Cli, chain: Path, tmp_path: Path) -> None:
    said = cli("build", chain, *BOARD, "-o", tmp_path / "out", "--ram", "100")
    assert said.code == DoesNotFit.exit_code
    assert "got a budget of 100 bytes of RAM; the smallest schedule of 'chain' needs" in said.err
    assert "The wall is" in said.err
    assert not (tmp_path / "out").exists()
    shown = cli("plan", chain, *BOARD, "--no-measure", "--ram", "100")
    assert shown.code == DoesNotFit.exit_code
    assert "nothing fits --ram 100: the smallest needs" in shown.out
    assert " wall " in shown.out


def test_a_schedule_that_does_not_fit_the_board_is_left_out(
    cli: Cli, chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [
        p["ram_bytes"] for p in json.loads(cli("plan", chain, *BOARD, "--no-measure", "--json").out)["points"]
    ]
    real = survey.Runner.run

    def run(self: survey.Runner, schedule: object, planned: Point) -> tuple[Point, str]:
        if planned.ram_bytes == sizes[0]:
            raise DoesNotFit("RAM is short by 7 bytes")
        return real(self, schedule, planned)  # type: ignore[arg-type]

    monkeypatch.setattr(survey.Runner, "run", run)
    found = json.loads(cli("plan", chain, *BOARD, "--json").out)
    assert sizes[0] not in [p["ram_bytes"] for p in found["points"]]
    assert "RAM is short by 7 bytes" in [p["problem"] for p in found["dropped"]]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), INTERRUPTED),
        (CompileError("made up"), CompileError.exit_code),
        (EmulationError("made up"), EmulationError.exit_code),
    ],
)
def test_a_survey_that_stops_leaves_nothing(
    cli: Cli, chain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(survey, "prove", refuse(error))
    said = cli("plan", chain, *BOARD, "--html", tmp_path / "plan.html")
    assert said.code == code
    assert said.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"chain.tflite"}


def test_a_schedule_that_is_not_exact_fails(cli: Cli, chain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from netsuke.prove import verdict

    monkeypatch.setattr(verdict, "broken_contract", lambda case, run: "layer 3 differs")
    said = cli("plan", chain, *BOARD)
    assert said.code == NotExact.exit_code
    assert "NOT exact: layer 3 differs" in said.out


def test_a_file_of_somebody_else_is_not_replaced(cli: Cli, chain: Path, tmp_path: Path) -> None:
    thesis, page = tmp_path / "thesis.html", tmp_path / "plan.html"
    thesis.write_text("years of work")
    plan = ("plan", chain, *BOARD, "--no-measure", "--html")
    for path in (thesis, chain, tmp_path, tmp_path / "no" / "plan.html"):
        said = cli(*plan, path)
        assert said.code == InputError.exit_code
        assert str(path) in said.err
    assert thesis.read_text() == "years of work"
    assert cli(*plan, page).code == cli(*plan, page).code == 0, "a page that netsuke wrote is replaced"


def test_the_python_api_takes_a_budget(chain: Path, tmp_path: Path) -> None:
    result = netsuke.load(chain).build(board="nucleo-l4r5zi", out=tmp_path / "out", ram="min")
    assert result.exact
    assert result.schedules is not None
    assert result.arena_bytes + result.state_bytes == result.schedules.points[-1].ram_bytes
