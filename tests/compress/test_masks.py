"""Hidden scores of attention: a very large negative number must not set the scale of the scores that count."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from netsuke.compress.coding import dequantize_outputs, quantize_inputs  # noqa: E402
from netsuke.compress.masks import masks_of, with_bounded_masks  # noqa: E402
from netsuke.compress.measure import sqnr_db  # noqa: E402
from netsuke.compress.recipe import Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.importers.pytorch import load_program  # noqa: E402
from netsuke.ir import DType  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402

HIDDEN = torch.triu(torch.ones(8, 8), 1) == 1


class Causal(torch.nn.Module):  # type: ignore[misc]
    """One head of attention that sees the past; scores that tell."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.qkv = torch.nn.Linear(16, 48)
        self.qkv.weight.data.mul_(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        if self.kind == "causal":
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        scores = q @ k.transpose(-2, -1) / 4
        value = float("-inf") if self.kind == "fill" else -1e9
        hidden = HIDDEN if self.kind == "fill" else (x[:, :, :1].transpose(1, 2) > 0.8)
        return scores.masked_fill(hidden, value).softmax(-1) @ v


@pytest.mark.parametrize("kind", ["causal", "fill", "computed"])
def test_scores_keep_their_scale(kind: str) -> None:
    torch.manual_seed(0)
    graph = load_program(Causal(kind).eval(), (torch.zeros(1, 8, 16),), "m")
    x = np.random.default_rng(0).normal(size=(24, 8, 16)).astype(np.float32)
    samples = ArraySamples(arrays=(x,))
    assert len(masks_of(graph)) == 1
    done = quantize_by(graph, samples, Recipe())
    exact, found = [], []
    for one in x[:8]:
        exact.append(interpret(graph, [one[None]]).outputs[0])
        outputs = interpret(done.graph, quantize_inputs(done.graph, [one[None]])).outputs
        found.append(dequantize_outputs(done.graph, outputs)[0])
    assert sqnr_db(np.stack(exact), np.stack(found)) > 25


def test_bounded_masks_compute_the_same() -> None:
    torch.manual_seed(0)
    graph = load_program(Causal("fill").eval(), (torch.zeros(1, 8, 16),), "m")
    x = np.random.default_rng(1).normal(size=(4, 8, 16)).astype(np.float32)
    bounded = with_bounded_masks(graph, ArraySamples(arrays=(x,)))
    assert not masks_of(bounded)
    for one in x:
        wanted, got = (interpret(g, [one[None]]).outputs[0] for g in (graph, bounded))
        np.testing.assert_allclose(got, wanted, atol=2e-3)


def test_a_graph_without_masks_is_the_same_graph() -> None:
    graph = load_program(torch.nn.Linear(4, 4).eval(), (torch.zeros(1, 4),), "m")
    assert with_bounded_masks(graph, ArraySamples(arrays=(np.zeros((1, 4), np.float32),))) is graph


def test_places_are_found_among_integers() -> None:
    """argmax reads int8; token numbers go in as they are."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Embedding(20, 8), torch.nn.Linear(8, 5))
    graph = load_program(
        torch.nn.Sequential(module, Places()).eval(), (torch.zeros(1, 6, dtype=torch.int64),), "m"
    )
    tokens = np.random.default_rng(0).integers(0, 20, (16, 6)).astype(np.int32)
    done = quantize_by(graph, ArraySamples(arrays=(tokens,)), Recipe()).graph
    assert all(t.dtype is not DType.FLOAT32 for t in done.tensors.values() if t.data is None)
    fed = quantize_inputs(done, [tokens[:1].astype(np.int64)])
    assert dequantize_outputs(done, interpret(done, fed).outputs)[0].shape == (1, 6)


class Places(torch.nn.Module):  # type: ignore[misc]
    """argmax over the last axis."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.argmax(-1)
