"""Inputs from a file: .npz with one array for each input of the model, or .npy for a model of one input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netsuke.compress.files import in_order, read_arrays
from netsuke.compress.samples import channels_last
from netsuke.errors import InputError
from netsuke.ir import Array, Graph, Tensor


def read_inputs(path: Path, graph: Graph) -> list[tuple[Array, ...]]:
    """One tuple of arrays for every invocation.

    An array belongs to the input that has its name; when no name matches, arrays belong to inputs in order.
    Others, such as labels, are passed over where names match.
    Each has shape [N, *input without its first dimension 1], [N, *input], or that of the input for N = 1; images and
    signals may have their channels first.

    Raises:
        InputError: when the file cannot be read, or its arrays are not what the model takes.
    """
    wanted = [graph.tensors[name] for name in graph.inputs]
    found = in_order(read_arrays(path), graph, path)
    stacks = [stacked(array, tensor, path) for array, tensor in zip(found, wanted, strict=True)]
    counts = {len(stack) for stack in stacks}
    if counts == {0}:
        raise InputError(f"{path.name} holds arrays of no values; at least one input to compare was wanted")
    if len(counts) != 1:
        raise InputError(
            f"{path.name}: got {[len(s) for s in stacks]} values; as many for each input were wanted"
        )
    for stack, tensor in zip(stacks, wanted, strict=True):
        check_numbers(stack, tensor)
    return list(zip(*stacks, strict=True))


def check_numbers(stack: Array, tensor: Tensor) -> None:
    """Refuses what is no number: results that are none say nothing about two forms of a model."""
    bad = ~np.isfinite(stack.reshape(len(stack), -1)).all(axis=1)
    if bad.any():
        raise InputError(f"value {int(np.argmax(bad))} of input {tensor.name!r} is infinite or not a number")


def stacked(array: Array, tensor: Tensor, path: Path) -> Array:
    """The array as [N, *shape of the input], in the input's dtype."""
    if array.dtype != tensor.dtype.numpy:
        raise InputError(
            f"{path.name}: got {array.dtype.name} for {describe(tensor)}; {advice(array, tensor)}"
        )
    array, shape = channels_last(array, tensor), tensor.shape
    one = shape[1:] if shape[:1] == (1,) else shape
    if array.shape == shape:
        return array[np.newaxis]
    if array.ndim > 0 and array.shape[1:] in (one, shape):
        return array.reshape(len(array), *shape)
    wanted = ["N", *map(str, one)]
    raise InputError(
        f"{path.name}: got shape {list(array.shape)} for {describe(tensor)}; [{', '.join(wanted)}] was wanted"
    )


def advice(array: Array, tensor: Tensor) -> str:
    """What to do about a wrong dtype."""
    scaled = tensor.quantization is not None and not tensor.quantization.per_channel
    if array.dtype.kind == "f" and scaled:
        stored = f"round(x / {tensor.scale:.8g}) + {tensor.zero_point}"
        return f"quantise it first: {stored}, clipped to {tensor.dtype.value}"
    return f"convert it to {tensor.dtype.value}"


def describe(tensor: Tensor) -> str:
    """An input in words."""
    return f"{tensor.name!r} ({tensor.dtype.value} {list(tensor.shape)})"
