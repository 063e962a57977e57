"""Calibration: which real values the tensors of a float graph take on samples of real input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from netsuke.errors import InputError
from netsuke.ir import Array, DType, Graph
from netsuke.ops.interpret import initial_states, interpret

Progress = Callable[[int], None]
"""Called after every sample with how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Lowest and highest real value, both included."""

    low: float
    high: float

    def joined(self, other: Range) -> Range:
        """The smallest range that holds both."""
        return Range(low=min(self.low, other.low), high=max(self.high, other.high))

    @classmethod
    def of(cls, values: Array) -> Range:
        """The range of an array of real numbers with at least one element."""
        return cls(low=float(values.min()), high=float(values.max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The range of every float32 tensor that is computed, by name, over `samples` invocations."""

    by_tensor: Mapping[str, Range]
    samples: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_tensor", MappingProxyType(dict(self.by_tensor)))

    def of(self, tensor: str) -> Range:
        """The range of a tensor.

        Raises:
            InputError: when it was not measured.
        """
        try:
            return self.by_tensor[tensor]
        except KeyError:
            raise InputError(
                f"got no range for tensor {tensor!r}; calibrate the same graph that is to be quantised"
            ) from None


def nothing(done: int) -> None:
    """Shows no progress."""
    del done


def calibrate(graph: Graph, samples: Iterable[Sequence[Array]], *, progress: Progress = nothing) -> Ranges:
    """Runs the graph on every sample and keeps the lowest and highest value of every float32 tensor.

    Args:
        graph: a float32 graph.
        samples: for each invocation the input arrays, in the order, shapes and types of the graph's inputs. A
            graph with states takes them as one sequence of steps.
        progress: called after every sample.

    Raises:
        InputError: without samples, for a sample of the wrong shape or type, and when a value is not a finite
            number.
    """
    watched = [t.name for t in graph.tensors.values() if t.dtype is DType.FLOAT32 and not t.is_constant]
    found: dict[str, Range] = {}
    states = initial_states(graph)
    count = 0
    for sample in samples:
        values = interpret(graph, list(sample), states).tensors
        for name in watched:
            found[name] = _seen(name, values[name], count, found.get(name))
        count += 1
        progress(count)
    if not count:
        raise InputError("got no calibration samples; some hundred inputs like those of real use are wanted")
    return Ranges(by_tensor=found, samples=count)


def _seen(name: str, value: Array, sample: int, before: Range | None) -> Range:
    if not np.isfinite(value).all():
        raise InputError(
            f"calibration sample {sample} makes tensor {name!r} infinite or not a number; "
            "look at the sample, and at how the model's inputs are scaled"
        )
    seen = Range.of(value)
    return seen if before is None else before.joined(seen)
