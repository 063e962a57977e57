"""Small networks of many kinds, written as people write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A maker, the shapes of its inputs, and the least output SQNR in int8 in dB. `tokens`: inputs are numbers
    of tokens below that; `floats`: operators that may stay in float32."""

    make: Callable[[], Any]
    shapes: tuple[tuple[int, ...], ...]
    sqnr: float
    tokens: int = 0
    floats: tuple[str, ...] = ()


class Excite(nn.Module):  # type: ignore[misc]
    """torchvision's squeeze and excite."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.avgpool, self.activation, self.gate = nn.AdaptiveAvgPool2d(1), nn.ReLU(), nn.Hardsigmoid()
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Any) -> Any:
        return self.gate(self.fc2(self.activation(self.fc1(self.avgpool(x))))) * x


class Inverted(nn.Module):  # type: ignore[misc]
    """MobileNetV3's block: activations and the residual sum in place."""

    def __init__(self, channels: int, wide: int, kernel: int) -> None:
        super().__init__()
        norm = {"eps": 0.001, "momentum": 0.01}
        self.block = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide, **norm), nn.Hardswish(inplace=True),
            nn.Conv2d(wide, wide, kernel, 1, kernel // 2, groups=wide, bias=False), nn.BatchNorm2d(wide, **norm),
            nn.Hardswish(inplace=True), Excite(wide, 8), nn.Conv2d(wide, channels, 1, bias=False),
            nn.BatchNorm2d(channels, **norm),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        y = self.block(x)
        y += x
        return y


def mobilenet_v3() -> nn.Module:
    """Two blocks and the classifier, with its dropout in place."""
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish(inplace=True))
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(8, 16), nn.Hardswish(inplace=True))
    return nn.Sequential(
        stem, Inverted(8, 16, 3), Inverted(8, 24, 5), head, nn.Dropout(0.2, inplace=True), nn.Linear(16, 10)
    )


class Chomp(nn.Module):  # type: ignore[misc]
    """Cuts off what padding put behind a signal."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Any) -> Any:
        return x[:, :, : -self.count].contiguous()


class Temporal(nn.Module):  # type: ignore[misc]
    """A block of a temporal convolutional network: dilated, weights normalised."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        pad = 2 * dilation
        self.net = nn.Sequential(
            norm(nn.Conv1d(inputs, outputs, 3, padding=pad, dilation=dilation)), Chomp(pad), nn.ReLU(), nn.Dropout(0.2)
        )  # fmt: skip
        self.down = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Any) -> Any:
        return F.relu(self.net(x) + (x if self.down is None else self.down(x)))


class Tcn(nn.Module):  # type: ignore[misc]
    """Three such blocks, the last step's classes."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(Temporal(4, 8, 1), Temporal(8, 8, 2), Temporal(8, 8, 4))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        return F.log_softmax(self.head(self.net(x)[:, :, -1]), dim=1)


class Autoencoder(nn.Module):  # type: ignore[misc]
    """Transposed convolutions, batch normalised; a dictionary comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.LeakyReLU(0.2, True), nn.Conv2d(4, 8, 3, 2, 1)
        )
        self.dec = nn.Sequential(
            nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(True),
            nn.ConvTranspose2d(4, 4, 2, 2), nn.BatchNorm2d(4), nn.ReLU(True), nn.Conv2d(4, 1, 3, 1, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        z = self.enc(x)
        return {"code": z.flatten(1), "image": self.dec(z)}


class PointNet(nn.Module):  # type: ignore[misc]
    """Points turned by a matrix that they themselves give, then the maximum over all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU())
        self.fc, self.matrix = nn.Linear(16, 8), nn.Linear(8, 9)
        self.points = nn.Sequential(nn.Conv1d(3, 32, 1), nn.BatchNorm1d(32))
        self.head = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 6))

    def forward(self, x: Any) -> Any:
        count = x.size()[0]
        y = torch.max(self.turn(x), 2, keepdim=True)[0].view(-1, 16)
        matrix = self.matrix(F.relu(self.fc(y))) + torch.eye(3).view(1, 9).repeat(count, 1)
        x = torch.bmm(x.transpose(2, 1), matrix.view(-1, 3, 3)).transpose(2, 1)
        return self.head(torch.max(self.points(x), 2, keepdim=True)[0].view(-1, 32))


class Embedder(nn.Module):  # type: ignore[misc]
    """Metric learning: vectors of length 1, of two images."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(32, 16)
        )

    def forward(self, a: Any, b: Any) -> Any:
        a, b = (F.normalize(self.net(x), p=2, dim=1) for x in (a, b))
        return a, (a * b).sum(1)


class Causal(nn.Module):  # type: ignore[misc]
    """A block of a small GPT: its mask is a buffer."""

    def __init__(self, width: int, heads: int, steps: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.register_buffer("bias", torch.tril(torch.ones(steps, steps)).view(1, 1, steps, steps))

    def forward(self, x: Any) -> Any:
        b, t, c = x.size()
        q, k, v = (
            z.view(b, t, self.heads, c // self.heads).transpose(1, 2)
            for z in self.attn(self.ln_1(x)).split(self.width, dim=2)
        )
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = F.softmax(scores.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf")), dim=-1)
        x = x + self.proj((scores @ v).transpose(1, 2).contiguous().view(b, t, c))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):  # type: ignore[misc]
    """Tokens in, the next one's scores out; the table of tokens is the last layer's weights too."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(20, 16), nn.Embedding(8, 16)
        self.blocks = nn.ModuleList([Causal(16, 2, 8)])
        self.ln_f, self.head = nn.LayerNorm(16), nn.Linear(16, 20, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, tokens: Any) -> Any:
        x = self.wte(tokens) + self.wpe(torch.arange(0, tokens.size(1), dtype=torch.long))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x)[:, [-1], :])


class ChannelNorm(nn.Module):  # type: ignore[misc]
    """ConvNeXt's layer normalisation over channels first, written out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Any) -> Any:
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        x = (x - u) / torch.sqrt(s + 1e-6)
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class ConvNext(nn.Module):  # type: ignore[misc]
    """One block, channels last inside, scaled by a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 12, 4, 4), ChannelNorm(12))
        self.dw, self.norm = nn.Conv2d(12, 12, 7, padding=3, groups=12), nn.LayerNorm(12, eps=1e-6)
        self.up, self.act, self.back = nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 12)
        self.gamma, self.head = nn.Parameter(0.1 * torch.ones(12)), nn.Linear(12, 10)

    def forward(self, x: Any) -> Any:
        x = self.down(x)
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.back(self.act(self.up(y)))
        return self.head((x + y.permute(0, 3, 1, 2)).mean([-2, -1]))


class Cbam(nn.Module):  # type: ignore[misc]
    """Attention over channels, then over places."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.mlp = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))
        self.conv, self.head = nn.Conv2d(2, 1, 7, padding=3), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        b, c, _, _ = x.size()
        a = self.mlp(F.adaptive_avg_pool2d(x, 1).view(b, c)) + self.mlp(
            F.adaptive_max_pool2d(x, 1).view(b, c)
        )
        x = x * torch.sigmoid(a).view(b, c, 1, 1).expand_as(x)
        y = torch.cat([torch.mean(x, dim=1, keepdim=True), torch.max(x, dim=1, keepdim=True)[0]], dim=1)
        return self.head((x * torch.sigmoid(self.conv(y))).mean((2, 3)))


class Spectrum(nn.Module):  # type: ignore[misc]
    """A front end without a Fourier transform: frames, a window, two products, a filter bank, logarithms."""

    def __init__(self) -> None:
        super().__init__()
        angle = torch.arange(17)[:, None] * torch.arange(32)[None] * 2 * math.pi / 32
        self.register_buffer("cos", torch.cos(angle))
        self.register_buffer("sin", torch.sin(angle))
        self.register_buffer("window", torch.hann_window(32))
        self.register_buffer("bank", torch.rand(8, 17) * 0.1)
        self.norm, self.conv, self.fc = nn.BatchNorm1d(8), nn.Conv1d(8, 8, 3, padding=1), nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        frames = x.unfold(-1, 32, 16) * self.window
        power = (frames @ self.cos.t()) ** 2 + (frames @ self.sin.t()) ** 2
        bands = torch.log(power @ self.bank.t() + 1e-6).transpose(1, 2)
        return self.fc(F.relu(self.conv(self.norm(bands))).mean(2))


class Patches(nn.Module):  # type: ignore[misc]
    """b c (h p) (w p) -> b (h w) (p p c), as einops has it; attention by einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm = nn.Linear(48, 16), nn.LayerNorm(16)
        self.qkv, self.head = nn.Linear(16, 48, bias=False), nn.Linear(16, 10)

    def forward(self, x: Any) -> Any:
        b, c, h, w = x.shape
        x = (
            x.reshape(b, c, h // 4, 4, w // 4, 4)
            .permute(0, 2, 4, 3, 5, 1)
            .reshape(b, (h // 4) * (w // 4), 16 * c)
        )
        x = self.embed(x)
        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        a = torch.einsum("bid,bjd->bij", q, k) * 16**-0.5
        return self.head((x + torch.einsum("bij,bjd->bid", a.softmax(-1), v)).mean(dim=1))


class Policy(nn.Module):  # type: ignore[misc]
    """Means from the input, deviations that are parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.mean, self.log_std = nn.Linear(4, 16), nn.Linear(16, 2), nn.Parameter(torch.zeros(2))

    def forward(self, x: Any) -> Any:
        return self.mean(torch.tanh(self.a(x))), torch.clamp(self.log_std, -2, 2).exp().expand(1, 2)


KINDS = {
    "mobilenet_v3": Kind(make=mobilenet_v3, shapes=((1, 3, 16, 16),), sqnr=25),
    "tcn": Kind(make=Tcn, shapes=((1, 4, 24),), sqnr=30, floats=("log_softmax",)),
    "autoencoder": Kind(make=Autoencoder, shapes=((1, 1, 16, 16),), sqnr=25),
    "pointnet": Kind(make=PointNet, shapes=((1, 3, 24),), sqnr=25),
    "embedder": Kind(make=Embedder, shapes=((1, 1, 12, 12), (1, 1, 12, 12)), sqnr=25),
    "gpt": Kind(make=Gpt, shapes=((1, 8),), sqnr=25, tokens=20),
    "convnext": Kind(make=ConvNext, shapes=((1, 3, 16, 16),), sqnr=22),
    "cbam": Kind(make=Cbam, shapes=((1, 3, 12, 12),), sqnr=25),
    "spectrum": Kind(make=Spectrum, shapes=((1, 160),), sqnr=20),
    "patches": Kind(make=Patches, shapes=((1, 3, 16, 16),), sqnr=25),
    "policy": Kind(make=Policy, shapes=((1, 4),), sqnr=25),
}
