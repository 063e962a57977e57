"""A network in training computes what its integer graph computes, to the bit, and training it helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import netsuke  # noqa: E402
from netsuke.compress.batching import batched  # noqa: E402
from netsuke.compress.coding import dequantize_outputs, quantize_inputs  # noqa: E402
from netsuke.errors import InputError, UnsupportedModel  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from netsuke.qat import QatNetwork, prepare_qat  # noqa: E402
from netsuke.qat.network import arranged  # noqa: E402
from netsuke.qat.steps import STEPS  # noqa: E402


class Small(nn.Module):
    """Convolutions with batch normalisation, a depthwise one, a residual sum, a pool and a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.deep = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.BatchNorm2d(6), nn.ReLU6())
        self.point = nn.Conv2d(6, 6, 1)
        self.head = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        x = F.max_pool2d(x + self.point(self.deep(x)), 2)
        return self.head(x.mean((2, 3)))


def images(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 1, 8, 6, generator=torch.Generator().manual_seed(seed))


def small(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    module = Small()
    module.train()
    module(images(64))
    return module.eval()


def integer_outputs(network: QatNetwork, x: torch.Tensor) -> np.ndarray:
    graph = network.integers()
    wide = batched(graph, len(x))
    assert wide is not None
    feeds = quantize_inputs(wide, [np.ascontiguousarray(arranged(x, network._inputs[0]).numpy())])
    return dequantize_outputs(wide, interpret(wide, feeds).outputs)[0]


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_what_is_trained_on_is_what_the_integers_give(bits: int) -> None:
    network = prepare_qat(small(), (images(1),), images(32), weights=bits)
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for step in range(4):
        x = images(16, step)
        np.testing.assert_array_equal(network(x).detach().numpy(), integer_outputs(network, x))
        loss = F.cross_entropy(network(x), torch.arange(16) % 4)
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
        optimizer.step()


def test_training_lowers_the_loss() -> None:
    network = prepare_qat(small(), (images(1),), images(32), weights=4)
    x = images(64, 7)
    labels = small(1)(x).argmax(1)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(25):
        loss = F.cross_entropy(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_bits_by_layer() -> None:
    network = prepare_qat(small(), (images(1),), images(8), weights=4, layers={"head": 8, "point": 2})
    layers = network.current().layers
    largest = {name: int(np.abs(layer.values).max()) for name, layer in layers.items()}
    assert largest["point"] == 1
    assert largest["head"] > 7
    assert all(n in ("point", "head") or v <= 7 for n, v in largest.items())


def test_first_weights_of_8_bits_are_those_of_plain_quantisation() -> None:
    network = prepare_qat(small(), (images(1),), images(8))
    for layer in network.current().layers.values():
        assert np.abs(layer.values).max() == 127


def test_unknown_bits_and_layers_are_refused() -> None:
    with pytest.raises(InputError, match="3 bits for weights; 8, 4, 2 were wanted"):
        prepare_qat(small(), (images(1),), images(8), weights=3)
    with pytest.raises(InputError, match="nowhere"):
        prepare_qat(small(), (images(1),), images(8), layers={"nowhere": 4})
    with pytest.raises(InputError, match="samples for 2 inputs"):
        prepare_qat(small(), (images(1),), [images(8), images(8)])


def test_operators_without_gradients_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(STEPS, "max_pool_2d")
    with pytest.raises(UnsupportedModel, match="cannot be trained with its quantisation: max_pool_2d"):
        prepare_qat(small(), (images(1),), images(8))


def test_a_trained_network_builds(tmp_path: Path) -> None:
    network = netsuke.quantize.prepare_qat(small(), (images(1),), images(16), weights=4)
    result = netsuke.load(network).build(board="nucleo-l4r5zi", out=tmp_path / "out")
    assert result.exact
    assert {layer.kernel for layer in result.layers} >= {"nk_pointwise_w4_dsp"}
