"""Samples from files: .npz, .npy, or a folder of them, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.compress.samples import ArraySamples, Batch, Samples, checked, stack_of
from netsuke.errors import InputError
from netsuke.ir import Array, Graph

LABELS = ("labels", "label", "y", "targets")
"""Names of an array of an .npz file that holds class numbers, when no input of the model is called so."""
ENDINGS = (".npz", ".npy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What integers in files stand for: real = (stored - zero_point) * scale. Without a scale integers are refused."""

    scale: float | None = None
    zero_point: int = 0

    def __post_init__(self) -> None:
        if self.scale is not None and not (np.isfinite(self.scale) and self.scale > 0):
            raise InputError(f"got a data scale of {self.scale}; a number above 0 was wanted")
        if abs(self.zero_point) >= 1 << 31:
            raise InputError(
                f"got a data zero point of {self.zero_point}; one of the stored integers was wanted"
            )

    def real(self, array: Array, where: str) -> Array:
        """The array as real numbers.

        Raises:
            InputError: for integers of which nobody said what they stand for.
        """
        if array.dtype.kind == "f":
            return array
        if array.dtype.kind not in "iu":
            raise InputError(f"{where}: got an array of {array.dtype.name}; numbers were wanted")
        if self.scale is None:
            raise InputError(
                f"{where}: got {array.dtype.name}; say what they stand for: --data-scale 1 takes them as they are, "
                "--data-scale S --data-zero-point Z reads them as (x - Z) * S"
            )
        result: Array = (array.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSamples:
    """Samples in many files, of which one is in memory at a time; `labels` int [samples], or None."""

    graph: Graph
    files: tuple[Path, ...]
    sizes: tuple[int, ...]
    stored: Stored
    labels: Array | None = None

    def __len__(self) -> int:
        return sum(self.sizes)

    def batches(self, size: int) -> Iterator[Batch]:
        waiting: list[Batch] = []
        for file in self.files:
            waiting.append(read_file(self.graph, file, self.stored).arrays)
            while sum(len(one[0]) for one in waiting) >= size:
                whole = tuple(np.concatenate(one) for one in zip(*waiting, strict=True))
                yield tuple(array[:size] for array in whole)
                waiting = [tuple(array[size:] for array in whole)]
        if sum(len(one[0]) for one in waiting):
            yield tuple(np.concatenate(one) for one in zip(*waiting, strict=True))


def read_samples(graph: Graph, path: Path, stored: Stored | None = None) -> Samples:
    """The samples in a file or a folder, held against the graph's inputs.

    In an .npz file an array belongs to the input that has its name; when no name matches, arrays belong to inputs in
    order. An array called labels (label, y, targets) holds class numbers. A folder's files are taken in the order of
    their names; when all of them lie in subfolders, each subfolder is a class, numbered in the order of its name.

    Raises:
        InputError: when something cannot be read, is empty, or is not what the graph takes.
    """
    kept = stored or Stored()
    if not path.is_dir():
        return read_file(graph, path, kept)
    files = tuple(sorted(f for f in path.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file()))
    if not files:
        raise InputError(f"{path} holds no {' or '.join(ENDINGS)} file; give samples as arrays of numpy")
    sizes, numbers = [], []
    for file in files:
        part = read_file(graph, file, kept)
        sizes.append(len(part))
        numbers += [] if part.labels is None else [part.labels]
    whole = np.concatenate(numbers) if len(numbers) == len(files) else by_folder(path, files, tuple(sizes))
    return FolderSamples(graph=graph, files=files, sizes=tuple(sizes), stored=kept, labels=whole)


def by_folder(path: Path, files: tuple[Path, ...], sizes: tuple[int, ...]) -> Array | None:
    """Class numbers from the names of subfolders; None when a file lies in the folder itself."""
    names = [file.relative_to(path).parts[0] if file.parent != path else None for file in files]
    if None in names:
        return None
    classes = {name: number for number, name in enumerate(sorted({n for n in names if n is not None}))}
    return np.repeat([classes[name] for name in names if name is not None], sizes).astype(np.int64)


def read_file(graph: Graph, path: Path, stored: Stored) -> ArraySamples:
    """One .npz or .npy file."""
    arrays = read_arrays(path)
    label = next((n for n in LABELS if n in arrays and n not in graph.inputs), None)
    labels = None if label is None else class_numbers(arrays.pop(label), path)
    ordered = in_order(arrays, graph, path)
    stacks = tuple(
        stack_of(stored.real(array, path.name), graph.tensors[name], path.name)
        for name, array in zip(graph.inputs, ordered, strict=True)
    )
    return checked(graph, ArraySamples(arrays=stacks, labels=labels))


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of a file by name.

    Raises:
        InputError: when it is missing, damaged, or no numpy file of plain numbers.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {path.stem: loaded}
            with loaded:
                return {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check the path") from None
    except MemoryError:
        raise InputError(
            f"{path.name} says that it holds more than fits into memory; if it is not damaged, give a folder of "
            "smaller files: one is in memory at a time"
        ) from None
    except Exception:  # a damaged file: numpy, zipfile, zlib and tokenize have a dozen kinds of errors for it
        raise InputError(
            f"{path.name} is no .npz or .npy file of plain numbers, or is damaged; write one with "
            "numpy.savez(path, input=array)"
        ) from None


def in_order(arrays: Mapping[str, Array], graph: Graph, path: Path) -> list[Array]:
    """The arrays in the order of the graph's inputs."""
    names = list(graph.inputs)
    if set(names) <= set(arrays):
        return [arrays[name] for name in names]
    if len(arrays) != len(names) or set(names) & set(arrays):
        raise InputError(
            f"{path.name} holds {', '.join(arrays) or 'nothing'}; the model takes {', '.join(names)}"
        )
    return list(arrays.values())


def class_numbers(array: Array, path: Path) -> Array:
    """int64 [N] of labels.

    Raises:
        InputError: for anything but a row of whole numbers.
    """
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise InputError(
            f"{path.name}: got labels {array.dtype.name}{list(array.shape)}; a row of class numbers was wanted"
        )
    return array.astype(np.int64)
