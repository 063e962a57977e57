"""The measurements that come with netsuke are those of the kernels that come with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.bench.layer_costs import ship
from netsuke.bench.models import digits_model
from netsuke.boards import board
from netsuke.importers.loading import load
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import Step
from netsuke.tune import Tuner
from netsuke.tune.costs import KernelCost, LayerCost
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.measure import Job, measure_jobs
from netsuke.tune.solo import Form
from netsuke.tune.store import Costs
from netsuke.tune.toolchain import Toolchain
from tests.models.places import mlperf

CORE = board("nucleo-l4r5zi").core
STALE = "run `netsuke bench layers --update` (make layer-costs): kernels or compiler changed"


def shipped_costs(flag: str) -> Costs:
    return Costs(Toolchain.find(CORE, "zig", flag), file=Path("none"))


@pytest.mark.parametrize("name", ["nucleo-l4r5zi", "nucleo-g0b1re", "esp32-c3"])
def test_every_layer_of_the_digits_model_is_there(name: str) -> None:
    (found,) = ship(digits_model(), [name], lambda what, share: None, write=False)
    assert found.missing == 0, STALE


def sample(costs: Costs, graph: Graph, steps: list[Step]) -> list[Job]:
    """Three layers and a kernel, spread over the model."""
    known = [step for step in steps if not step.view and costs.layer(step) is not None]
    assert known, STALE
    jobs = [
        Job(key=layer_key(step), graph=graph, step=step, form=Form.EXPANDED)
        for step in (known[0], known[len(known) // 2], known[-1])
    ]
    first = known[0]
    return [*jobs, Job(key=kernel_key(first.kernel), graph=graph, step=first, form=Form.SHARED)]


@pytest.mark.parametrize("flag", ["-O2", "-Os"])
@pytest.mark.parametrize("model", ["digits", "str_ww_ref_model"])
def test_a_fresh_measurement_of_a_sample_gives_the_same(model: str, flag: str) -> None:
    path = digits_model()[0].path if model == "digits" else mlperf(model)
    graph = lower(load(path)).graph
    costs = shipped_costs(flag)
    tuner = Tuner(graph, CORE, "zig", file=Path("none"))
    steps = [step for _, step in tuner.table("speed").steps(2)]
    jobs = sample(costs, graph, steps)
    fresh = measure_jobs(jobs, costs.toolchain)
    for job in jobs:
        held = costs.known[costs.toolchain.key, job.key]
        now = fresh[job.key]
        if isinstance(held, LayerCost) and isinstance(now, LayerCost):
            assert (held.code, held.args, held.helpers) == (now.code, now.args, now.helpers)
            assert now.instructions == pytest.approx(held.instructions, rel=0.01, abs=16), STALE
            assert now.cycles == pytest.approx(held.cycles, rel=0.01, abs=16), STALE
        else:
            assert isinstance(held, KernelCost)
            assert isinstance(now, KernelCost)
            assert (held.code, held.helpers) == (now.code, now.helpers)


def test_a_normal_build_of_a_known_model_measures_nothing() -> None:
    tuner = Tuner(lower(load(digits_model()[0].path)).graph, CORE, "zig", file=Path("none"))
    for goal in ("speed", "size", "ram"):
        assert tuner.table(goal).unknown == 0, STALE
        assert tuner.measure(goal, lambda what, share: None) == 0, STALE
