"""Measures what is not known yet: batch by batch, each result kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from netsuke.errors import CompileError, DoesNotFit, EmulationError
from netsuke.ir import Graph
from netsuke.ops.kernel import Constant
from netsuke.ops.program import Step
from netsuke.tune.batch import measure_batch
from netsuke.tune.costs import Cost, KernelCost, LayerCost
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.solo import Form, solo
from netsuke.tune.store import Costs
from netsuke.tune.toolchain import Toolchain

MOST_LAYERS = 16
"""Layers of one image."""
MOST_CONSTANTS = 400_000
"""Bytes of constants of one image: they go through the compiler as text."""
WORKERS = 2

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One measurement to make; `key` is what it is kept under."""

    key: str
    graph: Graph
    step: Step
    form: Form

    @property
    def weight(self) -> int:
        """Bytes of constants, as the kernel has them."""
        pointers = [pointer for call in self.step.calls for pointer in call.pointers]
        return sum(p.data.nbytes for p in pointers if isinstance(p, Constant))


def jobs_for(steps: Iterable[tuple[Graph, Step]], costs: Costs) -> list[Job]:
    """What is still to measure of the candidates: every layer, and every kernel as a function of its own; each once."""
    wanted: dict[str, Job] = {}
    for graph, step in steps:
        if step.view or not step.calls:
            continue
        if costs.layer(step) is None:
            key = layer_key(step)
            wanted.setdefault(key, Job(key=key, graph=graph, step=step, form=Form.EXPANDED))
        if len({call.kernel.name for call in step.calls}) == 1 and costs.kernel(step.kernel) is None:
            key = kernel_key(step.kernel)
            wanted.setdefault(key, Job(key=key, graph=graph, step=step, form=Form.SHARED))
    return list(wanted.values())


def batches(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs in images of at most MOST_LAYERS and MOST_CONSTANTS."""
    found: list[list[Job]] = []
    room = 0
    for job in jobs:
        if not found or len(found[-1]) == MOST_LAYERS or job.weight > room:
            found.append([])
            room = MOST_CONSTANTS
        found[-1].append(job)
        room -= job.weight
    return found


def measure_jobs(jobs: Sequence[Job], toolchain: Toolchain) -> dict[str, Cost]:
    """The results by key. Where one layer spoils its image, the others are measured without it."""
    forms = [(job, form) for job in jobs for form in dict.fromkeys((job.form, Form.EXPANDED))]
    solos = [solo(job.graph, job.step, form, f"k{number}") for number, (job, form) in enumerate(forms)]
    try:
        costs = dict(
            zip(((job.key, form) for job, form in forms), measure_batch(solos, toolchain), strict=True)
        )
    except (CompileError, DoesNotFit, EmulationError):
        if len(jobs) == 1:
            return {}
        half = len(jobs) // 2
        return measure_jobs(jobs[:half], toolchain) | measure_jobs(jobs[half:], toolchain)
    return {job.key: result(job, costs) for job in jobs}


def result(job: Job, costs: Mapping[tuple[str, Form], LayerCost]) -> Cost:
    """What is kept of a job."""
    expanded = costs[job.key, Form.EXPANDED]
    if job.form is Form.EXPANDED:
        return expanded
    shared = costs[job.key, Form.SHARED]
    helpers = dict(shared.helpers)
    return KernelCost(
        code=helpers.pop(job.step.kernel.name, 0),
        glue=shared.code,
        cycles=shared.cycles,
        expanded=expanded.cycles,
        helpers=helpers,
    )


def measure(jobs: Sequence[Job], costs: Costs, progress: Progress) -> int:
    """Measures them all; the number of results. Interrupted, it has kept what was done, and goes on from there.

    A layer that cannot be measured here stays unknown.
    """
    done = found = 0
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        waiting = {pool.submit(measure_jobs, batch, costs.toolchain): batch for batch in batches(jobs)}
        try:
            for future in as_completed(waiting):
                results = future.result()
                costs.add(results)
                done += len(waiting[future])
                found += len(results)
                progress(f"measure layers ({done} of {len(jobs)})", done / len(jobs))
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
    return found
