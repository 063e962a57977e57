"""Quantised LSTM and GRU networks as .onnx files: their own operators come back, and onnxruntime is one step away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from netsuke.compress.coding import quantize_inputs  # noqa: E402
from netsuke.compress.recipe import Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.exporters.onnx import write  # noqa: E402
from netsuke.exporting import written  # noqa: E402
from netsuke.importers.onnx import load  # noqa: E402
from netsuke.importers.pytorch import load_program  # noqa: E402
from netsuke.ir import DType  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from netsuke.quantization import quantize_model  # noqa: E402
from tests.exporters.test_onnx_integers import under_onnxruntime  # noqa: E402

SHAPE = (1, 9, 6)
SAMPLES = np.random.default_rng(0).normal(size=(24, *SHAPE[1:])).astype(np.float32)


class Net(torch.nn.Module):
    """Hidden states, or both kinds of state behind the last step too."""

    def __init__(self, kind: str, *, states: bool = False, **options: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.states = states
        self.layer = getattr(torch.nn, kind)(6, 8, batch_first=True, **options)

    def forward(self, x: torch.Tensor) -> object:
        y, last = self.layer(x)
        if not self.states:
            return y
        return (y, *last) if isinstance(last, tuple) else (y, last)


@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2}, {"bidirectional": True}, {"states": True}, {"bias": False}], ids=str
)
@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_networks(kind: str, options: dict[str, object]) -> None:
    graph = load_program(Net(kind, **options).eval(), (torch.zeros(SHAPE),), "net")  # type: ignore[arg-type]
    whole = quantize_by(graph, ArraySamples(arrays=(SAMPLES,)), Recipe()).graph
    inputs = [tuple(quantize_inputs(whole, [x[np.newaxis]])) for x in SAMPLES]
    data, _ = written(whole, Path("net.onnx"), inputs[:6])
    back = load(data, "net")
    count = sum(n.op == kind.lower() for n in whole.nodes)
    assert sum(n.op == kind.lower() for n in back.nodes) == count > 0
    assert not any(t.dtype is DType.FLOAT32 for t in back.tensors.values())
    for x in inputs:
        theirs, ours = under_onnxruntime(whole, x), interpret(whole, x).outputs
        assert np.abs(theirs[0].astype(int) - ours[0].astype(int)).max() <= 1


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_float_networks(kind: str) -> None:
    graph = load_program(Net(kind, states=True).eval(), (torch.zeros(SHAPE),), "net")
    data, _ = written(graph, Path("net.onnx"), [(x[np.newaxis],) for x in SAMPLES[:2]])
    assert [n.op for n in load(data, "net").nodes if n.op == kind.lower()] == [kind.lower()]
    theirs, ours = under_onnxruntime(graph, (SAMPLES[:1],)), interpret(graph, [SAMPLES[:1]]).outputs
    for a, b in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(a.reshape(b.shape), b, atol=2e-6)


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_a_model_that_is_quantised_into_a_file_keeps_its_layer(kind: str, tmp_path: Path) -> None:
    graph = load_program(Net(kind).eval(), (torch.zeros(SHAPE),), "net")
    path = tmp_path / "net.onnx"
    result = quantize_model(graph, SAMPLES, path)
    assert result.quality.sqnr_db > 25
    assert kind.lower() in {n.op for n in load(path.read_bytes(), "net").nodes}


def test_other_quantisations_of_a_layer_run_on_real_numbers() -> None:
    """Scales a row instead of a gate, which our integers do not have: the layer stays float32."""
    graph = load_program(Net("GRU").eval(), (torch.zeros(SHAPE),), "net")
    whole = quantize_by(graph, ArraySamples(arrays=(SAMPLES,)), Recipe()).graph
    layer = next(n for n in whole.nodes if n.op == "gru")
    tensor = whole.tensors[layer.inputs[1]]
    q = tensor.quantization
    assert q is not None
    scales = tuple(s * (1 + 0.01 * i) for i, s in enumerate(q.scale))
    changed = replace(tensor, quantization=replace(q, scale=tuple(float(np.float32(s)) for s in scales)))
    back = load(write(whole.with_(tensors={**whole.tensors, tensor.name: changed})), "net")
    kinds = [back.tensors[n.inputs[0]].dtype for n in back.nodes if n.op == "gru"]
    assert kinds == [DType.FLOAT32]
