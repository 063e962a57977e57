"""ATen calls one by one that people use between layers: the imported graph computes what torch does."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from netsuke.importers.pytorch import load_program  # noqa: E402
from tests.importers.pytorch.agree import check  # noqa: E402
from tests.importers.pytorch.test_modules import Fn, image, rows  # noqa: E402

KEEP = torch.tril(torch.ones(6, 6)) == 0

ROWS = {
    "max along": lambda x: torch.max(x, dim=2)[0],
    "max and place": lambda x: torch.max(x, 2, keepdim=True),
    "min and place": lambda x: x.min(dim=1),
    "max of all": lambda x: x.max() + x.min(),
    "argmin": lambda x: x.argmin(-1),
    "norm": lambda x: x.norm(dim=2),
    "norm 1": lambda x: torch.linalg.vector_norm(x, ord=1, dim=2, keepdim=True),
    "norm inf": lambda x: torch.linalg.vector_norm(x, ord=math.inf, dim=2),
    "normalize": lambda x: F.normalize(x, p=2, dim=2),
    "cosine": lambda x: F.cosine_similarity(x[:, :4], x[:, 1:5], dim=2),
    "distance": lambda x: F.pairwise_distance(x[0, :3], x[0, 3:]).unsqueeze(0),
    "masked fill": lambda x: x.masked_fill(KEEP, float("-inf")).softmax(-1),
    "masked fill number": lambda x: x.masked_fill(KEEP, 0.5),
    "fill where": lambda x: x.masked_fill(x > 0.3, -2.0),
    "where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "truth times": lambda x: x * (x > 0.2),
    "truth": lambda x: ((x > 0) & (x < 1) | (x == 2)).float() + (x != x.abs()).float() + (~(x >= 0)).int(),
    "cumsum": lambda x: x.cumsum(1),
    "logsumexp": lambda x: torch.logsumexp(x, 2),
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x, x * 2),
    "unfold": lambda x: x.unfold(1, 3, 2),
    "frames": lambda x: x.flatten(1).unfold(-1, 9, 9),
    "roll": lambda x: x.roll(2, 1) + torch.roll(x, (-1, 3), (1, 2)),
    "interleave": lambda x: x.repeat_interleave(3, dim=1),
    "list": lambda x: x[:, [3, 0, 5]],
    "list of one": lambda x: x[:, [-1], :],
    "movedim": lambda x: x.movedim(0, 2),
    "tril": lambda x: torch.tril(x) + torch.triu(x, 1) * 2,
    "like": lambda x: x + torch.ones_like(x) * torch.full_like(x, 2.5) + x.new_zeros(6),
    "addcmul": lambda x: torch.addcmul(x, x, x * 2, value=0.5) + torch.lerp(x, x * 3, 0.3),
    "logs": lambda x: torch.log1p(x.abs()) + torch.log2(x.abs() + 1) + torch.expm1(x) + torch.exp2(x),
    "floor": lambda x: torch.div(x, 0.3, rounding_mode="floor") + x.remainder(0.7) + 2**x,
    "outer": lambda x: torch.outer(x[0, 0], x[0, 1]).unsqueeze(0) + torch.mv(x[0], x[0, 0]),
    "clamp tensors": lambda x: torch.clamp(x, min=x.mean(), max=torch.tensor(0.7)),
    "shrinks": lambda x: F.hardshrink(x) + F.softshrink(x) + F.tanhshrink(x) + F.threshold(x, 0.1, 2.0),
    "mask of bool": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=~KEEP),
    "computed mask": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=x > -1),
    "expanded": lambda x: (
        x * x.mean(2, keepdim=True).expand_as(x) + x.mean(1, keepdim=True).expand(-1, 6, -1)
    ),
    "whole numbers": lambda x: x[:, :, :2] + (x.argmax(2, keepdim=True) * 2 + 1) / 4,
    "nothing decides": lambda x: (x * 2, torch.arange(3).float().exp()),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows(name: str) -> None:
    check(Fn(ROWS[name]), rows(1, 6, 6))


IMAGES = {
    "circular": nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
    "replicate": nn.Conv2d(3, 4, 3, padding=1, padding_mode="replicate"),
    "reflect": nn.Sequential(nn.ReflectionPad2d((1, 2, 0, 1)), nn.Conv2d(3, 4, 3)),
    "shuffle": nn.Sequential(nn.Conv2d(3, 8, 1), nn.ChannelShuffle(4)),
    "batch statistics": nn.BatchNorm2d(3, track_running_stats=False),
    "response norm": nn.LocalResponseNorm(2),
    "in place": nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU6(inplace=True)),
    "transposed same": nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1),
    "transposed, scaled": nn.Sequential(nn.ConvTranspose2d(3, 4, 2, 2), nn.BatchNorm2d(4), nn.ReLU()),
    "transposed in groups": nn.Sequential(nn.Conv2d(3, 4, 1), nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2)),
    "scaled first": nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
    "scaled, padded": nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3, padding=1)),
    "scaled, activated": nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4), nn.ReLU()),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_images(name: str) -> None:
    check(IMAGES[name], image())


@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell", "RNNCell"])
def test_cells(kind: str) -> None:
    cell = getattr(nn, kind)(6, 5)
    states = (rows(1, 5), rows(1, 5) / 2)
    if kind == "LSTMCell":
        check(Fn(lambda x, h, c: cell(x, (h, c))), rows(1, 6), *states)
    else:
        check(Fn(cell), rows(1, 6), states[0])


def test_a_program_in_core_operators() -> None:
    """`run_decompositions` takes normalisations and layers apart; the result is the same network."""
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.GroupNorm(2, 8), nn.GELU(), nn.InstanceNorm2d(8, affine=True),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.LayerNorm(32), nn.Linear(32, 4), nn.Softmax(1),
    ).eval()  # fmt: skip
    program = torch.export.export(module, (image(),)).run_decompositions()
    whole = load_program(module, (image(),), "whole")
    assert [n.op for n in load_program(program, None, "apart").nodes] == [n.op for n in whole.nodes]


def test_what_has_no_translation_is_named() -> None:
    from netsuke.errors import UnsupportedModel

    with pytest.raises(UnsupportedModel, match="topk"):
        load_program(Fn(lambda x: x.topk(2)), (rows(1, 6),), "m")
