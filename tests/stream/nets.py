"""Random networks of images, tall enough that their rows can come one after the other."""

from __future__ import annotations

import random

from netsuke.ir import DType, Graph
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.geometry import Padding
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.pool import Pool2d
from tests.codegen.builder import Builder


class Images:
    """A chain with branches, residual sums, joins; every layer goes by rows."""

    def __init__(self, seed: int, dtype: DType = DType.INT8) -> None:
        self.chance = random.Random(seed)
        self.b = Builder(f"net{seed}", dtype, seed)
        self.values = [self.b.input(1, self.pick(6, 15), self.pick(1, 8), self.pick(1, 6))]

    def pick(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    def any(self) -> str:
        """Mostly the newest."""
        return self.chance.choice(self.values[-4:]) if self.pick(0, 2) == 0 else self.values[-1]

    def window(self, x: str) -> Conv2d:
        stride = (self.pick(1, 2), self.pick(1, 2))
        explicit = ((self.pick(0, 3), self.pick(0, 3)), (self.pick(0, 1), 2))
        padding = self.chance.choice([Padding.SAME, Padding.EXPLICIT])
        return Conv2d(stride=stride, padding=padding, explicit=explicit)

    def conv(self) -> None:
        x, channels = self.any(), self.pick(1, 9)
        kernel = [self.pick(1, 5), self.pick(1, 3)]
        w = self.b.weights([channels, *kernel, self.b.shape(x)[3]], 0, channels)
        self.values += self.b.op("conv_2d", [x, *w], self.window(x))

    def pointwise(self) -> None:
        x = self.any()
        self.values.append(self.b.conv(x, self.chance.choice([self.b.shape(x)[3], self.pick(1, 9)]), 1))

    def depthwise(self) -> None:
        x = self.any()
        channels = self.b.shape(x)[3]
        w = self.b.weights([1, self.pick(1, 5), self.chance.choice([1, 3]), channels], 3, channels)
        a = self.window(x)
        args = DepthwiseConv2d(stride=a.stride, padding=a.padding, explicit=a.explicit)
        self.values += self.b.op("depthwise_conv_2d", [x, *w], args)

    def pool(self) -> None:
        args = Pool2d(kernel=(self.pick(1, 3),) * 2, stride=(self.pick(1, 2),) * 2, padding=Padding.SAME)
        self.values += self.b.op(self.chance.choice(["max_pool_2d", "average_pool_2d"]), [self.any()], args)

    def residual(self) -> None:
        x = self.values[-1]
        same = [v for v in self.values if self.b.shape(v) == self.b.shape(x)]
        self.values += self.b.op("add", [x, self.chance.choice(same)], AddSub())

    def unary(self) -> None:
        self.values += self.b.op("leaky_relu", [self.any()], LeakyRelu(alpha=0.25))

    def joined(self) -> None:
        x = self.values[-1]
        same = [v for v in self.values if self.b.shape(v)[1:3] == self.b.shape(x)[1:3]]
        self.values += self.b.op("concatenation", [x, self.chance.choice(same)], Concatenation(axis=3))

    def averaged(self) -> None:
        """The average of a whole image."""
        x = self.values[-1]
        args = Pool2d(kernel=self.b.shape(x)[1:3], stride=(1, 1))
        self.values += self.b.op("average_pool_2d", [x], args)

    def graph(self, layers: int) -> Graph:
        """So many layers; the newest value and at times another are outputs."""
        makers = [
            self.conv,
            self.conv,
            self.pointwise,
            self.depthwise,
            self.depthwise,
            self.pool,
            self.residual,
            self.unary,
            self.joined,
        ]
        while len(self.b.nodes) < layers:
            x = self.b.shape(self.values[-1])
            if x[1] < 3:
                break
            self.chance.choice(makers)()
        if self.pick(0, 1) and self.b.dtype is DType.INT8:
            self.averaged()
        made = [name for node in self.b.nodes for name in node.outputs]
        extra = [self.chance.choice(made)] if self.pick(0, 3) == 0 else []
        return self.b.graph(*dict.fromkeys([made[-1], *extra]))
