"""Whole networks from torch: the float graph agrees, and the integer one builds to exact C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import netsuke  # noqa: E402
from netsuke.bench.torch_networks import NETWORKS, Network, made  # noqa: E402
from netsuke.bench.torch_table import float_error, output_sqnr, row_of, samples_of  # noqa: E402
from netsuke.compress.quantize import kept_in_float  # noqa: E402
from netsuke.compress.recipe import Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.errors import ImportModelError, InputError, UnsupportedModel  # noqa: E402
from netsuke.exporting import export_graph  # noqa: E402
from netsuke.importers.pytorch.load import imported_program  # noqa: E402
from netsuke.ir import DType  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402

BY_NAME = {network.name: network for network in NETWORKS}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_float_graph_computes_what_torch_does(network: Network) -> None:
    module = made(network)
    found = imported_program(module, (torch.zeros(network.shape),), network.name)
    x = torch.randn(4, *network.shape[1:], generator=torch.Generator().manual_seed(1))
    assert float_error(module, found, x) < 2e-5


@pytest.mark.parametrize("name", ["autoencoder", "tcn"])
def test_integers_are_exact_on_the_emulated_core(name: str, tmp_path: Path) -> None:
    row = row_of(BY_NAME[name], tmp_path / "out")
    assert row.result.exact
    assert row.sqnr > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - {"autoencoder", "tcn"}))
def test_every_network_is_exact_on_the_emulated_core(name: str, tmp_path: Path) -> None:
    assert row_of(BY_NAME[name], tmp_path / "out").result.exact


def test_a_transformer_has_an_integer_form_of_everything() -> None:
    network = BY_NAME["transformer"]
    found = imported_program(made(network), (torch.zeros(network.shape),), network.name)
    arrays = samples_of(found, torch.randn(8, *network.shape[1:]))
    done = quantize_by(found.graph, ArraySamples(arrays=(arrays,)), Recipe())
    assert kept_in_float(found.graph) == ()
    assert {n.op for n in done.graph.nodes} >= {"normalize", "softmax", "batch_matmul"}
    assert all(done.graph.tensors[n.outputs[0]].dtype is DType.INT8 for n in done.graph.nodes)
    assert output_sqnr(found, done, arrays) > 30


def test_layers_stay_in_float_where_a_recipe_says_so_and_tflite_then_takes_them(tmp_path: Path) -> None:
    network = BY_NAME["transformer"]
    found = imported_program(made(network), (torch.zeros(network.shape),), network.name)
    samples = ArraySamples(arrays=(samples_of(found, torch.randn(8, *network.shape[1:])),))
    with pytest.raises(UnsupportedModel, match="normalisation of integers"):
        export_graph(quantize_by(found.graph, samples, Recipe()).graph, tmp_path / "integers.tflite")
    graph = quantize_by(found.graph, samples, Recipe(float32=("normalize", "erf"))).graph
    floats = {n.op for n in graph.nodes if graph.tensors[n.outputs[0]].quantization is None}
    assert floats == {"normalize", "dequantize"}
    export_graph(graph, tmp_path / "mixed.tflite")
    with pytest.raises(InputError, match="got layer 'nothing'"):
        quantize_by(found.graph, samples, Recipe(float32=("nothing",)))


class Likelihood(torch.nn.Module):  # type: ignore[misc]
    """A dense layer, the logarithm of its softmax, another dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Linear(8, 8), torch.nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[1, 8] → [1, 4]."""
        return self.last(torch.log_softmax(self.first(x), -1))


def test_what_has_no_integer_form_stays_in_float_and_the_rest_does_not() -> None:
    found = imported_program(Likelihood().eval(), (torch.zeros(1, 8),), "likelihood")
    arrays = torch.randn(8, 1, 8).numpy()
    graph = quantize_by(found.graph, ArraySamples(arrays=(arrays,)), Recipe()).graph
    assert [said.split()[0] for said in kept_in_float(found.graph)] == ["log_softmax"]
    floats = {n.op for n in graph.nodes if graph.tensors[n.outputs[0]].quantization is None}
    assert floats == {"log_softmax", "dequantize"}
    assert {graph.tensors[name].dtype.value for name in (*graph.inputs, *graph.outputs)} == {"int8"}


def test_a_saved_program_is_read(tmp_path: Path) -> None:
    network = BY_NAME["autoencoder"]
    module, x = made(network), torch.zeros(network.shape)
    torch.export.save(torch.export.export(module, (x,)), tmp_path / "saved.pt2")
    loaded, direct = netsuke.load(tmp_path / "saved.pt2"), netsuke.load(module, (x,))
    feed = [np.ones(network.shape, np.float32)]
    outputs = [interpret(m.graph, feed).outputs[0] for m in (loaded, direct)]
    np.testing.assert_array_equal(*outputs)
    assert loaded.graph.name == "saved"


def test_the_module_keeps_its_mode() -> None:
    module = made(BY_NAME["autoencoder"]).train()
    netsuke.load(module, (torch.zeros(1, 128),))
    assert module.training


def test_every_unsupported_call_is_named() -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.special.bessel_j0(torch.fft.fft(x).real)

    with pytest.raises(UnsupportedModel, match="fft_fft") as caught:
        netsuke.load(Odd(), (torch.zeros(1, 8),), name="odd")
    assert "replace it" in str(caught.value)


def test_branches_on_values_are_torchs_to_explain() -> None:
    class Branch(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(ImportModelError, match=r"torch cannot export branch: .*no branches on values"):
        netsuke.load(Branch(), (torch.zeros(1, 8),), name="branch")


def test_changed_buffers_are_refused() -> None:
    class Counting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen.add_(1)
            return x + self.seen

    with pytest.raises(ImportModelError, match="changes 'seen' while it runs; give states as inputs"):
        netsuke.load(Counting(), (torch.zeros(1, 8),), name="counting")


def test_wrong_objects_and_missing_inputs_are_told() -> None:
    with pytest.raises(InputError, match="got dict; a path"):
        netsuke.load({})
    with pytest.raises(InputError, match="came without example inputs"):
        netsuke.load(torch.nn.ReLU())
    with pytest.raises(InputError, match="a file has its own shapes"):
        netsuke.load("model.onnx", (torch.zeros(1),))


def test_a_damaged_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "bad.pt2").write_bytes(b"PK\x03\x04 this is not a program" * 10)
    with pytest.raises(ImportModelError, match=r"write it with torch\.export\.save"):
        netsuke.load(tmp_path / "bad.pt2")
