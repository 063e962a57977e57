"""Samples to calibrate and measure with: arrays in memory, or files that are read a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from netsuke.errors import InputError
from netsuke.ir import Array, DType, Graph, Tensor

Batch = tuple[Array, ...]
"""One array for each input of the model: float32 [samples, *the input's shape without a leading 1]."""


class Samples(Protocol):
    """What calibration reads, as often as it likes, in the same order each time."""

    @property
    def labels(self) -> Array | None:
        """Class numbers int64 [samples], or None."""
        ...

    def __len__(self) -> int: ...

    def batches(self, size: int) -> Iterator[Batch]:
        """All samples in batches of at most `size`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySamples:
    """Samples in memory: an array an input, as in `Batch`; `labels` int [samples], or None."""

    arrays: Batch
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.arrays[0])

    def batches(self, size: int) -> Iterator[Batch]:
        for start in range(0, len(self), size):
            yield tuple(array[start : start + size] for array in self.arrays)

    def part(self, chosen: slice | Array) -> ArraySamples:
        """Some of the samples."""
        labels = None if self.labels is None else self.labels[chosen]
        return replace(self, arrays=tuple(array[chosen] for array in self.arrays), labels=labels)


def gathered(samples: Samples, most: int | None = None) -> ArraySamples:
    """Samples of any kind in memory; of more than `most`, as many that are spread evenly over all."""
    count = len(samples)
    few = count if most is None else min(most, count)
    chosen = np.linspace(0, count - 1, few).round().astype(np.int64)
    if isinstance(samples, ArraySamples):
        return samples if few == count else samples.part(chosen)
    parts: list[Batch] = []
    before = 0
    for batch in samples.batches(64):
        size = len(batch[0])
        inside = chosen[(chosen >= before) & (chosen < before + size)] - before
        parts.append(tuple(array[inside] for array in batch))
        before += size
    labels = None if samples.labels is None else samples.labels[chosen]
    return ArraySamples(arrays=tuple(np.concatenate(one) for one in zip(*parts, strict=True)), labels=labels)


def the_input(graph: Graph) -> Tensor:
    """The graph's only input.

    Raises:
        InputError: when it has several.
    """
    if len(graph.inputs) != 1:
        raise InputError(
            f"got one array; {graph.name} takes {len(graph.inputs)}: {', '.join(graph.inputs)}; give an array for each"
        )
    return graph.tensors[graph.inputs[0]]


def of_one(tensor: Tensor) -> tuple[int, ...]:
    """The shape of one sample of an input: without the leading 1 that a batch takes the place of."""
    return tensor.shape[1:] if len(tensor.shape) > 1 and tensor.shape[0] == 1 else tensor.shape


def channels_last(array: Array, tensor: Tensor) -> Array:
    """Images [N, C, H, W] or signals [N, C, W], as PyTorch and ONNX have them, with their channels behind.

    Only where the shape is not the input's own; without N too. Others are given back as they are.
    """
    one = of_one(tensor)
    rank = len(one)
    if rank not in (2, 3) or array.ndim not in (rank, rank + 1, rank + 2) or array.shape[-rank:] == one:
        return array
    return np.moveaxis(array, -rank, -1) if array.shape[-rank:] == (one[-1], *one[:-1]) else array


def stack_of(array: Array, tensor: Tensor, where: str) -> Array:
    """An array of numbers as [N, *shape of one sample] in the input's type; integers become float32.

    Images and signals may have their channels first.

    Raises:
        InputError: for another shape, or what is no number.
    """
    wanted = of_one(tensor)
    array = channels_last(array, tensor)
    if array.dtype.kind not in "fiu" or (array.dtype.kind == "f" and tensor.dtype is not DType.FLOAT32):
        raise InputError(
            f"{where}: got {array.dtype.name} for input {tensor.name!r}; {tensor.dtype.value} was wanted"
        )
    if array.shape == tensor.shape or array.shape == wanted:
        array = array.reshape(1, *wanted)
    elif array.shape[1:] == tensor.shape:
        array = array.reshape(len(array), *wanted)
    elif array.shape[1:] != wanted:
        names = ", ".join(["N", *map(str, wanted)])
        raise InputError(
            f"{where}: got shape {list(array.shape)} for input {tensor.name!r}; [{names}] was wanted"
        )
    return array.astype(tensor.dtype.numpy, copy=False)


def checked(graph: Graph, samples: ArraySamples) -> ArraySamples:
    """The samples, when there are any and as many for each input (and labels).

    Raises:
        InputError: otherwise.
    """
    counts = {name: len(a) for name, a in zip(graph.inputs, samples.arrays, strict=True)}
    if samples.labels is not None:
        counts["labels"] = len(samples.labels)
    if 0 in counts.values():
        raise InputError("got no calibration samples; some hundred inputs like those of real use are wanted")
    if len(set(counts.values())) != 1:
        raise InputError(f"got {counts} samples; as many for each were wanted")
    return samples


def measurable(graph: Graph, samples: ArraySamples) -> ArraySamples:
    """The samples, when a model can be measured with them.

    Raises:
        InputError: when a value is not a finite number, or a label is none of the classes of the graph's first output.
    """
    for name, array in zip(graph.inputs, samples.arrays, strict=True):
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        if bad.any():
            raise InputError(f"sample {int(np.argmax(bad))} of input {name!r} is infinite or not a number")
    classes = graph.tensors[graph.outputs[0]].elements
    labels = samples.labels
    if labels is not None and classes > 1 and (labels.min() < 0 or labels.max() >= classes):
        raise InputError(
            f"got labels from {labels.min()} to {labels.max()}; the model's first output has {classes} classes, from 0"
        )
    return samples
