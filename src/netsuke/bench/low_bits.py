"""A digits network with weights of 8, 4 and 2 bits: after training to nearest, with AdaRound, and trained with it.

    python -m netsuke.bench.low_bits

Accuracies are the integer graphs' on the digits that neither training nor calibration saw; flash and cycles are those
of the real kernels.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.measure import accuracy as measured
from netsuke.compress.recipe import Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.importers.pytorch.load import imported_program
from netsuke.ir import Graph
from netsuke.ops.interpret import interpret
from netsuke.pipeline import BuildOptions, build
from netsuke.qat import prepare_qat
from netsuke.qat.network import arranged

BOARD = "nucleo-l4r5zi"
TRAINING = 1300
"""Digits of 1,797 that are trained on; the others are scored."""
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Images [N, 1, 8, 8] from 0 to 1, and classes."""

    images: Any
    labels: Any

    def part(self, chosen: slice) -> Digits:
        """Some of them."""
        return Digits(images=self.images[chosen], labels=self.labels[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of bits: accuracies, and the build of the trained network."""

    bits: int
    nearest: float
    adaround: float
    trained: float
    code: int
    weights: int
    cycles: int
    exact: bool


def digits() -> Digits:
    """scikit-learn's digits in a fixed random order."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(1).permutation(len(found.target))
    images = torch.tensor(found.images[order, np.newaxis] / 16.0, dtype=torch.float32)
    return Digits(images=images, labels=torch.tensor(found.target[order]))


def network() -> nn.Module:
    """Three convolutions, one of them depthwise, a pointwise one and a dense layer."""

    def block(*layers: nn.Module, channels: int) -> list[nn.Module]:
        return [*layers, nn.BatchNorm2d(channels), nn.ReLU()]

    return nn.Sequential(
        *block(nn.Conv2d(1, 16, 3, padding=1, bias=False), channels=16),
        *block(nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False), channels=32),
        *block(nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False), channels=32),
        *block(nn.Conv2d(32, 64, 1, bias=False), channels=64),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def train(module: Any, data: Digits, *, rate: float, epochs: int, seed: int = 0) -> None:
    """Adam with a rate that falls to nothing along a cosine."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(module.parameters(), rate)
    count = len(data.labels)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-count // BATCH))
    for _ in range(epochs):
        for chosen in torch.randperm(count, generator=generator).split(BATCH):
            loss = functional.cross_entropy(module(data.images[chosen]), data.labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def accuracy(module: Any, data: Digits) -> float:
    """Share of right classes."""
    with torch.no_grad():
        return float((module(data.images).argmax(1) == data.labels).float().mean())


def integer_accuracy(graph: Graph, arrays: Any, labels: Any) -> float:
    """Share of right classes of an integer graph, by its references."""
    shape = graph.tensors[graph.inputs[0]].shape
    outputs = (
        dequantize_outputs(graph, interpret(graph, quantize_inputs(graph, [x.reshape(shape)])).outputs)[0]
        for x in arrays
    )
    return measured(list(outputs), labels.numpy())


def rows(epochs: int = 30) -> Iterator[Row | float]:
    """First the float network's accuracy, then a row for each number of bits."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    data = digits()
    seen, unseen = data.part(slice(TRAINING)), data.part(slice(TRAINING, None))
    module = network()
    train(module, seen, rate=1e-2, epochs=epochs)
    module.eval()
    yield accuracy(module, unseen)
    found = imported_program(module, (data.images[:1],), "digits")
    calibration = ArraySamples(arrays=(arranged(seen.images[:256], found.inputs[0]).numpy(),))
    arrays = arranged(unseen.images, found.inputs[0]).numpy()
    for bits in (8, 4, 2):
        four, two = (("all",) if bits == few else () for few in (4, 2))
        scores = [
            integer_accuracy(quantize_by(found.graph, calibration, recipe).graph, arrays, unseen.labels)
            for recipe in (
                Recipe(weights_4=four, weights_2=two),
                Recipe(adaround=True, weights_4=four, weights_2=two),
            )
        ]
        qat = prepare_qat(module, (data.images[:1],), seen.images[:256], weights=bits, name="digits")
        train(qat, seen, rate=4e-3 if bits == 2 else 2e-3, epochs=epochs)
        graph = qat.integers()
        with tempfile.TemporaryDirectory() as folder:
            options = BuildOptions(replace=True, compare=False)
            built = build(graph, board=BOARD, out=Path(folder) / "out", options=options)
        yield Row(
            bits=bits, nearest=scores[0], adaround=scores[1],
            trained=integer_accuracy(graph, arrays, unseen.labels), code=built.flash_code_bytes,
            weights=built.flash_weights_bytes, cycles=built.cycles or 0, exact=built.exact,
        )  # fmt: skip


def main() -> None:
    """Prints Markdown."""
    for row in rows():
        if isinstance(row, float):
            print(f"float32: {row:.1%}\n")
            print(
                "| weights / activations | nearest | AdaRound | trained | code | weights | cycles | verdict |"
            )
            print("|---|--:|--:|--:|--:|--:|--:|---|", flush=True)
            continue
        verdict = "exact" if row.exact else "NOT EXACT"
        print(
            f"| {row.bits} / 8 bits | {row.nearest:.1%} | {row.adaround:.1%} | {row.trained:.1%} | {row.code:,} | "
            f"{row.weights:,} | {row.cycles:,} | {verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
