"""torch modules, one kind of layer each: the imported graph computes what torch does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.importers.pytorch.agree import check  # noqa: E402


class Fn(nn.Module):
    """A function as a module."""

    def __init__(self, fn: Callable[..., object]) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, *inputs: torch.Tensor) -> object:
        return self.fn(*inputs)


def image(channels: int = 3, height: int = 10, width: int = 12) -> torch.Tensor:
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(1))


def signal(channels: int = 4, length: int = 15) -> torch.Tensor:
    return torch.randn(1, channels, length, generator=torch.Generator().manual_seed(2))


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


CONVS = {
    "conv2d": nn.Conv2d(3, 8, 3),
    "conv2d stride pad": nn.Conv2d(3, 8, (5, 3), stride=2, padding=(2, 1)),
    "conv2d same": nn.Conv2d(3, 8, 4, padding="same"),
    "conv2d valid": nn.Conv2d(3, 8, 3, padding="valid"),
    "conv2d dilated": nn.Conv2d(3, 8, 3, dilation=2, padding=2),
    "depthwise": nn.Conv2d(3, 3, 3, groups=3, padding=1),
    "multiplier": nn.Conv2d(3, 6, 3, groups=3, padding=1, bias=False),
    "conv bn relu": nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
    "conv bn relu6": nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU6()),
    "transposed": nn.ConvTranspose2d(3, 5, 3, stride=2, padding=1, output_padding=1),
}


@pytest.mark.parametrize("name", CONVS)
def test_convolution(name: str) -> None:
    check(CONVS[name], image())


def test_grouped() -> None:
    check(nn.Conv2d(4, 8, 3, groups=2), image(4))


SIGNALS = {
    "conv1d": nn.Conv1d(4, 6, 3, padding=1),
    "conv1d dilated": nn.Conv1d(4, 6, 3, dilation=4, padding="same"),
    "depthwise1d": nn.Conv1d(4, 4, 5, groups=4),
    "bn1d": nn.Sequential(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6), nn.ReLU()),
    "pool1d": nn.Sequential(nn.Conv1d(4, 6, 3), nn.MaxPool1d(2)),
    "avg1d": nn.Sequential(nn.Conv1d(4, 6, 3), nn.AvgPool1d(3, 2)),
    "head": nn.Sequential(nn.Conv1d(4, 6, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3)),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_signal(name: str) -> None:
    check(SIGNALS[name], signal())


POOLS = {
    "max": nn.MaxPool2d(2),
    "max stride pad": nn.MaxPool2d(3, stride=2, padding=1),
    "avg": nn.AvgPool2d(2),
    "avg no pad count": nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
    "avg pad count": nn.AvgPool2d(3, stride=2, padding=1),
    "global": nn.AdaptiveAvgPool2d(1),
    "adaptive even": nn.AdaptiveAvgPool2d((5, 4)),
    "adaptive uneven": nn.AdaptiveAvgPool2d((3, 5)),
    "adaptive max": nn.AdaptiveMaxPool2d((5, 6)),
    "nearest": nn.Upsample(scale_factor=2),
    "bilinear": nn.Upsample(scale_factor=2, mode="bilinear"),
    "bilinear corners": nn.Upsample(size=(19, 23), mode="bilinear", align_corners=True),
}


@pytest.mark.parametrize("name", POOLS)
def test_pool(name: str) -> None:
    check(nn.Sequential(nn.Conv2d(3, 4, 1), POOLS[name]), image())


ACTIVATIONS = {
    "relu": nn.ReLU(), "relu6": nn.ReLU6(), "hardswish": nn.Hardswish(), "silu": nn.SiLU(), "gelu": nn.GELU(),
    "gelu tanh": nn.GELU(approximate="tanh"), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(),
    "hardsigmoid": nn.Hardsigmoid(),
    "hardtanh": nn.Hardtanh(-2, 0.5), "elu": nn.ELU(0.7), "selu": nn.SELU(), "celu": nn.CELU(1.3),
    "leaky": nn.LeakyReLU(0.2),
    "prelu": nn.PReLU(), "prelu channel": nn.PReLU(6), "softplus": nn.Softplus(), "mish": nn.Mish(),
    "softmax": nn.Softmax(-1),
    "log_softmax": nn.LogSoftmax(-1), "softsign": nn.Softsign(), "glu": nn.GLU(-1), "logsigmoid": nn.LogSigmoid(),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    check(nn.Sequential(nn.Linear(5, 6), ACTIVATIONS[name]), rows(1, 5) * 3)


NORMS = {
    "layer": (nn.LayerNorm(6), rows(1, 4, 6)),
    "layer no bias": (nn.LayerNorm(6, bias=False), rows(1, 4, 6)),
    "layer two axes": (nn.LayerNorm((4, 6)), rows(1, 4, 6)),
    "rms": (nn.RMSNorm(6), rows(1, 4, 6)),
    "group": (nn.GroupNorm(2, 4), image(4)),
    "instance": (nn.InstanceNorm2d(3, affine=True), image()),
    "batch alone": (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)), image()),
}


@pytest.mark.parametrize("name", NORMS)
def test_norm(name: str) -> None:
    module, x = NORMS[name]
    check(module, x)


ONE = {
    "mean": lambda x: x.mean((2, 3)),
    "mean keep": lambda x: x.mean((2, 3), keepdim=True),
    "sum": lambda x: x.sum(1),
    "amax": lambda x: x.amax((2, 3)),
    "var": lambda x: x.var((2, 3)),
    "std biased": lambda x: x.std((2, 3), correction=0),
    "add number": lambda x: x + 1.5,
    "rsub": lambda x: 2 - x,
    "div number": lambda x: x / 3,
    "square": lambda x: x**2,
    "cat": lambda x: torch.cat([x, x * 2], 1),
    "stack": lambda x: torch.stack([x, x + 1], 1).flatten(1, 2),
    "chunk": lambda x: sum(torch.chunk(F.pad(x, (0, 0, 0, 0, 0, 1)), 2, 1)),
    "split": lambda x: torch.split(x, [1, 2], 1)[1],
    "slice": lambda x: x[:, :, 2:8, ::2],
    "select": lambda x: x[:, 1],
    "permute": lambda x: x.permute(0, 2, 3, 1),
    "transpose": lambda x: x.transpose(1, 3),
    "flatten": lambda x: x.flatten(1),
    "view": lambda x: x.view(1, 9, 40),
    "squeeze": lambda x: x.unsqueeze(0).squeeze(0) * 2,
    "pad": lambda x: F.pad(x, (1, 2, 0, 3)),
    "pad negative": lambda x: F.pad(x, (-1, 2, 0, -3), value=1.0),
    "clamp": lambda x: x.clamp(-0.5, 1.0),
    "clamp min": lambda x: x.clamp(min=0.1),
    "expand": lambda x: x + x.mean((2, 3), keepdim=True).expand(1, 3, 10, 12),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "unbind": lambda x: x.unbind(1)[2],
    "pixel shuffle": lambda x: F.pixel_shuffle(torch.cat([x, x[:, :1]], 1), 2),
    "pixel unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "reflect": lambda x: F.pad(x, (1, 2, 2, 1), mode="reflect"),
    "replicate": lambda x: F.pad(x, (1, 2, 2, 1), mode="replicate"),
    "exp": lambda x: x.exp(), "log": lambda x: (x.abs() + 0.1).log(), "sqrt": lambda x: x.abs().sqrt(),
    "rsqrt": lambda x: (x.abs() + 1).rsqrt(), "neg": lambda x: -x, "abs": lambda x: x.abs(),
    "minimum": lambda x: torch.minimum(x, x * 2), "flip": lambda x: x.flip(3),
    "constants": lambda x: x + torch.arange(12.0) * torch.ones(10, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_function(name: str) -> None:
    check(Fn(ONE[name]), image())


def test_changes_in_place() -> None:
    def changed(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        z = y + 1
        y.relu_()
        y[:, 1].add_(z[:, 0])
        y[:, :, 2:5] = 1.5
        return y + z

    check(Fn(changed), image())
    check(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)), image())


def test_two_inputs() -> None:
    check(Fn(lambda a, b: (a + b, a * b, a - b, a / (b.abs() + 1))), rows(1, 7), rows(1, 7) + 1)


def test_matrix_products() -> None:
    check(Fn(lambda a, b: a @ b), rows(1, 4, 6), rows(1, 6, 5))
    check(Fn(lambda a, b: torch.bmm(a, b).softmax(-1)), rows(2, 4, 6), rows(2, 6, 5))


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal: bool) -> None:
    attention = Fn(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    check(attention, rows(1, 2, 6, 8), rows(1, 2, 6, 8) * 0.7, rows(1, 2, 6, 8) + 0.1)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2}, {"bidirectional": True}, {"bias": False}], ids=str
)
def test_recurrent(kind: str, options: dict[str, object]) -> None:
    layer = getattr(nn, kind)(6, 5, batch_first=True, **options)
    check(Fn2(layer), rows(1, 7, 6), atol=1e-5)


class Fn2(nn.Module):
    """The sequence of a recurrent layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)[0]
