"""Networks of the kinds that microcontrollers are asked to run, with random weights: for schedules, not for answers.

Their shapes are those of MobileNetV2 with 0.35 of the channels (Sandler et al. 2018) and of an MCUNet (Lin et al.
2020 and 2021), whose depthwise kernels are 3 to 7 wide, the wide ones where images are small. Scales follow the
fan-in, so that values neither vanish nor saturate.
The same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netsuke.bench.network_builder import Builder
from netsuke.ir import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An inverted residual: `expand` times the channels, a depthwise kernel, `channels` out. The first of `repeat` has
    the stride."""

    kernel: int
    expand: int
    channels: int
    stride: int
    repeat: int = 1


MOBILENET_V2_035 = (
    Block(kernel=3, expand=1, channels=8, stride=1),
    Block(kernel=3, expand=6, channels=8, stride=2, repeat=2),
    Block(kernel=3, expand=6, channels=16, stride=2, repeat=3),
    Block(kernel=3, expand=6, channels=24, stride=2, repeat=4),
    Block(kernel=3, expand=6, channels=32, stride=1, repeat=3),
    Block(kernel=3, expand=6, channels=56, stride=2, repeat=3),
    Block(kernel=3, expand=6, channels=112, stride=1),
)
MCUNET = (
    Block(kernel=3, expand=1, channels=8, stride=1),
    Block(kernel=3, expand=3, channels=16, stride=2),
    Block(kernel=3, expand=4, channels=16, stride=1, repeat=2),
    Block(kernel=5, expand=5, channels=24, stride=2),
    Block(kernel=5, expand=4, channels=24, stride=1, repeat=2),
    Block(kernel=7, expand=5, channels=40, stride=2),
    Block(kernel=5, expand=5, channels=40, stride=1, repeat=2),
    Block(kernel=3, expand=5, channels=48, stride=1, repeat=2),
    Block(kernel=7, expand=5, channels=96, stride=2),
    Block(kernel=3, expand=4, channels=96, stride=1, repeat=2),
    Block(kernel=5, expand=5, channels=160, stride=1),
)


def mobilenet_v2(pixels: int = 144, colours: int = 3, *, classes: int = 10, seed: int = 0) -> Graph:
    """MobileNetV2-0.35 for int8 images [1, pixels, pixels, colours]; scores [1, classes]."""
    b = Builder(name=f"mobilenet_v2_035_{pixels}", seed=seed)
    return network(b, (pixels, pixels, colours), 16, MOBILENET_V2_035, 1280, classes)


def mcunet(pixels: int = 176, colours: int = 3, *, classes: int = 10, seed: int = 0) -> Graph:
    """A network like MCUNet for int8 images [1, pixels, pixels, colours]; scores [1, classes]."""
    b = Builder(name=f"mcunet_{pixels}", seed=seed)
    return network(b, (pixels, pixels, colours), 16, MCUNET, 0, classes)


def network(
    b: Builder, image: tuple[int, int, int], stem: int, blocks: Sequence[Block], head: int, classes: int
) -> Graph:
    """A convolution of stride 2, blocks, `head` channels (0: none), the average, a dense layer."""
    x = b.conv("stem", b.image(*image), stem, 3, 2, relu=True)
    for number, each in enumerate(blocks):
        for i in range(each.repeat):
            x = block(b, f"block{number}_{i}", x, replace(each, stride=1 if i else each.stride))
    if head:
        x = b.conv("head", x, head, 1, 1, relu=True)
    return b.classified(x, classes)


def block(b: Builder, name: str, x: str, shape: Block) -> str:
    """An inverted residual block."""
    given = b.shape(x)[3]
    y = x
    if shape.expand > 1:
        y = b.conv(f"{name}_expand", y, given * shape.expand, 1, 1, relu=True)
    y = b.depthwise(f"{name}_depthwise", y, shape.kernel, shape.stride)
    y = b.conv(f"{name}_project", y, shape.channels, 1, 1, relu=False)
    if shape.stride == 1 and given == shape.channels:
        y = b.sum(f"{name}_add", x, y)
    return y
