"""Normalisation and activations by table in training: what is trained on is what the integers give."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netsuke.qat import prepare_qat  # noqa: E402
from tests.qat.test_qat import integer_outputs  # noqa: E402

ACTIVATIONS = {
    "gelu": nn.GELU(), "gelu tanh": nn.GELU(approximate="tanh"), "elu": nn.ELU(), "mish": nn.Mish(), "silu": nn.SiLU(),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_block_with_a_norm_is_trained_on_its_integers(name: str) -> None:
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), ACTIVATIONS[name], nn.Linear(8, 3)).eval()
    network = prepare_qat(module, (torch.zeros(1, 6),), torch.randn(32, 6))
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for step in range(3):
        x = torch.randn(16, 6, generator=torch.Generator().manual_seed(step))
        y = network(x)
        np.testing.assert_array_equal(y.detach().numpy(), integer_outputs(network, x))
        loss = nn.functional.cross_entropy(y, torch.arange(16) % 3)
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
        optimizer.step()
