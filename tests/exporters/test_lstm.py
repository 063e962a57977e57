"""A torch LSTM, quantised: the integers, and what LiteRT and onnxruntime make of the files."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch")

from netsuke.compress.coding import dequantize_outputs, quantize_inputs  # noqa: E402
from netsuke.compress.recipe import Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.errors import UnsupportedModel  # noqa: E402
from netsuke.exporters import onnx, tflite  # noqa: E402
from netsuke.importers.pytorch import load_program  # noqa: E402
from netsuke.importers.tflite import load as load_tflite  # noqa: E402
from netsuke.ir import Array, DType, Graph  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from tests.ops.oracle import litert  # noqa: E402

SHAPE = (1, 9, 6)


class Net(torch.nn.Module):
    """A sequence to classes, or with its states."""

    def __init__(self, *, states: bool = False, **options: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.states = states
        self.layer = torch.nn.LSTM(6, 8, batch_first=True, **options)
        self.head = torch.nn.Linear(8 * (2 if options.get("bidirectional") else 1), 3)

    def forward(self, x: torch.Tensor) -> object:
        y, (h, c) = self.layer(x)
        return (y, h, c) if self.states else self.head(y[:, -1])


@cache
def samples() -> Array:
    return np.random.default_rng(0).normal(size=(24, *SHAPE[1:])).astype(np.float32)


def both(net: Net) -> tuple[Graph, Graph]:
    """The float graph and the integer one."""
    graph = load_program(net.eval(), (torch.zeros(SHAPE),), "net")
    return graph, quantize_by(graph, ArraySamples(arrays=(samples(),)), Recipe()).graph


def session_of(graph: Graph) -> ort.InferenceSession:
    """As it is written: its optimiser makes a file of this one that it cannot read itself."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(onnx.write(graph), options)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"bidirectional": True}], ids=str)
def test_litert_gives_the_same_bytes(options: dict[str, object]) -> None:
    real, whole = both(Net(**options))
    assert {whole.tensors[n.outputs[0]].dtype for n in whole.nodes} == {DType.INT8}
    assert sum(n.op == "lstm" for n in whole.nodes) == (1 if not options else 2)
    inputs = [quantize_inputs(whole, [x[np.newaxis]]) for x in samples()]
    theirs = litert(whole, inputs)
    again = load_tflite(tflite.write(whole), "again")
    for x, given, wanted in zip(samples(), inputs, theirs, strict=True):
        ours = interpret(whole, given).outputs
        np.testing.assert_array_equal(ours[0], wanted[0])
        np.testing.assert_array_equal(interpret(again, given).outputs[0], wanted[0])
        exact = interpret(real, [x[np.newaxis]]).outputs[0]
        assert np.abs(dequantize_outputs(whole, ours)[0] - exact).max() < 0.03


def test_onnxruntime_computes_the_float_graph() -> None:
    graph, whole = both(Net(states=True))
    session = session_of(graph)
    for x in samples()[:4]:
        found = session.run(None, {graph.inputs[0]: x[np.newaxis]})
        for theirs, ours in zip(found, interpret(graph, [x[np.newaxis]]).outputs, strict=True):
            np.testing.assert_allclose(theirs.reshape(ours.shape), ours, atol=2e-6)
    quantised = session_of(whole)
    x = quantize_inputs(whole, [samples()[:1]])
    (theirs, *_), (ours, *_) = quantised.run(None, {whole.inputs[0]: x[0]}), interpret(whole, x).outputs
    assert np.abs(theirs.reshape(ours.shape).astype(int) - ours.astype(int)).max() <= 3


def test_states_are_quantised_too() -> None:
    real, whole = both(Net(states=True))
    x = samples()[:1]
    found = dequantize_outputs(whole, interpret(whole, quantize_inputs(whole, [x])).outputs)
    for ours, exact in zip(found, interpret(real, [x]).outputs, strict=True):
        assert np.abs(ours - exact.reshape(ours.shape)).max() < 0.03
    with pytest.raises(UnsupportedModel, match="cell state of lstm 'layer' is read"):
        tflite.write(whole)


def test_given_states_start_it() -> None:
    class Given(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.layer = torch.nn.LSTM(6, 8, batch_first=True)

        def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
            return self.layer(x, (h, c))[0]

    net = Given().eval()
    given = (torch.randn(SHAPE), torch.rand(1, 1, 8) - 0.5, torch.rand(1, 1, 8))
    graph = load_program(net, given, "given")
    feeds = [t.numpy() for t in given]
    with torch.no_grad():
        wanted = net(*given).numpy()
    np.testing.assert_allclose(interpret(graph, feeds).outputs[0], wanted, atol=2e-6)
    many = tuple(np.concatenate([f * s for s in (0.5, 1, -1)]) for f in feeds)
    whole = quantize_by(graph, ArraySamples(arrays=many), Recipe()).graph
    found = dequantize_outputs(whole, interpret(whole, quantize_inputs(whole, feeds)).outputs)[0]
    assert np.abs(found - wanted).max() < 0.03
    with pytest.raises(UnsupportedModel, match="starts from given states"):
        tflite.write(whole)
