"""Networks have the same random weights whichever tests ran before them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the torch extra is not installed")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Weights are drawn from torch's own generator."""
    torch.manual_seed(0)
