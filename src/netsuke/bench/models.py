"""Which models the bench measures: the five int8 models of MLPerf Tiny where they are, or those that are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.errors import InputError

MLPERF_TINY = {
    "kws_ref_model": "kws",
    "vww_96_int8": "vww",
    "pretrainedResnet_quant": "ic",
    "ad01_int8": "ad",
    "str_ww_ref_model": "sww",
}
"""File name without its ending → the benchmark's task, in the order in which tables list them."""
TASKS = tuple(MLPERF_TINY.values())
ENDINGS = (".tflite", ".onnx")
DIGITS = Path("examples/digits/digits.onnx")
"""The model that is in the repository itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchModel:
    """`key` is the task for a model of MLPerf Tiny, the file's name without ending for any other."""

    key: str
    path: Path


def checkout() -> Path | None:
    """The root of the checkout that this file is in; None in an installed package."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "kernels").is_dir() else None


def default_folder() -> Path:
    """Where the MLPerf Tiny models lie: in `shared/` beside the checkout (or beside the current folder)."""
    return (checkout() or Path.cwd()).parent / "shared" / "models" / "mlperf_tiny"


def named(path: Path) -> BenchModel:
    """A model by its file."""
    return BenchModel(key=MLPERF_TINY.get(path.stem, path.stem), path=path)


def models_in(folder: Path) -> tuple[BenchModel, ...]:
    """The MLPerf Tiny int8 models in a folder, in the benchmark's order; every model file where there are none."""
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in ENDINGS}
    known = [files[stem] for stem in MLPERF_TINY if stem in files]
    return tuple(named(path) for path in known or files.values())


def find_models(given: Sequence[Path]) -> tuple[BenchModel, ...]:
    """The models of the command line: files, folders, or, when none are given, the default folder's.

    Empty only when none are given and the default folder is not there.

    Raises:
        InputError: for a path that does not exist, a folder without models, or two models of one name.
    """
    if not given:
        folder = default_folder()
        return models_in(folder) if folder.is_dir() else ()
    found: list[BenchModel] = []
    for path in given:
        if not path.exists():
            raise InputError(f"{path} does not exist; give model files, or a folder that holds some")
        here = models_in(path) if path.is_dir() else (named(path),)
        if not here:
            raise InputError(f"{path} holds no {' or '.join(ENDINGS)} file; give another folder")
        found += here
    keys = [model.key for model in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError(f"got two models called {', '.join(twice)}; give each once")
    return tuple(found)


def digits_model() -> tuple[BenchModel, ...]:
    """The digits model of the repository; none in an installed package."""
    root = checkout()
    return () if root is None or not (root / DIGITS).is_file() else (named(root / DIGITS),)


def absent_message() -> str:
    """What to say when no models were given and there are none in the default place."""
    return (
        f"skipped: the MLPerf Tiny models are not in {default_folder()}; "
        "give model files or a folder of them with --models"
    )
