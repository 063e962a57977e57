"""Puts together what a build found out: graph, plan, image and verdict become a BuildResult."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.codegen import Project
from netsuke.emulate import RunResult
from netsuke.ir import Graph
from netsuke.lower import Lowered
from netsuke.ops.program import Step
from netsuke.plan import Buffer, Plan
from netsuke.prove import Case, Verdict
from netsuke.report.assemble_regions import available, layer_waits, regions_of
from netsuke.report.goals import GivenUp
from netsuke.report.points import stream_result
from netsuke.report.ports import port
from netsuke.report.result import BufferKind, BufferResult, BuildResult, LayerResult, PassResult
from netsuke.report.schedules import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the stages of a build handed over."""

    graph: Graph
    sha256: str
    lowered: Lowered
    case: Case
    verdict: Verdict
    optimize: str
    schedules: Survey | None = None
    """What a budget of RAM was held against."""
    given_up: GivenUp | None = None
    """What was given up for a smaller image."""


def assemble(found: Findings, out: Path) -> BuildResult:
    """The result of a build whose folder will be `out`."""
    case, run = found.case, found.verdict.measured
    plan, board, image = case.project.plan, case.board, case.image
    weights = weight_bytes(case)
    harness = image.objects.get("nk_input", 0)
    static = image.ram_bytes - harness - plan.arena_bytes - plan.state_bytes
    ram_available, flash_available = available(case)
    return BuildResult(
        model=found.graph.name,
        model_sha256=found.sha256,
        board=board.name,
        board_title=board.title,
        core=board.core.name,
        clock_hz=board.clock_hz,
        exact=found.verdict.exact,
        inputs_compared=found.verdict.compared,
        ran_on=found.verdict.ran_on,
        first_difference=found.verdict.difference,
        tolerances=(),
        arena_bytes=plan.arena_bytes,
        arena_lower_bound=plan.lower_bound,
        naive_peak_bytes=plan.naive_peak,
        state_bytes=plan.state_bytes,
        static_bytes=static,
        stack_bytes=None if run is None else run.stack_bytes,
        ram_available=ram_available,
        flash_code_bytes=image.flash_bytes - weights,
        flash_weights_bytes=weights,
        flash_available=flash_available,
        macs=plan.program.macs,
        instructions=None if run is None else run.instructions,
        cycles=None if run is None else run.cycles,
        milliseconds=None if run is None else run.cycles / board.clock_hz * 1e3,
        energy_microjoules=None
        if run is None or board.power is None
        else board.power.microjoules(run.cycles),
        energy_source="" if board.power is None else board.power.source,
        timing_source=board.core.timing_table().source,
        compiler=image.compiler,
        optimize=found.optimize,
        inputs=tuple(port(t) for t in case.project.api.inputs),
        outputs=tuple(port(t) for t in case.project.api.outputs),
        layers=layers(case, run),
        buffers=tuple(buffer(plan, b, rows_of(plan)) for b in plan.buffers),
        passes=tuple(PassResult(name=c.name, lines=c.lines) for c in found.lowered.changes),
        project=out,
        schedules=found.schedules,
        given_up=found.given_up,
        arenas=plan.arenas,
        regions=regions_of(case, run),
        raw_outputs=() if run is None else tuple(tuple(given) for given in run.outputs),
    )


def weight_bytes(case: Case) -> int:
    """Constants of the model in flash."""
    return constant_bytes(case.project)


def constant_bytes(project: Project) -> int:
    """Constants of a project's model in flash: weights, biases, multipliers, tables, initial states."""
    graph = project.plan.program.graph
    own = sum(x.weight_bytes for layer in project.layers for x in layer.every)
    direct = sum(graph.tensors[name].nbytes for name in project.direct_constants)
    states = sum(s.initial.nbytes for s in graph.states if s.initial.tobytes().strip(b"\0"))
    return own + direct + states


def layers(case: Case, run: RunResult | None) -> tuple[LayerResult, ...]:
    """Every step with its counts; behind a stream its own layers."""
    graph = case.project.plan.program.graph
    counts = {} if run is None else {count.name: count for count in run.layers}
    waits = layer_waits(run)
    found: list[LayerResult] = []
    for step, layer in zip(case.project.plan.steps, case.project.layers, strict=True):
        heading = len(found)
        for shown, written in zip(shown_steps(step), layer.every, strict=True):
            count = counts.get(shown.node.name)
            found.append(
                LayerResult(
                    index=len(found),
                    name=shown.node.name,
                    op=shown.node.op,
                    kernel=shown.kernel.name,
                    output_shape=graph.tensors[shown.node.outputs[0]].shape if shown.node.outputs else (),
                    macs=shown.macs,
                    weight_bytes=written.weight_bytes,
                    scratch_bytes=shown.scratch_bytes,
                    instructions=None if count is None else count.instructions,
                    cycles=None if count is None else count.cycles,
                    wait_cycles=waits.get(shown.node.name),
                    stream=stream_result(shown),
                    inside=heading if len(found) > heading else None,
                )
            )
    return tuple(found)


def shown_steps(step: Step) -> tuple[Step, ...]:
    """The step; a stream or patches without their work, which their layers, shown behind them, do."""
    if step.fused is None:
        return (step,)
    return (replace(step, macs=0), *step.inner)


def rows_of(plan: Plan) -> list[tuple[int, int]]:
    """The first and the last row of each step in the list of layers; of what is behind the last step, too."""
    found, at = [], 0
    for step in plan.steps:
        count = len(shown_steps(step))
        found.append((at, at + count - 1))
        at += count
    return [*found, (at, at)]


def buffer(plan: Plan, held: Buffer, rows: Sequence[tuple[int, int]]) -> BufferResult:
    """A stretch of the arena for the picture; `rows` of each step."""
    graph = plan.program.graph
    kind = BufferKind.ACTIVATION
    if not held.tensors:
        kind = BufferKind.SCRATCH
    elif set(held.tensors) & set(graph.inputs):
        kind = BufferKind.INPUT
    elif set(held.tensors) & set(graph.outputs):
        kind = BufferKind.OUTPUT
    return BufferResult(
        name=held.label,
        tensors=held.tensors,
        offset=held.offset,
        arena=held.arena,
        nbytes=held.nbytes,
        first_step=-1 if held.first < 0 else rows[held.first][0],
        last_step=-1 if held.last < 0 else rows[held.last][1],
        kind=kind,
    )
