"""Samples from objects of Python: datasets and loaders of torch, lists, generators, and such objects by name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from netsuke.compress.samples import ArraySamples, Samples, checked, stack_of, the_input
from netsuke.errors import InputError, NetsukeError
from netsuke.ir import Array, Graph

NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
"""`package.module:object`."""


def samples_of(graph: Graph, given: Any) -> Samples:
    """Anything that holds samples, held against the graph's inputs.

    Args:
        graph: a float32 graph.
        given: `Samples`; one array [N, ...] for a graph of one input; or anything that gives items one after the
            other, each an array or tensor, or a sequence of one for each input: single samples with or without a
            leading 1, or batches. An item with one more value than the model has inputs ends with its label (or a
            label for each sample of the batch).

    Raises:
        InputError: without samples, or for a sample of the wrong shape or type.
    """
    if isinstance(given, np.ndarray):
        return checked(graph, ArraySamples(arrays=(stack_of(given, the_input(graph), "the array"),)))
    if hasattr(given, "batches"):
        kept: Samples = given
        return kept
    try:
        items = iter(given)
    except TypeError:
        raise InputError(
            f"got {type(given).__name__}; a dataset, arrays or a file of samples was wanted"
        ) from None
    parts = [of_item(graph, item, f"sample {number}") for number, item in enumerate(items)]
    if not parts:
        raise InputError("got no calibration samples; some hundred inputs like those of real use are wanted")
    stacks = zip(*(arrays for arrays, _ in parts), strict=True)
    labels = [label for _, label in parts if label is not None]
    whole = np.concatenate(labels) if len(labels) == len(parts) else None
    return checked(graph, ArraySamples(arrays=tuple(np.concatenate(one) for one in stacks), labels=whole))


def of_item(graph: Graph, item: Any, where: str) -> tuple[list[Array], Array | None]:
    """The arrays [n, ...] of one item, and its n labels where it has any."""
    values = list(item) if isinstance(item, Sequence) and not isinstance(item, str) else [item]
    arrays = [array_of(value) for value in values]
    labels = None
    if len(arrays) == len(graph.inputs) + 1 and arrays[-1].dtype.kind in "iu" and arrays[-1].ndim < 2:
        labels = np.atleast_1d(arrays.pop()).astype(np.int64)
    if len(arrays) != len(graph.inputs):
        raise InputError(
            f"{where}: got {len(values)} values; {graph.name} takes {len(graph.inputs)}: {', '.join(graph.inputs)}"
        )
    given = zip(graph.inputs, arrays, strict=True)
    stacks = [stack_of(array, graph.tensors[name], where) for name, array in given]
    if labels is not None and len(labels) != len(stacks[0]):
        raise InputError(f"{where}: got {len(labels)} labels for {len(stacks[0])} samples")
    return stacks, labels


def array_of(value: Any) -> Array:
    """A tensor of torch, or what numpy takes, as an array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array: Array = np.asarray(value)
    return array


def named_samples(graph: Graph, name: str) -> Samples:
    """The samples of `package.module:object`, as `samples_of` takes them.

    Raises:
        InputError: as `named_object` and `samples_of`; also when the object fails while it is read.
    """
    given = named_object(name)
    try:
        return samples_of(graph, given)
    except NetsukeError as error:
        raise type(error)(f"{name}: {error}") from None
    except (Exception, SystemExit) as error:  # code of the user's, run by name: no bug of ours
        raise failed(name, error) from error


def failed(name: str, error: BaseException) -> InputError:
    """The error of the user's own code, as one line."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return InputError(f"{name} failed: {said}; read it in Python to see where")


def named_object(name: str) -> Any:
    """The object behind `package.module:object`; one that is no collection is called without arguments.

    Modules of the current folder are found too.

    Raises:
        InputError: when there is no such module or object, or it fails.
    """
    module, _, path = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        made = isinstance(found, type) or not hasattr(found, "__getitem__")
        return found() if callable(found) and made else found
    except ModuleNotFoundError as error:
        raise InputError(f"got {name!r}; there is no module {error.name!r} here: check the name") from None
    except AttributeError as error:
        raise InputError(
            f"got {name!r}: {error}; a dataset or a function that gives one was wanted"
        ) from None
    except (Exception, SystemExit) as error:
        raise failed(name, error) from error
    finally:
        sys.path.pop(0)
