"""One float model, quantised again and again by different recipes, and measured on the same samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netsuke.compress.calibrate import Observations, observe
from netsuke.compress.equalize import equalized
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.fake import simulator
from netsuke.compress.masks import with_bounded_masks
from netsuke.compress.measure import sqnr_db
from netsuke.compress.quantize import check_quantizable
from netsuke.compress.recipe import Quantized, Recipe, quantize_observed
from netsuke.compress.samples import ArraySamples, Samples, measurable
from netsuke.compress.study import BATCH, Metric, Study, study
from netsuke.ir import Array, Graph


class Workshop:
    """`calib` sets ranges, `scored` is measured. What was computed once is kept."""

    def __init__(self, graph: Graph, calib: Samples, scored: ArraySamples) -> None:
        check_quantizable(graph)
        self.graph, self.calib = with_bounded_masks(graph, calib), calib
        self.scored = measurable(graph, scored)
        self.exact = float_outputs(graph, scored)
        self._seen: dict[bool, tuple[Graph, Observations]] = {}
        self._made: dict[Recipe, Quantized] = {}

    def quantized(self, recipe: Recipe) -> Quantized:
        """The model by a recipe."""
        if recipe not in self._made:
            graph, seen = self._observed(recipe.equalize)
            self._made[recipe] = quantize_observed(graph, self.calib, seen, recipe)
        return self._made[recipe]

    def simulated(self, recipe: Recipe) -> Metric:
        """Its metric, simulated in float: fast, and within what fixed-point arithmetic rounds."""
        done = self.quantized(recipe)
        one = simulator(done.real, done.scheme)
        parts = [one.outputs(batch) for batch in self.scored.batches(BATCH)]
        return self.metric(tuple(np.concatenate(y) for y in zip(*parts, strict=True)))

    def measured(self, recipe: Recipe) -> Metric:
        """Its metric, by the integer arithmetic to the bit."""
        return self.metric(integer_outputs(self.quantized(recipe).graph, self.scored))

    @property
    def real(self) -> Metric:
        """The float model's."""
        return self.metric(self.exact)

    def metric(self, outputs: tuple[Array, ...]) -> Metric:
        """Outputs beside the float model's, and beside the labels."""
        exact, found = (np.concatenate([y.reshape(-1) for y in o]) for o in (self.exact, outputs))
        scores, labels = outputs[0].reshape(len(outputs[0]), -1), self.scored.labels
        if labels is None or scores.shape[1] < 2:
            return Metric(sqnr_db=sqnr_db(exact, found))
        right = float(np.mean(scores.argmax(axis=1) == labels))
        return Metric(sqnr_db=sqnr_db(exact, found), accuracy=right)

    def study(self, recipe: Recipe, progress: Callable[[float], None]) -> Study:
        """Every layer of the model by a recipe."""
        return study(self.quantized(recipe), self.scored, progress)

    def _observed(self, equalize: bool) -> tuple[Graph, Observations]:
        if False not in self._seen:
            self._seen[False] = self.graph, observe(self.graph, self.calib)
        if equalize and True not in self._seen:
            graph = equalized(self.graph, self._seen[False][1]).graph
            self._seen[True] = graph, observe(graph, self.calib)
        return self._seen[equalize]
