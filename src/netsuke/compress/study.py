"""Where an integer model loses its accuracy: every layer's noise, its range, and what is won when it is spared.

All of it is simulated in float (see `fake`): one run of the exact form, one of the rounded form, and for every layer
the rest of the network from that layer on with the layer spared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.compress.fake import INPUTS, simulator, unrounded
from netsuke.compress.measure import sqnr_db
from netsuke.compress.recipe import Quantized
from netsuke.compress.samples import ArraySamples
from netsuke.compress.scheme import Scheme, wide_tensors
from netsuke.compress.sharing import groups
from netsuke.compress.simulate import Simulator, Values
from netsuke.errors import InputError, UnsupportedModel
from netsuke.ir import Array, DType, Graph, Node

BATCH = 16
SILENT = 1e-6
"""A channel below this share of the loudest one is left out of the channels' ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How good outputs are: SQNR against the float model in decibels, and the share of labels hit, if there are any."""

    sqnr_db: float
    accuracy: float | None = None

    def value(self, name: str) -> float:
        """By name: 'sqnr', or 'accuracy' (which needs labels)."""
        if name == "sqnr":
            return self.sqnr_db
        if self.accuracy is None:
            raise InputError("got no labels; accuracy needs an array 'labels' in the data, or aim at sqnr")
        return self.accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStudy:
    """One layer and its (first) output, the graph's inputs under the name ''.

    Decibels are of the layer's output against the float run: `weights_db` with rounded weights alone, `isolated_db`
    with weights and output rounded, both on exact inputs; `accumulated_db` in the whole rounded run. Infinite where
    nothing is rounded.
    """

    name: str
    op: str
    tensor: str
    group: str
    """Names all layers whose outputs share one scale: what is done to one is done to all."""
    bits: int
    weights_db: float
    isolated_db: float
    accumulated_db: float
    low: float
    high: float
    """What was seen in calibration."""
    covered: tuple[float, float]
    """What the integers reach."""
    used: float
    """Share of the codes between lowest and highest value of the data."""
    clipped: float
    """Share of the data's values outside of what is covered."""
    channel_ratio: float
    """Range of the loudest channel over that of the quietest; silent ones left out."""
    in_float: Metric
    """Of the model with this layer's weights and output left in float."""
    in_16_bits: Metric | None
    """Of the model with this layer's output in 16 bits; None where that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All layers in order, the metrics of the float and of the rounded model, and the samples measured."""

    layers: tuple[LayerStudy, ...]
    real: Metric
    rounded: Metric
    samples: int


@dataclass(slots=True)
class Power:
    """Sums of squares of a signal and of its error."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, exact: Array, other: Array) -> None:
        self.signal += float(np.square(exact, dtype=np.float64).sum())
        self.noise += float(np.square(exact - other, dtype=np.float64).sum())

    @property
    def db(self) -> float:
        """Signal to noise."""
        if self.noise == 0:
            return float("inf")
        return float(10 * np.log10(self.signal / self.noise)) if self.signal else float("-inf")


@dataclass(frozen=True, slots=True)
class Variant:
    """The model with something spared: its simulator, and the node from which on it differs (-1: the inputs)."""

    simulator: Simulator
    start: int


class Tally:
    """What is collected of one layer over all batches."""

    def __init__(self) -> None:
        self.weights, self.isolated, self.accumulated = Power(), Power(), Power()
        self.low, self.high = np.inf, -np.inf
        self.clipped = self.count = 0

    def see(self, exact: Array, covered: tuple[float, float]) -> None:
        """The exact values of a batch."""
        self.low, self.high = min(self.low, float(exact.min())), max(self.high, float(exact.max()))
        slack = (covered[1] - covered[0]) / 255  # one step: softmax of 1 is stored as 255/256
        self.clipped += int(((exact < covered[0] - slack) | (exact > covered[1] + slack)).sum())
        self.count += exact.size


def study(done: Quantized, samples: ArraySamples, progress: Callable[[float], None]) -> Study:
    """Looks at every layer of a quantised model.

    Args:
        done: the model, as `quantize_by` gives it.
        samples: to measure with; labels make accuracies.
        progress: called with the share done.
    """
    return _Examination(done, samples).run(progress)


class _Examination:
    """One study on its way."""

    def __init__(self, done: Quantized, samples: ArraySamples) -> None:
        self.done, self.samples = done, samples
        self.graph, self.scheme = done.real, done.scheme
        self.shared = groups(self.graph)
        self.real = Simulator(self.graph)
        self.rounded = simulator(self.graph, self.scheme, like=self.real)
        self.names = (INPUTS, *(node.name for node in self.graph.nodes))
        self.floats = {n: self._variant(self.scheme, (n,), n) for n in self.names}
        self.wide = wide_variants(done, self.real)
        self.tallies = {name: Tally() for name in self.names}
        self.outputs: dict[str, list[Array]] = {}

    def run(self, progress: Callable[[float], None]) -> Study:
        for at, batch in enumerate(self.samples.batches(BATCH if self.real.together else 1)):
            exact, rounded = self.real.run(batch), self.rounded.run(batch)
            self._collect("real", exact)
            self._collect("rounded", rounded)
            self._tally(exact, rounded)
            for kind, variants in (("float", self.floats), ("wide", self.wide)):
                for name, variant in variants.items():
                    self._collect(f"{kind} {name}", spared(variant, exact, rounded, self.graph, batch))
            progress(min(1.0, (at + 1) * BATCH / len(self.samples)))
        metrics = {key: self._metric(parts) for key, parts in self.outputs.items()}
        return Study(
            layers=tuple(self._layer(name, metrics) for name in self.names),
            real=metrics["real"],
            rounded=metrics["rounded"],
            samples=len(self.samples),
        )

    def _variant(self, scheme: Scheme, floats: Sequence[str], name: str) -> Variant:
        one = simulator(self.graph, scheme, floats=floats, like=self.real)
        kept = unrounded(self.graph, floats)
        if kept & set(self.graph.inputs):
            return Variant(one, -1)
        return Variant(
            one, min(i for i, n in enumerate(self.graph.nodes) if n.name == name or kept & set(n.outputs))
        )

    def _collect(self, key: str, values: Values) -> None:
        found = [values[n].reshape(len(values[n]), -1) for n in self.graph.outputs]
        self.outputs.setdefault(key, []).append(np.concatenate(found, axis=1))

    def _metric(self, parts: list[Array]) -> Metric:
        exact, found = np.concatenate(self.outputs["real"]), np.concatenate(parts)
        labels, classes = self.samples.labels, self._classes()
        if labels is None or classes < 2:
            return Metric(sqnr_db=sqnr_db(exact, found))
        right = float(np.mean(found[:, :classes].argmax(axis=1) == labels))
        return Metric(sqnr_db=sqnr_db(exact, found), accuracy=right)

    def _classes(self) -> int:
        return self.graph.tensors[self.graph.outputs[0]].elements

    def _tally(self, exact: Values, rounded: Values) -> None:
        for node in (None, *self.graph.nodes):
            tally = self.tallies[INPUTS if node is None else node.name]
            for name in self.graph.inputs if node is None else node.outputs:
                tally.accumulated.add(exact[name], rounded[name])
                tally.see(exact[name], covered(self.graph, self.scheme, name))
                if node is None:
                    tally.isolated.add(exact[name], rounded[name])
            if node is not None:
                self._isolated(node, tally, exact)

    def _isolated(self, node: Node, tally: Tally, exact: Values) -> None:
        for name, value in zip(node.outputs, self.rounded.computed(node, exact), strict=True):
            tally.weights.add(exact[name], value)
            tally.isolated.add(exact[name], self.rounded.coded(name, value))

    def _layer(self, name: str, metrics: dict[str, Metric]) -> LayerStudy:
        node = None if name == INPUTS else self.graph.nodes[self.real.number[name]]
        tensor = self.graph.inputs[0] if node is None else node.outputs[0]
        tally, seen = self.tallies[name], self.done.observations.by_tensor.get(tensor)
        reach = covered(self.graph, self.scheme, tensor)
        whole = max(reach[1] - reach[0], 1e-30)
        return LayerStudy(
            name=name,
            op="input" if node is None else node.op,
            tensor=tensor,
            group=self.shared.get(tensor, (tensor,))[0],
            bits=16 if tensor in self.scheme.wide else 8,
            weights_db=tally.weights.db,
            isolated_db=tally.isolated.db,
            accumulated_db=tally.accumulated.db,
            low=tally.low if seen is None else seen.low,
            high=tally.high if seen is None else seen.high,
            covered=reach,
            used=max(0.0, min(tally.high, reach[1]) - max(tally.low, reach[0])) / whole,
            clipped=tally.clipped / max(tally.count, 1),
            channel_ratio=1.0 if seen is None else ratio(seen.channel_low, seen.channel_high),
            in_float=metrics[f"float {name}"],
            in_16_bits=metrics.get(f"wide {name}"),
        )


def spared(variant: Variant, exact: Values, rounded: Values, graph: Graph, batch: Sequence[Array]) -> Values:
    """The values of a variant: what comes before it is taken from the rounded run."""
    one = variant.simulator
    if not one.together or variant.start < 0:
        return one.run(batch)
    later = {name for node in graph.nodes[variant.start :] for name in node.outputs}
    values = {name: value for name, value in rounded.items() if name not in later}
    one.resume(values, variant.start)
    return values


def wide_variants(done: Quantized, like: Simulator) -> dict[str, Variant]:
    """Layer → the model with its output in 16 bits, where that changes something and keeps inputs and outputs."""
    graph, found = done.real, {}
    ranges = done.observations.ranges("min-max")
    for node in graph.nodes:
        if node.outputs[0] in done.scheme.wide or graph.tensors[node.outputs[0]].dtype is not DType.FLOAT32:
            continue
        try:
            wide = wide_tensors(graph, ranges, frozenset({node.name}))
        except UnsupportedModel:
            continue
        if set(wide) & {*graph.inputs, *graph.outputs}:
            continue
        scheme = done.scheme.with_wide(wide)
        first = min(i for i, n in enumerate(graph.nodes) if set(n.outputs) & set(wide))
        found[node.name] = Variant(simulator(graph, scheme, like=like), first)
    return found


def covered(graph: Graph, scheme: Scheme, tensor: str) -> tuple[float, float]:
    """Lowest and highest real value of a tensor's integers."""
    kind = scheme.kind(graph.tensors[tensor])
    low, high = kind.dtype.range
    return (low - kind.zero_point) * kind.scale, (high - kind.zero_point) * kind.scale


def ratio(low: Array, high: Array) -> float:
    """Loudest over quietest channel, by largest magnitude."""
    largest = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    heard = largest[largest > SILENT * largest.max(initial=0.0)]
    return float(heard.max() / heard.min()) if heard.size else 1.0


def wide_choices(found: Study) -> list[tuple[LayerStudy, Metric]]:
    """Layers whose output can have 16 bits, the first of each group, with the model's metric then."""
    first: dict[str, tuple[LayerStudy, Metric]] = {}
    for layer in found.layers:
        if layer.in_16_bits is not None:
            first.setdefault(layer.group, (layer, layer.in_16_bits))
    return list(first.values())
