"""Measuring: batch by batch, kept as it comes, and none the worse for a layer that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from netsuke.errors import CompileError
from netsuke.ir import Graph
from netsuke.ops.program import Step
from netsuke.tune import measure as measuring
from netsuke.tune.costs import LayerCost
from netsuke.tune.measure import Job, batches, jobs_for, measure, measure_jobs
from netsuke.tune.solo import Form, Solo, solo, solo_text
from netsuke.tune.toolchain import Toolchain
from tests.tune.samples import layer_cost, network, steps, store, toolchain


def all_steps() -> list[tuple[Graph, Step]]:
    return [(network(), step) for some in steps().values() for step in some]


def pretend(solos: Sequence[Solo], chain: Toolchain) -> list[LayerCost]:
    del chain
    return [layer_cost(100 + number) for number, _ in enumerate(solos)]


def test_each_layer_and_each_kernel_once(tmp_path: Path) -> None:
    jobs = jobs_for([*all_steps(), *all_steps()], store(tmp_path / "costs"))
    assert len({job.key for job in jobs}) == len(jobs)
    kernels = {step.kernel.name for _, step in all_steps() if not step.view}
    assert sum(job.form is Form.SHARED for job in jobs) == len(kernels)
    assert sorted(job.key for batch in batches(jobs) for job in batch) == sorted(job.key for job in jobs)


def test_interrupted_it_keeps_what_was_done_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MOST_LAYERS", 4)
    monkeypatch.setattr(measuring, "WORKERS", 1)
    monkeypatch.setattr(measuring, "measure_batch", pretend)
    costs = store(tmp_path / "costs")
    jobs = jobs_for(all_steps(), costs)

    def stop(what: str, share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(jobs, costs, stop)
    again = store(tmp_path / "costs")
    left = jobs_for(all_steps(), again)
    assert 0 < len(left) < len(jobs)
    assert measure(left, again, lambda what, share: None) == len(left)
    assert jobs_for(all_steps(), store(tmp_path / "costs")) == []


def test_a_layer_that_fails_does_not_take_the_others_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_for(all_steps(), store(tmp_path / "costs"))
    bad = jobs[2].step

    def refuse(solos: Sequence[Solo], chain: Toolchain) -> list[LayerCost]:
        if any(one.step is bad for one in solos):
            raise CompileError("no")
        return pretend(solos, chain)

    monkeypatch.setattr(measuring, "measure_batch", refuse)
    found = measure_jobs(jobs, toolchain())
    assert set(found) == {job.key for job in jobs if job.step is not bad}


def test_a_layer_alone_is_one_file_with_names_of_its_own() -> None:
    graph, step = next((g, s) for g, s in all_steps() if s.node.op == "conv_2d")
    text = solo_text(solo(graph, step, Form.EXPANDED, "k7"))
    assert "k7NK_EXPANDED" in text
    assert " nk_" not in text
    assert '#include "' not in text
    assert "noinline))\n" in solo_text(solo(graph, step, Form.SHARED, "k7"))


def test_counts_do_not_hang_on_the_company(tmp_path: Path) -> None:
    """For real: a layer measured alone and among others. Cycles may differ a little: a block that reaches over the
    end of a page of memory is counted as two, and a load after a load is cheaper within a block."""
    jobs = [job for job in jobs_for(all_steps(), store(tmp_path / "costs")) if job.form is Form.EXPANDED][:3]
    together = measure_jobs(jobs, toolchain())
    last: Job = jobs[-1]
    alone = measure_jobs([last], toolchain())[last.key]
    beside = together[last.key]
    assert isinstance(alone, LayerCost)
    assert isinstance(beside, LayerCost)
    assert (alone.instructions, alone.code, alone.args) == (beside.instructions, beside.code, beside.args)
    assert alone.cycles == pytest.approx(beside.cycles, rel=0.01, abs=16)
