"""Trains the demo's network on scikit-learn's handwritten digits and writes `digits.onnx` beside this file.

    pip install 'netsuke[train]' python examples/digits/train.py

A few minutes on one core. One thread, one seed, no non-deterministic kernels: the same torch gives the same
file. The split is `netsuke.demo.load_digits`: the training part alone is learnt from; the calibration part is
printed as a check while one works on this script; the test part is looked at once, at the end. Other seeds
end between 98 % and 99 %.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netsuke.demo import Digits, Split, load_digits

SEED = 0
EPOCHS = 300
BATCH = 64
PEAK_LEARNING_RATE = 6e-3
AVERAGE_DECAY = 0.998
"""The exported weights are a running mean of those of the last few hundred steps."""
OPSET = 17


def block(name: str, convolution: nn.Conv2d, act: nn.Module) -> dict[str, nn.Module]:
    """Convolution, batch normalisation and activation, named for the report."""
    return {name: convolution, f"{name}_norm": nn.BatchNorm2d(convolution.out_channels), f"{name}_act": act}


def convolution(inputs: int, outputs: int, kernel: int, groups: int = 1) -> nn.Conv2d:
    """A convolution that keeps the image's size; the normalisation behind it has the bias."""
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)


def network() -> nn.Sequential:
    """[N, 1, 8, 8] → logits [N, 10]; 11.6 thousand parameters, 200 thousand MACs."""
    layers = {
        **block("stem", convolution(1, 16, 3), nn.ReLU()),
        **block("depthwise", convolution(16, 16, 3, groups=16), nn.ReLU6()),
        **block("pointwise", convolution(16, 32, 1), nn.ReLU()),
        "pool": nn.MaxPool2d(2),
        **block("deep", convolution(32, 32, 3), nn.ReLU()),
        "mean": nn.AvgPool2d(2),
        "flatten": nn.Flatten(),
        "dropout": nn.Dropout(0.3),
        "classifier": nn.Linear(128, 10),
    }
    return nn.Sequential(OrderedDict(layers))


def distorted(images: torch.Tensor) -> torch.Tensor:
    """Each image turned by up to 15 degrees, sheared, stretched by up to 15 %, moved by up to 0.8 pixels, and
    bent."""
    n = len(images)
    angle = (torch.rand(n) - 0.5) * 0.52
    stretch = 1 + (torch.rand(n, 2) - 0.5) * 0.3
    shear = (torch.rand(n) - 0.5) * 0.4
    move = (torch.rand(n, 2) - 0.5) * 0.4
    top = torch.stack([angle.cos() * stretch[:, 0], -angle.sin() + shear, move[:, 0]], 1)
    bottom = torch.stack([angle.sin(), angle.cos() * stretch[:, 1], move[:, 1]], 1)
    grid = F.affine_grid(torch.stack([top, bottom], 1), list(images.shape), align_corners=False)
    bend = F.interpolate(
        torch.randn(n, 2, 3, 3) * 0.08, size=images.shape[2:], mode="bicubic", align_corners=True
    )
    return F.grid_sample(images, grid + bend.permute(0, 2, 3, 1), align_corners=False)


def tensors(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as [N, 1, 8, 8] and labels."""
    return torch.tensor(split.images).permute(0, 3, 1, 2).contiguous(), torch.tensor(split.labels)


def train(digits: Digits, epochs: int) -> nn.Sequential:
    """The trained network (the running mean of its weights), in evaluation mode."""
    torch.manual_seed(SEED)
    net = network()
    images, labels = tensors(digits.train)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=2e-2)
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_DECAY), use_buffers=True)
    steps = epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps)
    net.train()
    for epoch in range(epochs):
        for chosen in torch.randperm(len(images)).split(BATCH):
            loss = F.cross_entropy(net(distorted(images[chosen])), labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
        if (epoch + 1) % 20 == 0:
            right = accuracy(average, digits.calibration)
            print(f"epoch {epoch + 1:3}: loss {loss.item():.3f}, calibration {right:.2%}")
    trained: nn.Sequential = average.module
    return trained.eval()


@torch.no_grad()
def accuracy(net: nn.Module, split: Split) -> float:
    """Share of images whose strongest output is the label."""
    images, labels = tensors(split)
    return float((net.eval()(images).argmax(1) == labels).float().mean())


def exported(net: nn.Sequential) -> bytes:
    """The float model with softmax as ONNX, weights inside, batch normalisation kept apart (netsuke folds
    it)."""
    buffer = io.BytesIO()
    model = nn.Sequential(OrderedDict([*net.named_children(), ("softmax", nn.Softmax(dim=1))])).eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 1, 8, 8),),
        buffer,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["probabilities"],
        dynamo=False,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
    )
    found = onnx.load_model_from_string(buffer.getvalue())
    onnx.checker.check_model(found, full_check=True)
    return found.SerializeToString(deterministic=True)


def write(path: Path, data: bytes) -> None:
    """Written beside its place and moved there, so that an interrupted run leaves the old file."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as beside:
        beside.write(data)
    Path(beside.name).chmod(0o644)
    os.replace(beside.name, path)  # noqa: PTH105


def main() -> None:
    """Trains, says how good it is, exports."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Train the digits network and write it as ONNX.")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=here / "digits.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    digits = load_digits()
    net = train(digits, options.epochs)
    for name, split in (("train", digits.train), ("calibration", digits.calibration), ("test", digits.test)):
        print(f"{name:12} {accuracy(net, split):.2%} of {len(split.labels)}")
    data = exported(net)
    write(options.out, data)
    print(f"wrote {options.out} ({len(data)} bytes)")


if __name__ == "__main__":
    main()
