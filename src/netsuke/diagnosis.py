"""The whole story of a diagnosis, top to bottom: float model, samples → integers, layer by layer → what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netsuke.compress.actions import INT16, Action, Advice, free_actions
from netsuke.compress.files import Stored
from netsuke.compress.fix import Aim, fix
from netsuke.compress.recipe import Progress, Quantized, Recipe, silent
from netsuke.compress.samples import ArraySamples, Samples, gathered, measurable
from netsuke.compress.study import Metric, Study, wide_choices
from netsuke.compress.workshop import Workshop
from netsuke.errors import InputError
from netsuke.exporting import COMPARED, check_output
from netsuke.inspection import flash_constants
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import make_plan
from netsuke.quantization import (
    Data,
    float_graph,
    for_file,
    given_samples,
    same_source,
    steps_of,
    write_checked,
)
from netsuke.report.diagnosis import DiagnosisResult

MEASURED = 256
"""At most so many samples are measured on, spread over all."""
FEWEST = 8
"""Fewer samples than this are not split into some to calibrate and some to measure with."""
ADVISED = 6
"""16-bit layers, of most effect, whose cost is planned."""


def diagnose_model(
    model: Path | Graph,
    data: Data,
    *,
    calib: Data | None = None,
    recipe: Recipe | None = None,
    aim: Aim | None = None,
    out: Path | None = None,
    stored: Stored | None = None,
    progress: Progress = silent,
) -> DiagnosisResult:
    """Quantises a float model as the recipe says and tells where accuracy goes and what brings it back.

    Args:
        model: its file, or a float32 graph.
        data: samples to measure with; labels make effects accuracies.
        calib: samples to calibrate with; without them every other sample of the data is calibrated with, and the rest
            measured on.
        recipe: how it is quantised to begin with.
        aim: what `fix` is to reach; the model is then written to `out`.
        out: a .tflite or .onnx file; not written when the aim is missed.
        stored: what integers in sample files stand for.
        progress: called with the stage and its share done.

    Raises:
        NetsukeError: one of the errors of `netsuke.errors`.
    """
    if (aim is None) != (out is None):
        raise InputError("an aim and an output file go together: give --fix and --out, or neither")
    if out is not None:
        check_output(out, model if isinstance(model, Path) else None)
    graph, first = float_graph(model, out), recipe or Recipe()
    first = first if out is None else for_file(first, out)
    calibration, scored, held_out = parts(graph, data, calib, stored)
    if aim is not None and aim.metric == "accuracy" and scored.labels is None:
        raise InputError("got no labels; accuracy needs an array 'labels' in the data, or aim at sqnr")
    workshop = Workshop(graph, calibration, scored)
    progress("calibrate", 0.1)
    done = workshop.quantized(first)
    study = workshop.study(first, lambda share: progress("layers", share))
    metric = told_in(study)
    ram, flash = cost(done)
    fixed = None if aim is None else fix(workshop, first, aim, cost, progress)
    written = None
    if fixed is not None and out is not None and fixed.reached:
        write_checked(workshop.quantized(fixed.recipe).graph, out, gathered(scored, COMPARED))
        written = out
    return DiagnosisResult(
        model=graph.name,
        steps=steps_of(first),
        study=study,
        measured=workshop.measured(first),
        metric=metric,
        advice=ranked(workshop, first, study, metric, progress),
        ram_bytes=ram,
        flash_bytes=flash,
        calibration_samples=len(calibration),
        held_out=held_out,
        fix=fixed,
        out=written,
    )


def parts(
    graph: Graph, data: Data, calib: Data | None, stored: Stored | None
) -> tuple[Samples, ArraySamples, bool]:
    """Samples to calibrate with, samples to measure on, and whether these are others."""
    if calib is not None:
        return (
            given_samples(graph, calib, stored),
            gathered(given_samples(graph, data, stored), MEASURED),
            not same_source(data, calib),
        )
    whole = measurable(graph, gathered(given_samples(graph, data, stored), 2 * MEASURED))
    if len(whole) < FEWEST:
        return whole, whole, False
    return whole.part(slice(0, None, 2)), whole.part(slice(1, None, 2)), True


def told_in(study: Study) -> str:
    """What effects are told in: accuracy, where there are labels and rounding loses some of it; else decibels, which
    do not depend on a few samples near a border."""
    real, rounded = study.real.accuracy, study.rounded.accuracy
    return "accuracy" if real is not None and rounded is not None and real > rounded else "sqnr"


def ranked(
    workshop: Workshop, recipe: Recipe, study: Study, metric: str, progress: Progress
) -> tuple[Advice, ...]:
    """What helps, most effect first: actions on the whole model, and the layers of most effect in 16 bits."""
    actions = [(action, workshop.simulated(action.applied(recipe))) for action in free_actions(recipe)]
    wide = sorted(wide_choices(study), key=lambda pair: order(pair[1], metric), reverse=True)
    actions += [(Action(kind=INT16, subject=layer.name), one) for layer, one in wide[:ADVISED]]
    base = cost(workshop.quantized(recipe))
    found = []
    for number, (action, one) in enumerate(actions):
        progress("actions", number / len(actions))
        if order(one, metric) > order(study.rounded, metric):
            ram, flash = cost(workshop.quantized(action.applied(recipe)))
            found.append(
                Advice(action=action, metric=one, ram_bytes=ram - base[0], flash_bytes=flash - base[1])
            )
    return tuple(sorted(found, key=lambda a: (*order(a.metric, metric), -a.total_bytes), reverse=True))


def order(metric: Metric, name: str) -> tuple[float, float]:
    """Larger is better."""
    sqnr = metric.sqnr_db if np.isfinite(metric.sqnr_db) else 1e9
    return metric.value(name) if name == "accuracy" else sqnr, sqnr


def cost(done: Quantized) -> tuple[int, int]:
    """Bytes of the arena as planned, and of constants as the kernels read them."""
    program = bind(lower(done.graph).graph)
    return make_plan(program).arena_bytes, flash_constants(program)
