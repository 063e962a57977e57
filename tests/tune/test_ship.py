"""Writing the files that come with netsuke: what is known is kept, what was done before an interruption too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from netsuke import demo
from netsuke.bench import layer_costs
from netsuke.bench.layer_costs import Shipment, demo_network, ship
from netsuke.bench.models import digits_model
from netsuke.boards import board
from netsuke.importers.loading import load
from netsuke.lower import lower
from netsuke.tune.keys import layer_key
from netsuke.tune.measure import Job
from netsuke.tune.solo import Form
from netsuke.tune.store import Costs
from netsuke.tune.table import bound
from tests.tune.samples import kernel_cost, layer_cost

BOARD = "nucleo-l4r5zi"
Progress = Callable[[str, float], None]


def run(folder: Path, *, write: bool = True) -> Shipment:
    (found,) = ship(digits_model(), [BOARD], lambda what, share: None, write=write, folder=folder)
    return found


def pretend(jobs: Sequence[Job], costs: Costs, progress: Progress) -> int:
    del progress
    for job in jobs:
        costs.add({job.key: kernel_cost(5) if job.form is Form.SHARED else layer_cost(5)})
    return len(jobs)


def test_only_what_is_missing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_costs, "measure", pretend)
    lacking = run(tmp_path, write=False)
    assert (lacking.kept, lacking.made) == (0, 0)
    assert not list(tmp_path.iterdir())
    first = run(tmp_path)
    assert (first.kept, first.made, first.missing) == (0, lacking.missing, 0)
    text = (tmp_path / "cortex-m4.jsonl").read_text()
    second = run(tmp_path)
    assert (second.kept, second.made, second.missing) == (first.made, 0, 0)
    assert (tmp_path / "cortex-m4.jsonl").read_text() == text


def test_an_interrupted_session_goes_on_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(jobs: Sequence[Job], costs: Costs, progress: Progress) -> int:
        pretend(jobs[:3], costs, progress)
        raise KeyboardInterrupt

    monkeypatch.setattr(layer_costs, "measure", stop)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    monkeypatch.setattr(layer_costs, "measure", pretend)
    assert run(tmp_path).kept == 3


def test_stale_and_damaged_lines_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_costs, "measure", pretend)
    run(tmp_path)
    file = tmp_path / "cortex-m4.jsonl"
    text = file.read_text()
    file.write_text(text + '["layer","000000000000",[1,2,3,4],[]]\nnonsense\n')
    run(tmp_path)
    assert file.read_text() == text


def test_the_demos_network_is_measured_as_the_demo_builds_it(tmp_path: Path) -> None:
    """Read back from a file its layers are asked for by the same keys."""
    pytest.importorskip("sklearn")
    (network,) = demo_network(tmp_path)
    built = demo.in_integers(load(demo.model_file()), demo.load_digits())
    keys = [
        {
            layer_key(step)
            for steps in bound(lower(graph).graph, board(BOARD).core.isa).values()
            for step in steps
        }
        for graph in (load(network.path), built)
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 20
