"""The demo: handwritten digits, from a float ONNX file to a proved image for a microcontroller.

`run` tells the whole story: read the float model, calibrate it on digits that it was not trained on, quantise
it, build it for a board, and run all test digits on the emulated core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.compress import accuracy, calibrate, dequantize_outputs, quantize, quantize_inputs, sqnr_db
from netsuke.errors import InputError
from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret
from netsuke.pipeline import BuildOptions, Progress, build, silent
from netsuke.report.result import BuildResult

BOARD = "nucleo-l4r5zi"
CALIBRATION_FROM, TEST_FROM = 1197, 1497
CALIBRATE_WITH = 100
"""Every third digit of the calibration part: more of them move the ranges by less than a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Part of a data set: float32 images [N, 8, 8, 1] from 0 (paper) to 1 (ink), int64 labels [N]."""

    images: Array
    labels: Array

    def samples(self) -> list[tuple[Array, ...]]:
        """The images as invocations of a model: one input [1, 8, 8, 1] each."""
        return [(image[np.newaxis],) for image in self.images]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """scikit-learn's 1797 digits: 1197 to train on, 300 to calibrate with, 300 to test with."""

    train: Split
    calibration: Split
    test: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo found: accuracies are shares of the test digits that were read right."""

    test_digits: int
    float_accuracy: float
    int8_accuracy: float
    """Of the integer reference in Python."""
    chip_accuracy: float | None
    """Of the bytes that the emulated core gave; None when it ran another number of digits."""
    sqnr_db: float
    """Float probabilities against int8 ones over the test digits."""
    build: BuildResult
    seconds: float

    @property
    def report(self) -> Path:
        """The page with all results."""
        return self.build.project / "report.html"


def model_file() -> Path:
    """The float model: inside the installed package, or in the examples of a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_examples", package.parents[1] / "examples"):
        file = folder / "digits" / "digits.onnx"
        if file.is_file():
            return file
    raise InputError(
        "the demo's model digits.onnx is not there; reinstall netsuke, or run the demo in a whole checkout"
    )


def load_digits() -> Digits:
    """The digits, split by their place in the file.

    The file keeps the order in which 13 people wrote, so that the last parts hold the hands of people whom
    the training part has not seen: harder, and nearer to use, than a shuffled split.

    Raises:
        InputError: without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits as load_all
    except ImportError:
        raise InputError(
            "the digits come with scikit-learn, which is not installed: pip install 'netsuke[demo]'"
        ) from None
    found = load_all()
    images = (found.images / 16.0).astype(np.float32)[..., np.newaxis]
    labels = found.target.astype(np.int64)

    def part(start: int, stop: int | None) -> Split:
        return Split(images=images[start:stop], labels=labels[start:stop])

    return Digits(
        train=part(0, CALIBRATION_FROM),
        calibration=part(CALIBRATION_FROM, TEST_FROM),
        test=part(TEST_FROM, None),
    )


def run(out: Path, *, board: str = BOARD, progress: Progress = silent) -> DemoResult:
    """Runs the demo; the C project and its reports are written into folder `out`.

    Args:
        out: a folder that is not there yet, or that an earlier run wrote.
        board: which board to build for.
        progress: called with what is being done and how much of all is done (0..1).

    Raises:
        NetsukeError: when a package of the extra `demo` is missing, or the build fails; nothing is then
            written.
    """
    started = time.monotonic()
    progress("load the float model and the digits", 0.0)
    model = load(model_file())
    digits = load_digits()
    test = digits.test.samples()
    progress("run the float model on the test digits", 0.02)
    exact = outputs_of(model, test)
    small = in_integers(model, digits, lambda done: progress("calibrate", 0.2 + 0.08 * done))
    progress("run the int8 reference on the test digits", 0.28)
    inputs = [quantize_inputs(small, sample) for sample in test]
    stored = [dequantize_outputs(small, interpret(small, given).outputs)[0] for given in inputs]
    built = build(
        small,
        board=board,
        out=out,
        options=BuildOptions(name="digits", inputs=inputs, runs=0),
        progress=lambda what, share: progress(what, 0.45 + 0.55 * share),
    )
    int8_accuracy = accuracy(stored, digits.test.labels)
    return DemoResult(
        test_digits=len(test),
        float_accuracy=accuracy(exact, digits.test.labels),
        int8_accuracy=int8_accuracy,
        chip_accuracy=chip_accuracy(built, digits.test.labels),
        sqnr_db=sqnr_db(np.stack(exact), np.stack(stored)),
        build=built,
        seconds=time.monotonic() - started,
    )


def in_integers(model: Graph, digits: Digits, progress: Callable[[float], None] = lambda done: None) -> Graph:
    """The int8 network of the demo, calibrated with digits that are not scored; `progress`: share done."""
    progress(0.0)
    samples = digits.calibration.samples()[:: len(digits.calibration.labels) // CALIBRATE_WITH]
    ranges = calibrate(model, samples, progress=lambda done: progress(done / len(samples)))
    return quantize(model, ranges)


def chip_accuracy(built: BuildResult, labels: Array) -> float | None:
    """The share of digits that the bytes which the emulated core gave read right."""
    if len(built.raw_outputs) != len(labels):
        return None
    probabilities = [np.frombuffer(given[0], dtype=np.int8) for given in built.raw_outputs]
    return accuracy(probabilities, labels)


def outputs_of(graph: Graph, samples: list[tuple[Array, ...]]) -> list[Array]:
    """The first output of every invocation."""
    return [interpret(graph, sample).outputs[0] for sample in samples]
