"""PyTorch networks as people write them, small enough for a microcontroller: from torch to proved C, one row each.

Random weights: what is shown is that each kind of network is imported, quantised and built, and what it costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

IMAGE = (1, 3, 32, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A module's maker and the shape of its input, batch 1."""

    name: str
    make: Callable[[], Any]
    shape: tuple[int, ...]


def conv_bn(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, act: Any = nn.ReLU
) -> nn.Sequential:
    """Convolution, batch normalisation, activation."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Depthwise, then pointwise."""
    return nn.Sequential(conv_bn(inputs, inputs, 3, stride, inputs), conv_bn(inputs, outputs, 1))


def head(channels: int, classes: int) -> nn.Sequential:
    """Global mean and a dense layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def ds_cnn() -> nn.Module:
    """Keyword spotting (Zhang et al. 2017)."""
    first = nn.Sequential(nn.Conv2d(1, 64, (10, 4), 2, (4, 1), bias=False), nn.BatchNorm2d(64), nn.ReLU())
    return nn.Sequential(first, *[separable(64, 64) for _ in range(4)], nn.Dropout(0.2), head(64, 12))


def mobilenet_v1() -> nn.Module:
    """MobileNetV1 at a quarter of its width (Howard et al. 2017)."""
    plan = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
    return nn.Sequential(conv_bn(3, 8, 3, 2), *[separable(i, o, s) for i, o, s in plan], head(128, 10))


class Inverted(nn.Module):  # type: ignore[misc]
    """MobileNetV2's block: expand, depthwise, project; a residual sum where shapes allow; squeeze-and-excite."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int, excite: bool = False) -> None:
        super().__init__()
        act = nn.Hardswish if excite else nn.ReLU6
        wide = inputs * expand
        self.expand = conv_bn(inputs, wide, 1, act=act) if expand > 1 else nn.Identity()
        self.depthwise = conv_bn(wide, wide, 3, stride, wide, act=act)
        self.excite = SqueezeExcite(wide) if excite else nn.Identity()
        self.project = conv_bn(wide, outputs, 1, act=None)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Any) -> Any:
        """One block."""
        y = self.project(self.excite(self.depthwise(self.expand(x))))
        return x + y if self.residual else y


class SqueezeExcite(nn.Module):  # type: ignore[misc]
    """Channels weighed by what the whole image says (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, max(channels // 4, 4), 1)
        self.up = nn.Conv2d(max(channels // 4, 4), channels, 1)

    def forward(self, x: Any) -> Any:
        """A factor between 0 and 1 for each channel."""
        mean = functional.adaptive_avg_pool2d(x, 1)
        return x * functional.hardsigmoid(self.up(functional.relu(self.down(mean))))


def mobilenet_v2() -> nn.Module:
    """MobileNetV2, small (Sandler et al. 2018)."""
    plan = [(8, 8, 1, 1), (8, 12, 2, 6), (12, 12, 1, 6), (12, 24, 2, 6), (24, 24, 1, 6)]
    blocks = [Inverted(i, o, s, e) for i, o, s, e in plan]
    return nn.Sequential(
        conv_bn(3, 8, 3, 2, act=nn.ReLU6), *blocks, conv_bn(24, 64, 1, act=nn.ReLU6), head(64, 10)
    )


def mbconv() -> nn.Module:
    """MobileNetV3's blocks: squeeze-and-excite, hard swish (Howard et al. 2019)."""
    plan = [(8, 12, 2, 3), (12, 12, 1, 3), (12, 16, 2, 4)]
    blocks = [Inverted(i, o, s, e, excite=True) for i, o, s, e in plan]
    return nn.Sequential(conv_bn(3, 8, 3, 2, act=nn.Hardswish), *blocks, head(16, 10))


class Residual(nn.Module):  # type: ignore[misc]
    """ResNet's basic block (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv_bn(inputs, outputs, 3, stride)
        self.second = conv_bn(outputs, outputs, 3, act=None)
        plain = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if plain else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Any) -> Any:
        """One block."""
        return functional.relu(self.second(self.first(x)) + self.shortcut(x))


def resnet8() -> nn.Module:
    """MLPerf Tiny's image classifier."""
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)]
    return nn.Sequential(conv_bn(3, 16, 3), *blocks, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


def autoencoder() -> nn.Module:
    """MLPerf Tiny's anomaly detector, narrower."""
    sizes = [128, 64, 64, 8, 64, 64]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, 128))


class Tcn(nn.Module):  # type: ignore[misc]
    """Causal dilated convolutions over time with residual sums (Bai et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(6, 16, 1)
        self.convs = nn.ModuleList(nn.Conv1d(16, 16, 3, dilation=2**i) for i in range(4))
        self.out = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        """A signal [1, 6, 64] → classes."""
        x = self.first(x)
        for i, conv in enumerate(self.convs):
            x = x + functional.relu(conv(functional.pad(x, (2 ** (i + 1), 0))))
        return self.out(x.mean(2))


class Recurrent(nn.Module):  # type: ignore[misc]
    """A recurrent layer over a sequence, a dense layer on its last state."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.cells = kind(8, 16, batch_first=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Any) -> Any:
        """A sequence [1, 12, 8] → classes."""
        return self.out(self.cells(x)[0][:, -1])


class Encoder(nn.Module):  # type: ignore[misc]
    """A transformer encoder of two layers, mean of the sequence, a dense layer (Vaswani et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.embed = nn.Linear(8, 16)
        self.register_buffer(
            "positions", torch.randn(1, 10, 16, generator=torch.Generator().manual_seed(0)) * 0.1
        )
        self.layers = nn.TransformerEncoder(layer, 2)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Any) -> Any:
        """A sequence [1, 10, 8] → classes."""
        return self.out(self.layers(self.embed(x) + self.positions).mean(1))


NETWORKS = (
    Network(name="ds_cnn", make=ds_cnn, shape=(1, 1, 49, 10)),
    Network(name="mobilenet_v1_025", make=mobilenet_v1, shape=IMAGE),
    Network(name="mobilenet_v2", make=mobilenet_v2, shape=IMAGE),
    Network(name="resnet8", make=resnet8, shape=IMAGE),
    Network(name="mbconv_se", make=mbconv, shape=IMAGE),
    Network(name="autoencoder", make=autoencoder, shape=(1, 128)),
    Network(name="tcn", make=Tcn, shape=(1, 6, 64)),
    Network(name="gru", make=lambda: Recurrent(nn.GRU), shape=(1, 12, 8)),
    Network(name="lstm", make=lambda: Recurrent(nn.LSTM), shape=(1, 12, 8)),
    Network(name="transformer", make=Encoder, shape=(1, 10, 8)),
)


def made(network: Network, seed: int = 0) -> Any:
    """The module in evaluation mode: random weights, running statistics as after some training."""
    torch.manual_seed(seed)
    module = network.make()
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(8, *network.shape[1:]))
    return module.eval()
