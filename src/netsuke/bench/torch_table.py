"""The table of the PyTorch networks: imported, quantised after training, built and proved on an emulated Cortex-M4.

python -m netsuke.bench.torch_table [NETWORK ...]
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from netsuke.bench.torch_networks import NETWORKS, Network, made
from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.measure import sqnr_db
from netsuke.compress.quantize import kept_in_float
from netsuke.compress.recipe import Quantized, Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.importers.onnx.load import Imported
from netsuke.importers.pytorch.load import imported_program
from netsuke.ir import Array
from netsuke.ops.interpret import interpret
from netsuke.pipeline import BuildOptions, build
from netsuke.qat.network import arranged
from netsuke.report.result import BuildResult

BOARD = "nucleo-l4r5zi"
SAMPLES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One network's results; `error` is the largest difference of the float graph from torch."""

    name: str
    error: float
    sqnr: float
    floats: int
    result: BuildResult


def row_of(network: Network, out: Path) -> Row:
    """Imports, quantises, builds."""
    module = made(network)
    found = imported_program(module, (torch.zeros(network.shape),), network.name)
    x = torch.randn(SAMPLES, *network.shape[1:], generator=torch.Generator().manual_seed(1))
    arrays = samples_of(found, x)
    done = quantize_by(found.graph, ArraySamples(arrays=(arrays,)), Recipe())
    result = build(done.graph, board=BOARD, out=out, options=BuildOptions(replace=True, compare=False))
    return Row(
        name=network.name, error=float_error(module, found, x), sqnr=output_sqnr(found, done, arrays),
        floats=len(kept_in_float(found.graph)), result=result,
    )  # fmt: skip


def samples_of(found: Imported, x: torch.Tensor) -> Array:
    """Samples in the graph's layout."""
    return np.ascontiguousarray(arranged(x, found.inputs[0]).numpy())


def float_error(module: torch.nn.Module, found: Imported, x: torch.Tensor) -> float:
    """Largest difference of outputs over a few samples."""
    worst = 0.0
    for i in range(4):
        with torch.no_grad():
            wanted = module(x[i : i + 1]).numpy()
        feed = samples_of(found, x[i : i + 1])
        ours = interpret(
            found.graph, [feed.reshape(found.graph.tensors[found.graph.inputs[0]].shape)]
        ).outputs[0]
        worst = max(worst, float(np.abs(ours.reshape(-1) - wanted.reshape(-1)).max()))
    return worst


def output_sqnr(found: Imported, done: Quantized, arrays: Array) -> float:
    """Of the integer graph against the float graph, over a few samples."""
    shape = found.graph.tensors[found.graph.inputs[0]].shape
    exact, rounded = [], []
    for sample in arrays[:8]:
        feed = sample.reshape(shape)
        exact.append(interpret(found.graph, [feed]).outputs[0])
        outputs = interpret(done.graph, quantize_inputs(done.graph, [feed])).outputs
        rounded.append(dequantize_outputs(done.graph, outputs)[0])
    return sqnr_db(np.stack(exact), np.stack(rounded))


def main(names: list[str]) -> None:
    """Prints Markdown, a row as soon as it is there."""
    print(
        "| network | torch - float graph | int8 SQNR, dB | in float | RAM | code | weights | Mcycles | verdict |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|---|")
    for network in NETWORKS:
        if names and network.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = row_of(network, Path(folder) / "out")
        r = row.result
        print(
            f"| {row.name} | {row.error:.1e} | {row.sqnr:.1f} | {row.floats} | {r.ram_bytes:,} | "
            f"{r.flash_code_bytes:,} | {r.flash_weights_bytes:,} | {(r.cycles or 0) / 1e6:.3f} | "
            f"{'exact' if r.exact else 'NOT EXACT'} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
