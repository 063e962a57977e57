"""Networks of the kinds that microcontrollers are asked to run, with random weights: for schedules, not for answers.

Their shapes are those of MobileNetV2 with 0.35 of the channels (Sandler et al. 2018) and of an MCUNet (Lin et al.
2020 and 2021), whose depthwise kernels are 3 to 7 wide, the wide ones where images are small. Scales follow the
fan-in, so that values neither vanish nor saturate.
The same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor
from netsuke.ops.add import AddSub
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import Site
from netsuke.ops.pool import Pool2d
from netsuke.ops.registry import operator
from netsuke.ops.reshape import Reshape

LINEAR = Quantization.per_tensor(0.05, -3)
"""Of values that may be negative."""
RELU6 = Quantization.per_tensor(6 / 255, -128)
"""Of values between 0 and 6: the whole range of a byte."""
SPREAD = 1.2
"""Standard deviation of a layer's outputs, about, for inputs of 1."""


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
    return b.network((pixels, pixels, colours), 16, MOBILENET_V2_035, 1280, classes)


def mcunet(pixels: int = 176, colours: int = 3, *, classes: int = 10, seed: int = 0) -> Graph:
    """A network like MCUNet for int8 images [1, pixels, pixels, colours]; scores [1, classes]."""
    b = Builder(name=f"mcunet_{pixels}", seed=seed)
    return b.network((pixels, pixels, colours), 16, MCUNET, 0, classes)


@dataclass(slots=True, kw_only=True)
class Builder:
    """A graph, a layer a call."""

    name: str
    seed: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def network(
        self, image: tuple[int, int, int], stem: int, blocks: Sequence[Block], head: int, classes: int
    ) -> Graph:
        """A convolution of stride 2, blocks, `head` channels (0: none), the average, a dense layer."""
        first = self.add("input", (1, *image), LINEAR)
        x = self.conv("stem", first, stem, 3, 2, relu=True)
        for number, block in enumerate(blocks):
            for i in range(block.repeat):
                x = self.block(f"block{number}_{i}", x, replace(block, stride=1 if i else block.stride))
        if head:
            x = self.conv("head", x, head, 1, 1, relu=True)
        _, rows, columns, _ = self.tensors[x].shape
        quantization = self.tensors[x].quantization
        size = rows, columns
        x = self.op("average", "average_pool_2d", [x], Pool2d(kernel=size, stride=size), quantization)
        x = self.op("flat", "reshape", [x], Reshape(shape=(1, self.tensors[x].elements)), quantization)
        scores = self.dense("scores", x, classes)
        return Graph(
            name=self.name,
            tensors=self.tensors,
            nodes=tuple(self.nodes),
            inputs=(first,),
            outputs=(scores,),
        )

    def block(self, name: str, x: str, block: Block) -> str:
        """An inverted residual block."""
        given = self.tensors[x].shape[3]
        y = x
        if block.expand > 1:
            y = self.conv(f"{name}_expand", y, given * block.expand, 1, 1, relu=True)
        y = self.depthwise(f"{name}_depthwise", y, block.kernel, block.stride)
        y = self.conv(f"{name}_project", y, block.channels, 1, 1, relu=False)
        if block.stride == 1 and given == block.channels:
            y = self.op(f"{name}_add", "add", [x, y], AddSub(), LINEAR)
        return y

    def conv(self, name: str, x: str, channels: int, kernel: int, stride: int, *, relu: bool) -> str:
        """A convolution, SAME padding."""
        shape = (channels, kernel, kernel, self.tensors[x].shape[3])
        w = self.weights(name, x, shape, 0, kernel * kernel * shape[3])
        args = Conv2d(stride=(stride, stride), padding=Padding.SAME)
        return self.op(name, "conv_2d", [x, *w], args, RELU6 if relu else LINEAR)

    def depthwise(self, name: str, x: str, kernel: int, stride: int) -> str:
        """A depthwise convolution, SAME padding."""
        shape = (1, kernel, kernel, self.tensors[x].shape[3])
        w = self.weights(name, x, shape, 3, kernel * kernel)
        args = DepthwiseConv2d(stride=(stride, stride), padding=Padding.SAME)
        return self.op(name, "depthwise_conv_2d", [x, *w], args, RELU6)

    def dense(self, name: str, x: str, channels: int) -> str:
        """A fully connected layer."""
        depth = self.tensors[x].elements
        w = self.weights(name, x, (channels, depth), 0, depth)
        return self.op(name, "fully_connected", [x, *w], FullyConnected(), LINEAR)

    def weights(self, name: str, x: str, shape: tuple[int, ...], axis: int, fan_in: int) -> list[str]:
        """Weights and a bias, with a scale for each channel; each layer has a generator of its own."""
        chance = np.random.default_rng([self.seed, len(self.nodes)])
        channels = shape[axis]
        steps = chance.uniform(0.8, 1.2, channels) * SPREAD / (60 * fan_in**0.5)
        scales = tuple(float(np.float32(s)) for s in steps)
        data = np.clip(np.rint(chance.normal(0, 60, shape)), -127, 127).astype(np.int8)
        zeros = (0,) * channels
        given = self.tensors[x].quantization
        assert given is not None
        unit = tuple(float(np.float32(given.scale[0] * s)) for s in scales)
        bias = np.rint(chance.normal(0.5, 0.5, channels) / np.array(unit)).astype(np.int32)
        return [
            self.constant(f"{name}_w", data, Quantization(scale=scales, zero_point=zeros, axis=axis)),
            self.constant(f"{name}_b", bias, Quantization(scale=unit, zero_point=zeros, axis=0)),
        ]

    def constant(self, name: str, data: Array, quantization: Quantization) -> str:
        """A tensor known at build time."""
        self.tensors[name] = Tensor(
            name=name, shape=data.shape, dtype=DType.of(data), quantization=quantization, data=data
        )
        return name

    def add(self, name: str, shape: tuple[int, ...], quantization: Quantization | None) -> str:
        """A computed int8 tensor."""
        self.tensors[name] = Tensor(name=name, shape=shape, dtype=DType.INT8, quantization=quantization)
        return name

    def op(
        self, name: str, op: str, inputs: Sequence[str], args: Args, quantization: Quantization | None
    ) -> str:
        """A node; its output, of the shape that the operator's rule gives."""
        node = Node(op=op, name=name, inputs=tuple(inputs), outputs=(f"{name}_y",), args=args)
        unknown = Tensor(name="?", shape=(), dtype=DType.INT8)
        kinds = tuple(self.tensors[i] for i in inputs)
        shape = operator(op).infer(Site(node=node, inputs=kinds, outputs=(unknown,)))[0]
        self.nodes.append(node)
        return self.add(f"{name}_y", shape, quantization)
