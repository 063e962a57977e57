"""Post-training quantisation of the MLPerf Tiny float models, beside the reference int8 files on the same inputs.

Nothing that is scored is calibrated with: the keywords are scored in two halves, each with ranges from the other one;
of the made-up inputs, those for calibration come from another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.bench.models import default_folder
from netsuke.bench.ptq_data import keywords, machine_sounds, pictures
from netsuke.bench.sheet import CROSS, Sheet
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.measure import sqnr_db
from netsuke.compress.recipe import Progress, Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.errors import InputError
from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.quantization import float_graph

CALIBRATE_WITH = 128
HIGHEST_DB = 100.0
"""What a sample counts with whose integer output is the float one."""
KWS_AT_LEAST = 0.904

RECIPES = {
    "netsuke quantize": Recipe(),
    "+ --equalize --bias-correction": Recipe(equalize=True, bias_correction=True),
}
LEARNED = {"+ --adaround": Recipe(equalize=True, bias_correction=True, adaround=True)}
"""Takes minutes a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task: its float and its reference int8 file, and (calibration, scored) samples in folds."""

    key: str
    real: str
    reference: str
    inputs: str
    folds: Callable[[int], Sequence[tuple[ArraySamples, ArraySamples]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One integer form over all scored samples: mean of each sample's output SQNR, share of the float model's classes,
    accuracy where there are labels."""

    form: str
    mean_db: float
    agreement: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A task's scores: the reference file's, then ours, the plain one first."""

    task: Task
    samples: int
    float_accuracy: float | None
    scores: tuple[Score, ...]

    @property
    def passed(self) -> bool:
        """True when every form of ours is as near to float as the reference, and the plain one reads the keywords."""
        reference, plain = self.scores[:2]
        near = all(score.mean_db >= reference.mean_db for score in self.scores[1:])
        return near and (plain.accuracy is None or plain.accuracy >= KWS_AT_LEAST)


def keyword_folds(count: int) -> list[tuple[ArraySamples, ArraySamples]]:
    """Two halves of the official keywords by turns, of each at most count / 2."""
    found = keywords(default_folder().parents[1])
    if found is None:
        raise InputError("the official keyword inputs are not in shared/data beside this checkout")
    even, odd = found.part(slice(0, None, 2)), found.part(slice(1, None, 2))
    half = slice(0, count // 2)
    return [(even, odd.part(half)), (odd, even.part(half))]


def made_up(
    make: Callable[[int, int], ArraySamples],
) -> Callable[[int], list[tuple[ArraySamples, ArraySamples]]]:
    """One fold of made-up inputs: those to calibrate with from seed 1, those to score from seed 2."""
    return lambda count: [(make(min(CALIBRATE_WITH, count), 1), make(count, 2))]


TASKS = (
    Task(
        key="kws",
        real="kws_ref_model_float32",
        reference="kws_ref_model",
        inputs="official inputs",
        folds=keyword_folds,
    ),
    Task(
        key="vww",
        real="vww_96_float",
        reference="vww_96_int8",
        inputs="dead leaves",
        folds=made_up(lambda count, seed: pictures(count, 96, 1.0, seed)),
    ),
    Task(
        key="ic",
        real="pretrainedResnet_float",
        reference="pretrainedResnet_quant",
        inputs="dead leaves",
        folds=made_up(lambda count, seed: pictures(count, 32, 255.0, seed)),
    ),
    Task(
        key="ad",
        real="ad01_fp32",
        reference="ad01_int8",
        inputs="motor sounds",
        folds=made_up(machine_sounds),
    ),
)


def outcomes(
    tasks: Sequence[Task], count: int, recipes: Mapping[str, Recipe], progress: Progress
) -> Iterator[Outcome]:
    """Every task in every form, on `count` scored samples (keywords: of each half, half as many); one after the other,
    so that those that are done can be shown when the rest is given up.

    Raises:
        NetsukeError: when a model or its inputs are not there.
    """
    for number, task in enumerate(tasks):

        def share(what: str, done: float, key: str = task.key, before: int = number) -> None:
            progress(f"{key} {what}", (before + done) / len(tasks))

        yield outcome(task, count, recipes, share)


def outcome(task: Task, count: int, recipes: Mapping[str, Recipe], progress: Progress) -> Outcome:
    """One task in every form."""
    folder = default_folder()
    graph, reference = (load(folder / f"{name}.tflite") for name in (task.real, task.reference))
    graph = float_graph(graph)
    folds = task.folds(count)
    progress("reference", 0.0)
    exact = np.concatenate([float_outputs(graph, scored)[0] for _, scored in folds])
    labels = labels_of([scored for _, scored in folds])
    theirs = np.concatenate([integer_outputs(reference, scored)[0] for _, scored in folds])
    scores = [score("reference int8 file", exact, theirs, labels)]
    for done, (form, recipe) in enumerate(recipes.items()):

        def share(what: str, part: float, before: int = done) -> None:
            progress(what, (before + part) / len(recipes))

        scores.append(score(form, exact, ours(graph, folds, recipe, share), labels))
    accuracy = None if labels is None else hits(exact, labels)
    return Outcome(task=task, samples=len(exact), float_accuracy=accuracy, scores=tuple(scores))


def ours(
    graph: Graph, folds: Sequence[tuple[ArraySamples, ArraySamples]], recipe: Recipe, progress: Progress
) -> Array:
    """The outputs of our integer graphs, one a fold."""
    parts = []
    for number, (calibration, scored) in enumerate(folds):

        def share(what: str, done: float, before: int = number) -> None:
            progress(what, (before + done) / len(folds))

        integers = quantize_by(graph, calibration, recipe, share).graph
        parts.append(integer_outputs(integers, scored)[0])
    return np.concatenate(parts)


def score(form: str, exact: Array, rounded: Array, labels: Array | None) -> Score:
    """The figures of one form."""
    each = [min(sqnr_db(x, y), HIGHEST_DB) for x, y in zip(exact, rounded, strict=True)]
    classes = exact.shape[-1] <= 16
    return Score(
        form=form,
        mean_db=float(np.mean(each)),
        agreement=hits(rounded, exact.argmax(axis=-1)) if classes else None,
        accuracy=None if labels is None else hits(rounded, labels),
    )


def hits(scores: Array, labels: Array) -> float:
    """Share of rows whose largest element stands at the label."""
    return float(np.mean(scores.argmax(axis=-1) == labels))


def labels_of(samples: Sequence[ArraySamples]) -> Array | None:
    """The labels of all, one behind the other."""
    found = [one.labels for one in samples if one.labels is not None]
    return np.concatenate(found) if found else None


def ptq_sheet(found: Sequence[Outcome]) -> Sheet:
    """A row a form of each model."""
    rows: list[tuple[str, ...]] = []
    strong = []
    for one in found:
        for at, each in enumerate(one.scores):
            if at:
                strong.append(len(rows))
            short = at > 0 and each.mean_db < one.scores[0].mean_db
            db = f"{each.mean_db:.1f}" + (f" {CROSS}" if short else "")
            scored = f"{one.samples} {one.task.inputs}"
            figures = (db, percent(each.agreement), accuracy_words(one, each))
            rows.append((one.task.key, scored, each.form, *figures))
    return Sheet(
        title="float models quantised after training, beside the reference int8 files",
        headings=("model", "scored on", "form", "mean SQNR dB", "class as float", "accuracy"),
        left=frozenset({"model", "scored on", "form"}),
        rows=tuple(rows),
        strong=frozenset(strong),
    )


def accuracy_words(one: Outcome, score: Score) -> str:
    """An accuracy beside the float model's."""
    if score.accuracy is None or one.float_accuracy is None:
        return percent(None)
    return f"{percent(score.accuracy)} (float {percent(one.float_accuracy)})"


def percent(share: float | None) -> str:
    """'91.2 %'."""
    return "–" if share is None else f"{100 * share:.1f} %"


def files_there(folder: Path) -> bool:
    """True when the models of all tasks are in the folder."""
    return all((folder / f"{n}.tflite").is_file() for task in TASKS for n in (task.real, task.reference))
