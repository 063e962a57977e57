"""Layers that stay in float32 though they have an integer form: by name, by operator, beside 16 bits, for a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netsuke.compress.recipe import Quantized, Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.importers.loading import load  # noqa: E402
from netsuke.importers.pytorch.load import imported_program  # noqa: E402
from netsuke.ir import DType, Graph  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from netsuke.quantization import quantize_model  # noqa: E402

RANDOM = np.random.default_rng(0)
SAMPLES = RANDOM.normal(0, 1, (16, 1, 8)).astype(np.float32)


def float_graph() -> Graph:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4)).eval()
    return imported_program(module, (torch.zeros(1, 8),), "block").graph


def made(**options: object) -> Quantized:
    return quantize_by(float_graph(), ArraySamples(arrays=(SAMPLES,)), Recipe(**options))  # type: ignore[arg-type]


def floats(graph: Graph) -> set[str]:
    return {n.op for n in graph.nodes if graph.tensors[n.outputs[0]].dtype is DType.FLOAT32}


def test_everything_has_an_integer_form() -> None:
    assert floats(made().graph) == set()


def test_by_operator_and_by_name() -> None:
    assert floats(made(float32=("normalize",)).graph) == {"dequantize", "normalize"}
    name = next(n.name for n in float_graph().nodes if n.op == "gelu")
    assert floats(made(float32=(name,)).graph) == {"dequantize", "gelu"}


def test_beside_16_bits_they_stay_in_float() -> None:
    done = made(int16=("all",))
    assert floats(done.graph) == {"dequantize", "normalize", "gelu"}
    assert all(done.graph.tensors[n.outputs[0]].dtype is not DType.INT8 for n in done.graph.nodes)


@pytest.mark.parametrize(("ending", "whole"), [("tflite", False), ("onnx", True)])
def test_a_tflite_file_gets_normalisation_in_float(ending: str, whole: bool, tmp_path: Path) -> None:
    path = tmp_path / f"block.{ending}"
    result = quantize_model(float_graph(), SAMPLES, path)
    assert result.file_bytes > 0
    assert result.quality.sqnr_db > 25
    graph = load(path)
    assert any(n.op == "normalize" for n in graph.nodes) is whole
    assert not whole or "normalize" not in floats(graph)


def test_integers_are_as_near_as_the_float_islands_were() -> None:
    exact, near, mixed = [], [], []
    whole, islands = made(), made(float32=("normalize", "gelu"))
    y = whole.graph.tensors[whole.graph.outputs[0]]
    x = whole.graph.tensors[whole.graph.inputs[0]]
    for sample in SAMPLES:
        exact.append(interpret(whole.real, [sample]).outputs[0])
        stored = np.clip(np.rint(sample / np.float32(x.scale)) + x.zero_point, -128, 127).astype(np.int8)
        for done, found in ((whole, near), (islands, mixed)):
            got = interpret(done.graph, [stored]).outputs[0].astype(np.float64)
            found.append((got - y.zero_point) * y.scale)
    noise = [float(np.square(np.stack(found) - np.stack(exact)).sum()) for found in (near, mixed)]
    # The islands are one: nothing is rounded between the normalisation and the function behind it.
    assert noise[0] < 1.5 * noise[1]
