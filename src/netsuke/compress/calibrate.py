"""Calibration: which real values the tensors of a float graph take on samples of real input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from netsuke.compress.calibrators import Calibrator, calibrator
from netsuke.compress.datasets import samples_of
from netsuke.compress.ranges import Range, Ranges
from netsuke.compress.samples import Batch, Samples
from netsuke.compress.simulate import Simulator, Values
from netsuke.compress.statistics import Collector, Statistics
from netsuke.errors import InputError
from netsuke.ir import Array, DType, Graph
from netsuke.ops.interpret import initial_states, interpret

Progress = Callable[[int], None]
"""Called after every batch with how many samples are done."""
Given = Iterable[Sequence[Array]] | Samples | Array
"""What calibration takes: see `samples_of`."""
BATCH = 16

__all__ = ["Observations", "Range", "Ranges", "calibrate", "nothing", "observe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What was seen of every float32 tensor that is computed, over `samples` invocations."""

    by_tensor: Mapping[str, Statistics]
    samples: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_tensor", MappingProxyType(dict(self.by_tensor)))

    def ranges(self, method: Calibrator | str = "min-max") -> Ranges:
        """The ranges that a calibrator makes of it."""
        found = calibrator(method) if isinstance(method, str) else method
        return Ranges(
            by_tensor={name: found.range_of(seen) for name, seen in self.by_tensor.items()},
            samples=self.samples,
        )


def nothing(done: int) -> None:
    """Shows no progress."""
    del done


def observe(
    graph: Graph, samples: Given, *, histograms: bool = True, progress: Progress = nothing
) -> Observations:
    """Runs the graph on every sample and collects what its tensors held; memory does not grow with the samples.

    Args:
        graph: a float32 graph.
        samples: see `samples_of`. A graph with states takes them as one sequence of steps.
        histograms: collect them too, for calibrators that look at the distribution.
        progress: called after every batch.

    Raises:
        InputError: without samples, for a sample of the wrong shape or type, and when a value is not a finite number.
    """
    watched = [t.name for t in graph.tensors.values() if t.dtype is DType.FLOAT32 and not t.is_constant]
    found = {name: Collector(histogram=histograms) for name in watched}
    count = 0
    for size, values in runs(graph, samples_of(graph, samples)):
        for name in watched:
            found[name].add(finite(name, values[name], count))
        count += size
        progress(count)
    if not count:
        raise InputError("got no calibration samples; some hundred inputs like those of real use are wanted")
    return Observations(by_tensor={name: one.done() for name, one in found.items()}, samples=count)


def runs(graph: Graph, samples: Samples) -> Iterator[tuple[int, Values]]:
    """(samples, values of all tensors) for every batch."""
    if graph.states:
        yield from steps(graph, samples)
        return
    simulator = Simulator(graph)
    for batch in samples.batches(BATCH):
        with np.errstate(all="ignore"):  # what is not finite is said by name afterwards
            yield len(batch[0]), simulator.run(batch)


def steps(graph: Graph, samples: Samples) -> Iterator[tuple[int, Values]]:
    """The same, sample by sample, for a graph that remembers."""
    states = initial_states(graph)
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    for batch in samples.batches(1):
        whole = [x.reshape(shape) for x, shape in zip(batch, shapes, strict=True)]
        with np.errstate(all="ignore"):
            values = interpret(graph, whole, states).tensors
        yield 1, {name: value.reshape(1, *value.shape) for name, value in values.items()}


def calibrate(
    graph: Graph, samples: Given, *, method: Calibrator | str = "min-max", progress: Progress = nothing
) -> Ranges:
    """The range of every float32 tensor over the samples; by default the lowest and highest value.

    Args:
        graph: a float32 graph.
        samples: see `samples_of`.
        method: a calibrator, or its name.
        progress: called after every batch.

    Raises:
        InputError: as `observe`.
    """
    plain = method in ("min-max", "moving-average")
    return observe(graph, samples, histograms=not plain, progress=progress).ranges(method)


def finite(name: str, values: Array, before: int) -> Array:
    """A batch of a tensor's values.

    Raises:
        InputError: naming the first sample where one is infinite or not a number.
    """
    if np.isfinite(values).all():
        return values
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    raise InputError(
        f"calibration sample {before + int(np.argmax(bad))} makes tensor {name!r} infinite or not a number; "
        "look at the sample, and at how the model's inputs are scaled"
    )


def batch_of(graph: Graph, batch: Batch) -> list[tuple[Array, ...]]:
    """A batch as single invocations in the inputs' whole shapes."""
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    return [tuple(x.reshape(s) for x, s in zip(one, shapes, strict=True)) for one in zip(*batch, strict=True)]
