"""Graphs of int8 layers with random weights, a layer a call; the same seed gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
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


@dataclass(slots=True, kw_only=True)
class Builder:
    """A graph, a layer a call."""

    name: str
    seed: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def image(self, rows: int, columns: int, colours: int) -> str:
        """The input."""
        return self.add("input", (1, rows, columns, colours), LINEAR)

    def shape(self, x: str) -> tuple[int, ...]:
        """Of a tensor."""
        return self.tensors[x].shape

    def sum(self, name: str, x: str, y: str) -> str:
        """A residual sum."""
        return self.op(name, "add", [x, y], AddSub(), LINEAR)

    def joined(self, name: str, parts: Sequence[str]) -> str:
        """Channels behind one another; all parts have one quantisation."""
        quantization = self.tensors[parts[0]].quantization
        return self.op(name, "concatenation", parts, Concatenation(axis=3), quantization)

    def pool(self, name: str, x: str, kernel: int, stride: int, *, largest: bool = False) -> str:
        """An average or the largest of a window, SAME padding."""
        args = Pool2d(kernel=(kernel, kernel), stride=(stride, stride), padding=Padding.SAME)
        op = "max_pool_2d" if largest else "average_pool_2d"
        return self.op(name, op, [x], args, self.tensors[x].quantization)

    def classified(self, x: str, classes: int) -> Graph:
        """The average of the image and a dense layer: the scores are the graph's output."""
        _, rows, columns, _ = self.shape(x)
        quantization = self.tensors[x].quantization
        size = rows, columns
        x = self.op("average", "average_pool_2d", [x], Pool2d(kernel=size, stride=size), quantization)
        x = self.op("flat", "reshape", [x], Reshape(shape=(1, self.tensors[x].elements)), quantization)
        scores = self.dense("scores", x, classes)
        return Graph(
            name=self.name,
            tensors=self.tensors,
            nodes=tuple(self.nodes),
            inputs=("input",),
            outputs=(scores,),
        )

    def conv(self, name: str, x: str, channels: int, kernel: int, stride: int, *, relu: bool) -> str:
        """A convolution, SAME padding."""
        shape = (channels, kernel, kernel, self.tensors[x].shape[3])
        w = self.weights(name, x, shape, 0, kernel * kernel * shape[3])
        args = Conv2d(stride=(stride, stride), padding=Padding.SAME)
        return self.op(name, "conv_2d", [x, *w], args, RELU6 if relu else LINEAR)

    def depthwise(self, name: str, x: str, kernel: int, stride: int) -> str:
        """A depthwise convolution, SAME padding."""
        shape = (1, kernel, kernel, self.shape(x)[3])
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
